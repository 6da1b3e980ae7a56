"""The state of a world: an estate can be made from it again, and events lead from one to the next."""

from __future__ import annotations

import json

import pytest

from tests.lab.estate import parse_estate
from tests.lab.product.build import build_world
from tests.lab.product.status import estate_of, status
from tests.lab.world import ManualClock
from tests.lab.world.replay import differences, replay
from tests.unit.lab.product_lab import ESTATES, UPGRADE, Lab
from tests.unit.lab.test_product_upgrade import distributed_simple

NAMES = sorted(p.stem for p in ESTATES.glob("*.yml"))


def again(lab, folder):
    spec = parse_estate(estate_of(status(lab.world, machines=False), lab.world.clock.utc()))
    return build_world(spec, state_dir=folder, clock=ManualClock())


@pytest.mark.parametrize("estate", NAMES)
def test_an_estate_can_be_made_from_a_status_again(estate, tmp_path):
    lab = Lab(estate, tmp_path / "one")
    world = again(lab, tmp_path / "two")
    assert differences(status(lab.world, machines=False), status(world, machines=False)) == []


def test_of_an_upgraded_group_too(tmp_path):
    lab = Lab("distributed-simple", tmp_path / "one")
    distributed_simple(lab)
    found, other = status(lab.world, machines=False), status(again(lab, tmp_path / "two"), machines=False)
    for one in (found, other):
        one.pop("backups")
    assert differences(found, other) == []


def test_roles_are_those_of_the_estate(tmp_path):
    for estate in NAMES:
        lab = Lab(estate, tmp_path / estate)
        found = {s["name"]: set(s["roles"]) for s in status(lab.world)["servers"]}
        assert found == {s.name: set(s.roles) for s in lab.world.estate.servers}, estate


def test_small_changes_replay(tmp_path):
    lab = Lab("distributed-simple", tmp_path)
    before = json.loads(json.dumps(status(lab.world, full=True)))
    lab.reject_all()
    lab.agent("DC01")
    machine = lab.world.machines["SQL01"]
    session = machine.sql(".", "Administrator")
    session.execute(
        r"BACKUP DATABASE OperationsManager TO DISK = 'C:\Backup\x.bak'; RESTORE VERIFYONLY FROM DISK = 'C:\Backup\x.bak'"
    )
    session.execute(
        "DELETE TOP (10) FROM LocalizedText; UPDATE PartitionAndGroomingSettings SET DaysToKeep = 3 WHERE ObjectName = 'Alert'",
        {},
        "OperationsManager",
    )
    session.execute(
        "ALTER DATABASE OperationsManager SET DISABLE_BROKER WITH ROLLBACK IMMEDIATE; ALTER DATABASE OperationsManager "
        "MODIFY FILE (NAME = MOM_LOG, SIZE = 31000MB); EXEC sp_configure 'allow updates', 1 RECONFIGURE WITH OVERRIDE"
    )
    session.execute(
        r"RESTORE DATABASE Copy FROM DISK = 'C:\Backup\x.bak' WITH MOVE 'MOM_DATA' TO 'D:\a.mdf', MOVE 'MOM_LOG' TO 'D:\a.ldf'"
    )
    lab.world.machines["MS03"].services.stop("HelpdeskConnector")
    lab.world.machines["MS02"].services.stop("HealthService", force=True)
    lab.setup("WEB01", *UPGRADE)
    lab.world.machines["RMS01"].restart("x", reason="test")
    lab.world.clock.advance(300)
    after = json.loads(json.dumps(status(lab.world, full=True)))
    assert differences(replay(before, lab.events), after) == []
    assert differences(before, after)


def test_events_of_the_record_have_the_fields_of_the_contract(tmp_path):
    lab = Lab("distributed-simple", tmp_path)
    distributed_simple(lab)
    fields = {
        "installer": {"product", "action", "from", "to", "exit", "reason", "seconds", "command_line"},
        "group_upgrade": {"from", "to", "exit", "reason"},
        "role": {"role", "change"},
        "parent": {"of", "from", "to", "failover"},
        "pending": {"agent", "type", "change"},
        "health": {"of", "from", "to"},
        "console": {"name", "from", "to"},
        "management_pack": {"name", "from", "to"},
        "database": {"name", "change", "detail"},
    }
    seen = {e["kind"] for e in lab.events}
    assert set(fields) <= seen
    for event in lab.events:
        assert fields.get(event["kind"], set()) <= set(event), event
    assert [e["n"] for e in lab.events] == list(range(1, len(lab.events) + 1))
    text = (lab.world.state_dir / "events.jsonl").read_text(encoding="utf-8")
    assert "Lab-Serv1ce" not in text and "Lab-Upgr4de" not in text
