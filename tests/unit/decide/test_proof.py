"""The proof of the end state: it holds for a whole group, and each check can fail."""

import copy
from pathlib import Path

import pytest
import yaml

from ansible_collections.scom.upgrade.plugins.module_utils.proof import DEFAULT_POOLS, prove

from .estates import snapshot_from_estate

TARGET = "7.0.8560.0"
ESTATE = Path(__file__).resolve().parents[2] / "estates" / "distributed-simple.yml"


@pytest.fixture(scope="module")
def whole():
    """A snapshot of distributed-simple as it is after its upgrade, with the journal of one."""
    estate = yaml.safe_load(ESTATE.read_text(encoding="utf-8"))
    estate["pending"] = []
    estate["connected_consoles"] = 0
    for item in (*estate["servers"], *estate["agents"]):
        item["version"] = TARGET
    snapshot = snapshot_from_estate(estate)
    group = snapshot["group"]
    group.update(product="2012", version=TARGET, rms_emulator="rms01.contoso.test")
    servers = [row for row in group["servers"] if not row["is_gateway"]]
    group["resource_pools"] = [{"name": name, "members": [row["name"] for row in servers]} for name in DEFAULT_POOLS]
    for name in ("RMS01", "MS02", "MS03"):
        running = {"state": "running", "start_mode": "auto", "account": "LocalSystem"}
        services = snapshot["hosts"][name]["services"]
        services.pop("OMCFG", None)
        services.update(HealthService=running, OMSDK=running, cshost=running)
    snapshot["hosts"]["MS03"]["services"]["HelpdeskConnector"] = {
        "state": "running",
        "start_mode": "auto",
        "account": "x",
    }
    for facts in snapshot["hosts"].values():
        for feature in ("console", "web_console", "reporting", "acs_collector"):
            if (facts.get("opsmgr") or {}).get(feature):
                facts["opsmgr"][feature]["version"] = TARGET
    on = [{"id": row["id"], "name": row["name"]} for row in group["subscriptions"] if row["enabled"]]
    snapshot["journal"] = [
        {"event": "saved", "step": "quiesce.subscriptions", "host": "RMS01", "data": {"subscriptions": on}},
        {
            "event": "saved",
            "step": "quiesce.connector.MS03.HelpdeskConnector",
            "host": "MS03",
            "data": {"connectors": [{"host": "MS03", "service": "HelpdeskConnector"}]},
        },
        {
            "event": "saved",
            "step": "manual_agents.console.ADM01",
            "host": "ADM01",
            "data": {"consoles_removed": ["ADM01"]},
        },
        {"event": "saved", "step": "manual_agents.upgrade.DC01", "host": "DC01", "data": {"acs_forwarder": True}},
        {
            "event": "saved",
            "step": "pushed_agents.move",
            "host": "RMS01",
            "data": {
                "parents": [
                    {
                        "agent": "rmsapp01.contoso.test",
                        "primary": "rms01.contoso.test",
                        "failover": ["ms02.contoso.test"],
                    }
                ]
            },
        },
    ]
    return snapshot


def failing(snapshot):
    return {proof.name for proof in prove(snapshot, TARGET) if not proof.holds}


def test_a_whole_group_holds_and_every_check_had_something_to_look_at(whole):
    proofs = prove(whole, TARGET)
    assert [proof.line() for proof in proofs if not proof.holds] == []
    assert [proof.name for proof in proofs if not proof.looked_at] == []


def agent(snapshot, name, **values):
    columns = snapshot["group"]["agents"]["columns"]
    for row in snapshot["group"]["agents"]["rows"]:
        if row[0].startswith(name):
            for key, value in values.items():
                row[columns.index(key)] = value


BREAKS = {
    "group_is_upgraded": lambda s: s["group"].update(product="2007 R2"),
    "servers_are_upgraded": lambda s: s["group"]["servers"][1].update(version="6.1.7221.0"),
    "servers_are_healthy": lambda s: s["group"]["servers"][1].update(available=False),
    "agents_are_upgraded": lambda s: agent(s, "app001", version="6.1.7221.0"),
    "agents_are_healthy": lambda s: agent(s, "dmz01", health="Error"),
    "nothing_is_pending": lambda s: s["group"]["pending"].append({"agent": "x", "type": "UpdateAgent", "server": "y"}),
    "services_run": lambda s: s["hosts"]["MS02"]["services"].pop("cshost"),
    "emulator_is_held": lambda s: s["group"].update(rms_emulator=None),
    "pools_are_full": lambda s: s["group"]["resource_pools"][0]["members"].pop(),
    "subscriptions_are_back": lambda s: s["group"]["subscriptions"][0].update(enabled=False),
    "connectors_run": lambda s: s["hosts"]["MS03"]["services"].pop("HelpdeskConnector"),
    "forwarders_run": lambda s: s["hosts"]["DC01"]["opsmgr"].update(
        acs_forwarder={"state": "stopped", "start_mode": "disabled"}
    ),
    "parents_are_back": lambda s: agent(s, "rmsapp01", primary="ms02.contoso.test"),
    "features_are_upgraded": lambda s: s["hosts"]["WEB01"]["opsmgr"]["web_console"].update(version="6.1.7221.0"),
    "broker_is_on": lambda s: s["hosts"]["SQL01"]["sql"][0]["databases"][0].update(broker=False),
}


@pytest.mark.parametrize("name", sorted(BREAKS))
def test_each_check_fails_for_its_own_reason_alone(whole, name):
    broken = copy.deepcopy(whole)
    BREAKS[name](broken)
    assert failing(broken) == {name}


def test_every_check_has_a_case_here(whole):
    assert {proof.name for proof in prove(whole, TARGET)} == set(BREAKS)


def test_a_subscription_that_was_off_and_is_on_now_is_told(whole):
    broken = copy.deepcopy(whole)
    next(row for row in broken["group"]["subscriptions"] if row["name"] == "Old pager")["enabled"] = True
    proof = next(proof for proof in prove(broken, TARGET) if proof.name == "subscriptions_are_back")
    assert proof.failures == ("Old pager is on, and was off before",)


def test_a_console_that_was_not_installed_again_is_told(whole):
    broken = copy.deepcopy(whole)
    broken["hosts"]["ADM01"]["opsmgr"]["console"] = None
    assert failing(broken) == {"features_are_upgraded"}


def test_a_snapshot_without_a_group_proves_nothing(whole):
    broken = dict(whole, group=None)
    assert all(not proof.holds for proof in prove(broken, TARGET))


def test_hidden_pending_rows_count(whole):
    broken = copy.deepcopy(whole)
    broken["hosts"]["SQL01"]["opsdb"]["pending"] = [
        {"id": "1", "agent": "w99", "type": "PushInstallFailed", "server": None}
    ]
    assert failing(broken) == {"nothing_is_pending"}
