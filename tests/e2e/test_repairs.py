"""Repairs from end to end: a group that is blocked is repaired by the phase that stands before everything else."""

from __future__ import annotations

import json
from collections import Counter

import pytest
import yaml

from ansible_collections.scom.upgrade.plugins.module_utils.decide import conclude

from .harness import ROOT, Lab

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("repairs")]

REPAIRS = ("-e", '{"scom_upgrade_repairs": ["R09", "R12", "R15", "R21"]}')
STEPS = {
    "pre_upgrade.repair.allow_updates.OM01.MSSQLSERVER",
    "pre_upgrade.repair.backup_now.OM01.OperationsManager",
    "pre_upgrade.repair.backup_now.OM01.OperationsManagerDW",
    "pre_upgrade.repair.database_grow.OM01.OperationsManager",
    "pre_upgrade.repair.pending_rows.OM01.OperationsManager",
}


@pytest.fixture()
def blocked(tmp_path):
    """A lab of single-simple with a full database, allow updates on, a row that no console shows and old backups."""
    estate = yaml.safe_load((ROOT / "tests" / "estates" / "single-simple.yml").read_text(encoding="utf-8"))
    estate["databases"]["operational"]["used_percent"] = 72
    estate["servers"][0]["sql"]["allow_updates"] = 1
    estate["pending"] = [{"agent": "gone01.fabrikam.test", "type": "PushInstallFailed", "hidden": True}]
    estate["backups"].update(operational=90, warehouse=90)
    path = tmp_path / "blocked.yml"
    path.write_text(yaml.safe_dump(estate), encoding="utf-8")
    with Lab(str(path), tmp_path / "lab") as lab:
        yield lab


def steps(run):
    """The steps that changed something, or would."""
    return [step["step"] for step in run.steps if step["changed"] and not step["failed"]]


def in_the_way(lab):
    """What blocks by the newest facts, with no repair opted in."""
    snapshot = json.loads((lab.reports / "snapshot.json").read_text(encoding="utf-8"))
    found = conclude(snapshot, {})
    return found.report["blocked_by"], list(found.plan.blockers)


def test_a_blocked_group_is_repaired_and_then_nothing_blocks(blocked):
    check = blocked.play("pre_upgrade", *REPAIRS, check=True)
    assert set(steps(check)) == STEPS and check.kinds() == Counter()
    assert in_the_way(blocked) == (["R09", "R21"], [])

    run = blocked.play("pre_upgrade", *REPAIRS)
    assert steps(run) == steps(check)
    kinds = [event["kind"] for event in run.events]
    assert kinds.index("backup") < kinds.index("pending"), "rows are deleted after the backup"
    assert blocked.status()["pending"] == []

    again = blocked.play("pre_upgrade", *REPAIRS)
    assert steps(again) == [] and again.kinds() == Counter()
    assert in_the_way(blocked) == ([], [])
