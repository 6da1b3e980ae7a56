"""What-if at a desk: real `ansible-playbook` on a saved snapshot, with an inventory of machines that nobody has built."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.unit.decide.estates import load_estate, snapshot_from_estate

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = (ROOT / "docs" / "plan.md").read_text(encoding="utf-8").partition("## What if")[2].partition("\n## ")[0]
INVENTORY = EXAMPLE.partition("```yaml\n")[2].partition("```")[0]


@pytest.fixture(name="desk")
def _desk(tmp_path):
    """A folder with the snapshot of a single 32-bit server without any spare machine."""
    estate = load_estate("single-complex-32bit")
    estate["servers"] = [one for one in estate["servers"] if one["roles"]]
    (tmp_path / "snapshot.json").write_text(json.dumps(snapshot_from_estate(estate)), encoding="utf-8")
    return tmp_path


def plan(desk: Path, inventory: str, playbook: str = "plan") -> tuple[int, str]:
    (desk / "inventory.yml").write_text(inventory, encoding="utf-8")
    found = subprocess.run(
        [
            Path(sys.executable).with_name("ansible-playbook"),
            ROOT / "playbooks" / f"{playbook}.yml",
            "-i",
            desk / "inventory.yml",
            "-e",
            f"scom_upgrade_snapshot={desk}/snapshot.json",
            "-e",
            f"scom_upgrade_state_path={desk}/reports",
        ],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_HOME": str(desk / "home"), "ANSIBLE_NOCOWS": "1", "COLUMNS": "400"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return found.returncode, found.stdout + found.stderr


def test_the_documented_example_gives_what_it_says(desk):
    code, output = plan(desk, INVENTORY)
    assert code == 0, output[-3000:]
    expected = [line.strip() for line in EXAMPLE.splitlines() if line.startswith(("    Without the", "    With NEWMS"))]
    assert len(expected) == 2
    for line in expected:
        assert line in output
    made = json.loads((desk / "reports" / "upgrade-plan.json").read_text(encoding="utf-8"))["plan"]
    assert made["assumed"] == ["NEWMS", "NEWSQL"] and made["run_from"] == "NEWMS"
    for name in ("upgrade-plan.txt", "upgrade-plan.md", "upgrade-plan.html"):
        assert "only assumed: NEWMS, NEWSQL" in " ".join((desk / "reports" / name).read_text(encoding="utf-8").split())


def test_a_spare_that_is_not_described_is_named_and_changes_nothing(desk):
    inventory = yaml.safe_load(INVENTORY)
    for host in inventory["all"]["hosts"].values():
        host.pop("scom_what_if")
    code, output = plan(desk, yaml.safe_dump(inventory))
    assert code == 0 and "Nothing is known of NEWMS, NEWSQL" in output
    assert json.loads((desk / "reports" / "upgrade-plan.json").read_text(encoding="utf-8"))["plan"]["assumed"] == []


def test_a_wrong_description_is_named_before_any_plan(desk):
    code, output = plan(desk, INVENTORY.replace("memory_mb", "memory"))
    assert code == 2 and "NEWSQL: scom_what_if.memory: this key is not known. Did you mean memory_mb?" in output
    assert not (desk / "reports" / "upgrade-plan.json").exists()


def test_an_upgrade_does_not_begin_on_assumed_machines(desk):
    code, output = plan(desk, INVENTORY, "upgrade")
    assert code == 2 and "Take scom_what_if away from them" in output


@pytest.mark.lab
def test_a_live_plan_assumes_a_machine_and_what_runs_does_not(lab):
    (lab.inventory / "what_if.yml").write_text(
        "scom:\n  hosts:\n    NEWMS:\n      scom_spare: true\n      scom_what_if: true\n", encoding="utf-8"
    )
    shown = lab.play("plan", "-e", "scom_upgrade_avoid_downtime=true")
    assert "rests on a machine that is only assumed: NEWMS" in " ".join(shown.output.split())
    made = json.loads((lab.reports / "upgrade-plan.json").read_text(encoding="utf-8"))["plan"]
    real = json.loads((lab.reports / "snapshot.json").read_text(encoding="utf-8"))
    assert made["assumed"] == ["NEWMS"] and real["unreachable"] == {"NEWMS": "is assumed for a what-if"}
    approval = ("-e", f"scom_upgrade_approve={made['hash'][:12]}", "-e", "scom_upgrade_approver=Jo")
    refused = lab.play("approve", "-e", "scom_upgrade_avoid_downtime=true", *approval, expect=2)
    assert "only assumed: NEWMS" in refused.output
    lab.play("pre_upgrade", check=True)
