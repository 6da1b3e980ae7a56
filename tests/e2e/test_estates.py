"""Every public estate, asked over the wire and planned by `plan.yml`, gives exactly what its file expects."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from .harness import ROOT

ESTATES = sorted(path.stem for path in (ROOT / "tests" / "estates").glob("*.yml"))
pytestmark = [pytest.mark.lab]


def rules(shown: dict[str, Any], outcome: str) -> set[str]:
    return {one["id"] for one in shown["findings"] if one["outcome"] == outcome}


@pytest.mark.parametrize("lab", ESTATES, indirect=True)
def test_a_live_plan_says_what_the_estate_expects(lab):
    told = yaml.safe_load((ROOT / "tests" / "estates" / f"{lab.estate}.yml").read_text(encoding="utf-8"))["expect"]
    lab.play("plan")
    shown = json.loads((lab.reports / "upgrade-plan.json").read_text(encoding="utf-8"))
    plan = shown["plan"]
    assert (plan["path"], plan["run_from"], plan["retire"]) == (told["path"], told["run_from"], told["retire"])
    assert shown["readiness"]["blocked_by"] == told["blocked_by"]
    assert rules(shown, "error") == set()
    assert set(told.get("warned_by", ())) <= rules(shown, "warn")
    assert set(told.get("noted_by", ())) <= rules(shown, "note")
