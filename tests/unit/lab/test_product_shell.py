"""The two shells: what they give, what they refuse, and where."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.lab.product import shell2007, shell2012
from tests.lab.product.objects import PsObject, to_bridge
from tests.lab.product.shell import ShellError
from tests.lab.product.status import status
from tests.unit.lab.product_lab import Lab

WIRE = Path(__file__).parents[3] / "docs" / "wire.md"


@pytest.fixture
def lab(tmp_path):
    return Lab("distributed-simple", tmp_path)


def test_every_cmdlet_of_the_wires_allow_lists_is_there():
    text = WIRE.read_text(encoding="utf-8")
    for generation, cmdlets in (("2007", shell2007.CMDLETS), ("2012", shell2012.CMDLETS)):
        listed = re.search(rf"Allow-list {generation}: `(.*?)`", text, re.S).group(1).split()
        assert set(listed) <= {c.name for c in cmdlets}


def test_agents_and_their_wrapped_properties(lab):
    session = lab.shell()
    agents = {a.get("ComputerName"): a for a in lab.call(session, "Get-Agent")}
    assert len(agents) == 56
    agent = agents["APP001"]
    assert agent.get("ManuallyInstalled").get("Value") is False
    assert agents["DC01"].get("ManuallyInstalled").get("Value") is True
    assert str(agent.get("HealthState")) == "Success"
    assert "Cumulative Update 5" in agent.get("PatchList") and agent.get("Version") == "6.1.7221.0"
    assert session.call_method(agent.id, "GetPrimaryManagementServer").get("Name") == "ms02.contoso.test"
    assert [s.get("Name") for s in session.call_method(agent.id, "GetFailoverManagementServers")] == [
        "ms03.contoso.test"
    ]


def test_servers_hold_gateways_too(lab):
    servers = lab.call(lab.shell(), "Get-ManagementServer")
    assert [s.get("ComputerName") for s in servers if s.get("IsGateway")] == ["GW01"]
    assert [s.get("ComputerName") for s in servers if s.get("IsRootManagementServer")] == ["RMS01"]


def test_hidden_entries_are_only_in_the_table(lab):
    lab.group.add_pending("ghost.contoso.test", "PushInstall", hidden=True)
    assert [p.get("AgentName") for p in lab.call(lab.shell(), "Get-AgentPendingAction")] == ["app900.contoso.test"]
    session = lab.world.machines["SQL01"].sql(".", "Administrator")
    assert session.execute("SELECT COUNT(*) FROM dbo.AgentPendingAction", {}, "OperationsManager").scalar() == 2


def test_the_old_shell_wants_a_location_and_the_root(lab):
    machine = lab.world.machines["RMS01"]
    session = machine.shells["2007"].open(lab.admin, "network")
    session.connect("RMS01")
    with pytest.raises(ShellError, match="current location"):
        session.invoke("Get-Agent")
    assert session.invoke("Get-Agent", {"Path": r"Monitoring:\RMS01"})
    assert session.invoke("Get-Agent", {}, None, r"Snapin\OperationsManagerMonitoring::rms01.contoso.test")
    with pytest.raises(ShellError, match="sdk service"):
        session.connect("MS02")
    with pytest.raises(ShellError, match="not recognized"):
        session.invoke("Get-SCOMAgent")
    with pytest.raises(ShellError, match="parameter name"):
        session.invoke("Get-Agent", {"Nonsense": 1}, None, session.location)


def test_shells_are_only_where_they_were_installed(lab):
    with pytest.raises(ShellError, match="not installed"):
        lab.world.machines["SQL01"].shells["2007"].open(lab.admin)
    with pytest.raises(ShellError, match="module"):
        lab.world.machines["RMS01"].shells["2012"].open(lab.admin)


def test_a_network_logon_does_not_go_on_to_another_server(lab):
    session = lab.world.machines["OPS01"].shells["2007"].open(lab.admin, "network")
    with pytest.raises(ShellError, match="sufficient permission"):
        session.connect("RMS01")
    assert lab.shell("OPS01", "2007", logon="batch").invoke("Get-RootManagementServer", {}, None, "x::RMS01")


def test_subscriptions_are_switched_by_their_objects(lab):
    session = lab.shell()
    item = lab.call(session, "Get-NotificationSubscription")[0]
    session.call_method(item.id, "Update", (), {"Enabled": False})
    assert lab.last("subscription") | {"n": 0, "t": 0} == {
        "n": 0,
        "t": 0,
        "host": None,
        "kind": "subscription",
        "name": "Operators by mail",
        "from": "enabled",
        "to": "disabled",
    }


def test_open_consoles_end_when_the_data_access_service_stops(lab):
    session = lab.shell()
    assert len(session.call_method(lab.group.id, "GetConnectedUserNames")) == 3
    machine = lab.world.machines["RMS01"]
    machine.services.stop("OMSDK", force=True)
    with pytest.raises(ShellError, match="sdk service"):
        lab.call(session, "Get-Agent")
    machine.services.start("OMSDK")
    assert lab.shell().call_method(lab.group.id, "GetConnectedUserNames") == []


def test_old_and_new_shells_keep_to_their_own_groups(tmp_path):
    lab = Lab("single-simple", tmp_path)
    old = lab.shell()
    assert lab.whole_group("OM01") == 0
    with pytest.raises(ShellError):
        lab.call(old, "Get-Agent")
    new = lab.shell("OM01", "2012")
    assert lab.call(new, "Get-SCOMResourcePool")[0].get("DisplayName") == "All Management Servers Resource Pool"
    assert lab.call(new, "Get-SCOMRMSEmulator")[0].get("Name") == "om01.fabrikam.test"
    on = [s for s in lab.call(new, "Get-SCOMNotificationSubscription") if s.get("Enabled")]
    lab.call(new, "Disable-SCOMNotificationSubscription", Subscription=on)
    lab.call(new, "Enable-SCOMNotificationSubscription", Subscription=on)
    assert [s["enabled"] for s in status(lab.world)["subscriptions"]] == [True, False]


def test_parents_in_the_new_shell_are_set_one_kind_a_call(tmp_path):
    lab = Lab("no-warehouse", tmp_path)
    lab.server("LWMS1")
    lab.whole_group("LWRMS", *lab.warehouse("LWSQL"))
    session = lab.shell("LWRMS", "2012")
    agents = lab.call(session, "Get-SCOMAgent", DNSHostName="l01*")
    servers = {s.get("ComputerName"): s for s in lab.call(session, "Get-SCOMManagementServer")}
    with pytest.raises(ShellError, match="Parameter set"):
        lab.call(
            session,
            "Set-SCOMParentManagementServer",
            Agent=agents,
            PrimaryServer=servers["LWRMS"],
            FailoverServer=servers["LWMS1"],
        )
    with pytest.raises(ShellError, match="already"):
        lab.call(session, "Set-SCOMParentManagementServer", Agent=agents, PrimaryServer=servers["LWRMS"])
    lab.call(session, "Set-SCOMParentManagementServer", Agent=agents, FailoverServer=[])
    lab.call(session, "Set-SCOMParentManagementServer", Agent=agents, PrimaryServer=servers["LWRMS"])
    lab.call(session, "Set-SCOMParentManagementServer", Agent=agents, FailoverServer=[servers["LWMS1"]])
    node = lab.group.node("L01")
    assert (node.primary, node.failover) == ("lwrms.litware.test", ["lwms1.litware.test"])


def test_pushes_that_fail_leave_an_entry(tmp_path):
    lab = Lab("no-warehouse", tmp_path)
    assert lab.server("LWMS1") == 0
    lab.world.faults.add(host="L01", operation="push", effect="fail", message="the remote registry is closed")
    lab.approve_all()
    assert [(p.agent, p.type) for p in lab.group.pending] == [("l01.litware.test", "UpdateFailed")]
    assert sum(n.new for n in lab.group.agents) == 9


def test_packs_are_imported_and_removed(lab):
    session = lab.shell()
    lab.call(
        session, "Install-ManagementPack", FilePath=r"C:\Media\SCOM2012\ManagementPacks\OperationsManager.Upgrade.mp"
    )
    pack = lab.call(session, "Get-ManagementPack", Name="*Upgrade*")[0]
    lab.call(session, "Uninstall-ManagementPack", ManagementPack=pack)
    library = lab.call(session, "Get-ManagementPack", Name="System.Library")[0]
    with pytest.raises(ShellError, match="cannot be removed"):
        lab.call(session, "Uninstall-ManagementPack", ManagementPack=library)


def test_objects_travel_over_the_bridge(lab):
    found = to_bridge(lab.call(lab.shell(), "Get-Agent")[0])
    assert found["$type"][0].endswith("AgentManagedComputer") and "GetPrimaryManagementServer" in found["$methods"]
    assert found["$properties"]["HealthState"]["$as"].endswith("HealthState")
    for shell in (lab.world.machines["RMS01"].shells["2007"], lab.world.machines["RMS01"].shells["2012"]):
        for item in shell.declarations():
            assert item["name"] and all(p["name"] and p["type"] for p in item["parameters"])
    assert isinstance(lab.call(lab.shell(), "Get-Agent")[0], PsObject)


@pytest.mark.parametrize("cmdlet", ["Get-UserRole", "Get-SCOMUserRole"])
def test_the_administrators_role_names_who_is_no_local_administrator(lab, cmdlet):
    lab.world.accounts.add("helper", "Lab-Help3r", domain="CONTOSO", rights={"opsmgr_admin"})
    one = next(c for c in (*shell2007.CMDLETS, *shell2012.CMDLETS) if c.name == cmdlet)
    roles = {role.get("Name"): role.get("Users") for role in one.run(lab.shell(), lab.group, {})}
    assert roles["OperationsManagerAdministrators"] == [r"BUILTIN\Administrators", r"CONTOSO\helper"]
    assert roles["OperationsManagerReadOnlyOperators"] == []
