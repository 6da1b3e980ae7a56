"""Every simple estate is upgraded with nothing but its machines' own programs and shells, in the right order."""

from __future__ import annotations

import json

import pytest

from tests.lab.product.status import status
from tests.lab.world.replay import differences, replay
from tests.unit.lab.product_lab import UPGRADE, Lab


def single_simple(lab):
    assert lab.whole_group("OM01") == 0
    lab.approve_all()
    lab.manual_agents()


def distributed_simple(lab):
    lab.reject_all()
    lab.manual_agents()
    assert lab.server("MS02") == 0
    assert lab.server("MS03") == 0
    assert lab.gateway("GW01") == 0
    assert lab.move("RMS01", "MS02") == 3
    assert len(lab.group.pending) == 43
    lab.approve_all()
    assert lab.whole_group("RMS01") == 0
    assert lab.setup("OPS01", *UPGRADE) == 0
    assert lab.setup("WEB01", *UPGRADE, "/WebSiteName:Default Web Site", "/WebConsoleAuthorizationMode:Mixed") == 0
    assert lab.acs("MS03") == 0
    assert lab.setup("SQL02", *UPGRADE) == 0
    assert lab.setup("ADM01", "/silent", "/install", "/components:OMConsole", UPGRADE[2]) == 0


def no_warehouse(lab):
    assert lab.server("LWMS1") == 0
    lab.approve_all()
    assert lab.whole_group("LWRMS", *lab.warehouse("LWSQL")) == 0


WAYS = {"single-simple": single_simple, "distributed-simple": distributed_simple, "no-warehouse": no_warehouse}


@pytest.mark.parametrize("estate", WAYS)
def test_the_right_order_ends_all_new_and_all_green(estate, tmp_path):
    lab = Lab(estate, tmp_path)
    before = json.loads(json.dumps(status(lab.world, full=True)))
    WAYS[estate](lab)
    lab.all_green()
    after = json.loads(json.dumps(status(lab.world, full=True)))
    assert after["rms_emulator"] == lab.world.estate.root.name
    assert all(v.startswith("7.") for s in after["servers"] for v in s["features"].values())
    assert after["databases"]["operational"]["content"]["version"] == "7.0.8560.0"
    assert after["databases"]["warehouse"]["content"]["version"] == "7.0.8560.0"
    assert [p["name"] for p in after["resource_pools"]]
    assert differences(replay(before, lab.events), after) == []


def test_servers_of_the_new_group_run_the_new_services(tmp_path):
    lab = Lab("single-simple", tmp_path)
    single_simple(lab)
    machine = lab.world.machines["OM01"]
    assert machine.services.get("OMCFG") is None
    assert machine.services.get("cshost").running and machine.services.get("OMSDK").running
    session = machine.sql(".", "Administrator")
    found = session.execute(
        "SELECT TOP 1 WorkItemStateId FROM CS.WorkItem WHERE WorkItemName LIKE '%snap%' ORDER BY "
        "CompletedDateTimeUtc DESC",
        {},
        "OperationsManager",
    )
    assert found.scalar() == 20


def test_the_agents_upgrade_disables_the_forwarder(tmp_path):
    lab = Lab("distributed-simple", tmp_path)
    service = lab.world.machines["DC01"].services.get("AdtAgent")
    assert service.running
    assert lab.agent("DC01") == 0
    assert (service.running, service.start_mode) == (False, "disabled")


def test_upgrading_a_server_takes_only_agents_without_failover_off_the_air(tmp_path):
    lab = Lab("distributed-simple", tmp_path)
    lab.reject_all()
    lab.manual_agents()
    start = len(lab.events)
    assert lab.server("MS02") == 0
    gone = {e["of"] for e in lab.events[start:] if e["kind"] == "health"}
    assert gone == {"ms02.contoso.test"}
    assert lab.server("MS03") == 0
    start = len(lab.events)
    assert lab.gateway("GW01") == 0
    gone = {e["of"] for e in lab.events[start:] if e["kind"] == "health"}
    assert gone == {"gw01.contoso.test", *(f"dmz0{i}.contoso.test" for i in range(1, 6))}
    assert all(n.available for n in lab.group.nodes.values())


def test_a_clustered_group_is_upgraded_from_a_secondary(tmp_path):
    lab = Lab("distributed-complex-clustered-rms", tmp_path)
    lab.manual_agents()
    assert lab.server("OMMS1") == 0 and lab.server("OMMS2") == 0 and lab.gateway("OMGW1") == 0
    lab.move("OMRMSV", "OMMS1", "OMMS2")
    session = lab.shell()
    servers = {s.get("ComputerName"): s for s in lab.call(session, "Get-ManagementServer")}
    lab.call(
        session,
        "Set-ManagementServer",
        PrimaryManagementServer=servers["OMMS1"],
        GatewayManagementServer=servers["OMGW1"],
        FailoverServer=servers["OMMS2"],
    )
    lab.approve_all()
    assert lab.whole_group("OMRMSV") == -14 and "clustered" in lab.reason()
    assert lab.whole_group("OMMS1", "/UpgradeManagementGroup") == -14 and "encryption_key" in lab.reason()
    folder = r"C:\Program Files\System Center 2012\Operations Manager\Server"
    done = lab.run(
        "OMMS1",
        rf"{folder}\SecureStorageBackup.exe",
        ["Restore", r"C:\Keys\rms.bin"],
        stdin="Passw0rd-9\r\n",
        directory=folder,
    )
    assert done.exit_code == 0, done.stderr
    assert lab.whole_group("OMMS1", "/UpgradeManagementGroup") == 0
    lab.all_green()
    assert lab.group.emulator == "omms1.adatum.test" and "omrmsv.adatum.test" not in lab.group.nodes
    reporting = (*UPGRADE, "/ManagementServer:OMMS1")
    assert lab.setup("OMRPT", *reporting) == -14 and "rsreportserver" in lab.reason()


def test_a_32_bit_server_is_replaced_by_a_new_one(tmp_path):
    lab = Lab("distributed-complex-32bit", tmp_path)
    old = r"C:\Media\SCOM2007R2"
    properties = ["MANAGEMENT_GROUP=TAILSPIN", "MOM_DB_SERVER=TSDB", "ADDLOCAL=MOMServer"]
    assert lab.msi("NEWMS", "/i", rf"{old}\server\amd64\MOM.msi", "/qn", *properties) == 0
    assert lab.msi("NEWMS", "/p", r"C:\Media\SCOM2007R2-CU\KB2783850-x64-Server.msp", "/qn") == 0
    node = lab.group.node("NEWMS")
    assert (node.kind, node.cumulative_update, node.available) == ("management_server", 7, True)
    install = ["MANAGEMENT_GROUP=TAILSPIN", "ROOT_MANAGEMENT_SERVER_DNS=tsms2.tailspin.test", "ADDLOCAL=MOMGateway"]
    assert (
        lab.msi("NEWGW", "/i", rf"{old}\gateway\amd64\MOMGateway.msi", "/qn", *install) == 1603
        and "approval" in lab.reason()
    )
    tool = rf"{old}\SupportTools\amd64\Microsoft.EnterpriseManagement.GatewayApprovalTool.exe"
    done = lab.run(
        "TSRMS",
        tool,
        ["/ManagementServerName=tsms2.tailspin.test", "/GatewayName=newgw.tailspin.test", "/Action=Create"],
    )
    assert "completed successfully" in done.stdout
    assert lab.msi("NEWGW", "/i", rf"{old}\gateway\amd64\MOMGateway.msi", "/qn", *install) == 0
    assert lab.group.node("NEWGW").available


def test_databases_move_to_another_server(tmp_path):
    lab = Lab("single-complex-32bit", tmp_path)
    old, new = lab.world.machines["SCOM"], lab.world.machines["SQL64"]
    before = json.loads(json.dumps(status(lab.world, full=True)))
    for service in ("OMCFG", "OMSDK", "HealthService"):
        old.services.stop(service, force=True)
    session = old.sql(".", "Administrator")
    session.execute(r"BACKUP DATABASE OperationsManager TO DISK = 'C:\Backup\move.bak' WITH INIT")
    target = new.sql(".", "Administrator")
    target.execute(
        r"RESTORE DATABASE OperationsManager FROM DISK = '\\SCOM\C$\Backup\move.bak' WITH "
        r"MOVE 'MOM_DATA' TO 'D:\om.mdf', MOVE 'MOM_LOG' TO 'D:\om.ldf'"
    )
    assert (
        target.execute("SELECT is_broker_enabled FROM sys.databases WHERE name = 'OperationsManager'").scalar() is False
    )
    session.execute("ALTER DATABASE OperationsManager SET OFFLINE")
    old.registry.set(
        r"HKLM\SOFTWARE\Microsoft\Microsoft Operations Manager\3.0\Setup", "DatabaseServerName", "String", "SQL64"
    )
    for service in ("HealthService", "OMSDK", "OMCFG"):
        old.services.start(service)
    assert lab.group.operational.server == "SQL64"
    assert len(lab.call(lab.shell(), "Get-Agent")) == 12
    properties = ["SRS_SERVER=SQL64", "MGSERVER=scom.northwind.test"]
    assert lab.msi("SQL64", "/i", r"C:\Media\SCOM2007R2\Reporting\amd64\Reporting2007.msi", "/qn", *properties) == 0
    after = json.loads(json.dumps(status(lab.world, full=True)))
    assert differences(replay(before, lab.events), after) == []
