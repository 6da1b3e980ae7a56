"""A wrong order or an unmet condition fails with the product's exit code and reason, and changes nothing."""

from __future__ import annotations

import json

import pytest

from tests.lab.product.status import status
from tests.lab.world import WindowsError
from tests.lab.world.replay import differences
from tests.unit.lab.product_lab import EULA, MEDIA, UPGRADE, Lab


def unchanged(lab, act):
    """The world's state is the same after ``act`` (apart from logs and the record)."""

    def state():
        found = json.loads(json.dumps(status(lab.world)))
        for machine in found["machines"].values():
            machine.pop("processes")
        return found

    before = state()
    result = act()
    assert differences(before, state()) == []
    return result


@pytest.fixture
def distributed(tmp_path):
    return Lab("distributed-simple", tmp_path)


@pytest.fixture
def single(tmp_path):
    return Lab("single-simple", tmp_path)


def expect(lab, act, code, reason):
    assert unchanged(lab, act) == code
    assert reason in lab.reason()
    event = lab.last("installer")
    assert event["exit"] == code and event["to"] == event["from"]


def test_a_secondary_refuses_while_something_is_pending_and_manual_agents_are_old(distributed):
    lab = distributed
    expect(lab, lambda: lab.server("MS02"), -14, "pending_actions")
    lab.reject_all()
    expect(lab, lambda: lab.server("MS02"), -14, "manual_agents")


def test_a_hidden_pending_row_refuses_too(tmp_path):
    lab = Lab("distributed-simple", tmp_path)
    lab.reject_all()
    lab.manual_agents()
    lab.group.add_pending("gone.contoso.test", "PushInstallFailed", "ms02.contoso.test", hidden=True)
    expect(lab, lambda: lab.server("MS02"), -14, "pending_actions")
    session = lab.world.machines["SQL01"].sql(".", "Administrator")
    row = session.execute(
        "SELECT AgentPendingActionId FROM AgentPendingAction WHERE AgentName LIKE 'gone%'", {}, "OperationsManager"
    )
    session.execute(
        "EXEC p_AgentPendingActionDeleteByIdList @AgentPendingActionIdList = @id",
        {"id": row.scalar()},
        "OperationsManager",
    )
    assert lab.server("MS02") == 0


def test_gateways_wait_for_secondaries_and_the_group_for_both(distributed):
    lab = distributed
    expect(lab, lambda: lab.gateway("GW01"), 1603, "secondary_servers")
    lab.reject_all()
    expect(lab, lambda: lab.whole_group("RMS01"), -14, "secondary_servers")
    assert lab.last("group_upgrade")["exit"] == -14
    lab.manual_agents()
    assert lab.server("MS02") == 0
    expect(lab, lambda: lab.gateway("GW01"), 1603, "secondary_servers")
    assert lab.server("MS03") == 0
    expect(lab, lambda: lab.whole_group("RMS01"), -14, "gateways")


def test_features_come_after_the_group_and_reporting_last(distributed):
    lab = distributed
    expect(lab, lambda: lab.setup("OPS01", *UPGRADE), -14, "group_first")
    expect(lab, lambda: lab.setup("WEB01", *UPGRADE, "/WebSiteName:Default Web Site"), -14, "group_first")
    expect(lab, lambda: lab.setup("SQL02", *UPGRADE), -14, "group_first")
    expect(lab, lambda: lab.acs("MS03"), 1603, "server_first")


def test_only_one_management_server_at_a_time(distributed):
    lab = distributed
    lab.reject_all()
    lab.manual_agents()
    machine = lab.world.machines["MS02"]
    process = machine.processes.start(rf"{MEDIA}\setup.exe", [*UPGRADE, *lab.das], user=lab.admin, logon="batch")
    lab.world.clock.advance(100)
    assert not process.done
    assert lab.server("MS03") == -14 and "one_at_a_time" in lab.reason()
    assert lab.setup("MS02", *UPGRADE, *lab.das) == -18
    lab.world.clock.finish()
    assert process.exit_code == 0
    assert lab.server("MS03") == 0


@pytest.mark.parametrize(("user", "logon"), [("NT AUTHORITY\\SYSTEM", "batch"), ("Administrator", "network")])
def test_the_account_matters(distributed, user, logon):
    lab = distributed
    lab.reject_all()
    lab.manual_agents()
    expect(lab, lambda: lab.server("MS02", user=user, logon=logon), -14, "account")


def test_a_wrong_password_of_a_service_account(single):
    lab = single
    wrong = [lab.das[0], "/DASAccountPassword:wrong"]
    expect(lab, lambda: lab.setup("OM01", *UPGRADE, *wrong, *lab.reader), -14, "credentials")


@pytest.mark.parametrize(
    "arguments",
    [
        [*UPGRADE, "/NoSuchSwitch"],
        ["/silent", "/upgrade"],
        ["/upgrade", EULA],
        ["/silent", EULA],
        ["/silent", "/install", EULA],
        [*UPGRADE],
        [*UPGRADE, "/UseLocalSystemDASAccount"],
        [*UPGRADE, "/DASAccountUser:"],
        [*UPGRADE, "/UseLocalSystemDASAccount:1"],
        [*UPGRADE, "stray"],
        ["/silent", "/install", EULA, "/components:OMNothing"],
    ],
)
def test_switches_that_setup_does_not_take(single, arguments):
    expect(single, lambda: single.setup("OM01", *arguments), -15, "syntax")


def test_switches_in_any_case_and_both_forms_of_the_licence(tmp_path):
    lab = Lab("single-simple", tmp_path)
    code = lab.setup(
        "OM01",
        "/SILENT",
        "/Upgrade",
        "/acceptenduserlicenseagreement:1",
        "/USELOCALSYSTEMDASACCOUNT",
        rf"/datareaderuser:{lab.domain}\scomdr",
        "/DATAREADERPASSWORD:Lab-Serv1ce",
    )
    assert code == 0


def test_the_log_lies_in_the_accounts_profile_and_ends_with_the_result(single):
    lab = single
    lab.setup("OM01", *UPGRADE)
    text = lab.world.machines["OM01"].files.read_text(
        r"C:\Users\scomadmin\AppData\Local\SCOM\Logs\OpsMgrSetupWizard.log"
    )
    assert text.splitlines()[-1].endswith("Application Ended: InvalidCommandLine")
    assert "]:\tError:\t:" in text and "Lab-Serv1ce" not in text


def spoil(**server):
    """Change the root server of an estate."""

    def change(estate):
        for name, value in server.items():
            setattr(estate.root, name, value)

    return change


def os_of(release, pack, architecture):
    from tests.lab.world.spec import OsSpec

    return OsSpec(release, pack, architecture)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (spoil(cumulative_update=3), "cumulative_update"),
        (spoil(os=os_of("2008", 2, "x64")), "operating_system"),
        (spoil(os=os_of("2008 R2", 0, "x64")), "operating_system"),
        (spoil(os=os_of("2008", 2, "x86")), "architecture"),
        (spoil(software={"avicode": "5.7"}), "avicode"),
    ],
)
def test_what_the_machine_must_be(tmp_path, change, reason):
    lab = Lab("single-simple", tmp_path, change)
    expect(lab, lambda: lab.whole_group("OM01"), -14, reason)


def sql(**given):
    from dataclasses import replace

    def change(estate):
        estate.root.sql = replace(estate.root.sql, **given)

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (sql(full_text=False), "full_text"),
        (sql(collation="Latin1_General_CI_AI"), "collation"),
        (sql(version="9.00.5000.00"), "sql_version"),
    ],
)
def test_what_sql_server_must_be(tmp_path, change, reason):
    lab = Lab("single-simple", tmp_path, change)
    expect(lab, lambda: lab.whole_group("OM01"), -14, reason)


def test_a_pending_restart(single):
    single.world.machines["OM01"].set_pending_reboot()
    expect(single, lambda: single.whole_group("OM01"), -14, "pending_reboot")


def test_allow_updates_fails_at_the_first_script_and_leaves_the_group_working(tmp_path):
    lab = Lab("single-simple", tmp_path, sql(allow_updates=1))
    assert lab.whole_group("OM01") == -1 and "allow_updates" in lab.reason()
    assert not lab.group.converting and lab.group.sdk_available()


def full(estate):
    from dataclasses import replace

    estate.databases = replace(estate.databases, operational=replace(estate.databases.operational, used_percent=72))


def inconsistent(estate):
    from tests.lab.estate import ManagementPack

    estate.management_packs.append(ManagementPack("Broken.Pack", "1.0.0.0", True, False))


@pytest.mark.parametrize(("change", "reason"), [(full, "free_space"), (inconsistent, "inconsistent_pack")])
def test_a_conversion_that_fails_needs_a_restore(tmp_path, change, reason):
    lab = Lab("single-simple", tmp_path, change)
    assert lab.whole_group("OM01") == -1 and reason in lab.reason()
    assert lab.group.converting.startswith("broken")
    assert not lab.group.new
    machine = lab.world.machines["OM01"]
    with pytest.raises(WindowsError, match="half converted"):
        machine.services.start("OMSDK")
    assert lab.whole_group("OM01") == -14 and "half_converted" in lab.reason()
    session = machine.sql(".", "Administrator")
    session.execute(r"RESTORE DATABASE OperationsManager FROM DISK = 'C:\Backup\OperationsManager.bak' WITH REPLACE")
    assert not lab.group.converting
    machine.services.start("OMSDK")
    if reason == "free_space":
        session.execute("ALTER DATABASE OperationsManager MODIFY FILE (NAME = MOM_DATA, SIZE = 40000MB)")
    else:
        lab.group.remove_pack(next(p for p in lab.group.packs if p.name == "Broken.Pack"))
    assert lab.whole_group("OM01") == 0
    assert lab.group.new


def test_a_group_upgrade_that_dies_leaves_a_half_converted_database(tmp_path):
    lab = Lab("single-simple", tmp_path)
    lab.world.faults.add(host="OM01", operation="setup.exe", effect="die", seconds=600.0, code=1)
    assert lab.whole_group("OM01") == 1
    assert lab.group.converting == "running"
    assert lab.last("installer")["exit"] is None
    assert lab.whole_group("OM01") == -14 and "half_converted" in lab.reason()


def test_a_server_upgrade_that_dies_can_be_run_again(distributed):
    lab = distributed
    lab.reject_all()
    lab.manual_agents()
    lab.world.faults.add(host="MS02", operation="setup.exe", effect="die", seconds=300.0, code=1)
    assert lab.server("MS02") == 1
    assert not lab.group.node("MS02").available and not lab.group.node("MS02").new
    assert lab.server("MS02") == 0
    assert lab.group.node("MS02").available


def test_a_group_without_a_warehouse_needs_to_know_where_it_goes(tmp_path):
    lab = Lab("no-warehouse", tmp_path)
    assert lab.server("LWMS1") == 0
    assert lab.whole_group("LWRMS") == -15
    assert lab.whole_group("LWRMS", *lab.warehouse("NOWHERE")) == -14 and "sql" in lab.reason()
    assert not lab.group.new and lab.group.warehouse is None


def test_agents_packages(distributed):
    lab = distributed
    expect(lab, lambda: lab.agent("ADM01"), 1603, "console")
    expect(lab, lambda: lab.msi("DC01", "/i", rf"{MEDIA}\agent\AMD64\Nothing.msi", "/qn"), 1619, "missing_file")
    expect(lab, lambda: lab.msi("DC01", "/i", rf"{MEDIA}\agent\AMD64\MOMAgent.msi", "/zz"), 1639, "syntax")
    expect(lab, lambda: lab.msi("DC01", "/i", rf"{MEDIA}\agent\AMD64\MOMAgent.msi", "/qn", "stray"), 1639, "syntax")
    expect(lab, lambda: lab.msi("DC01", "/x", "{00000000-0000-0000-0000-000000000000}", "/qn"), 1605, "unknown_product")
    expect(lab, lambda: lab.msi("OLD01", "/i", rf"{MEDIA}\agent\AMD64\MOMAgent.msi", "/qn"), 1633, "architecture")
    expect(lab, lambda: lab.msi("DC01", "/i", rf"{MEDIA}\agent\i386\MOMAgent.msi", "/qn"), 1603, "architecture")
    machine = lab.world.machines["DC01"]
    process = machine.processes.start(
        "msiexec.exe", ["/i", rf"{MEDIA}\agent\AMD64\MOMAgent.msi", "/qn"], user=lab.admin, logon="batch"
    )
    lab.world.clock.advance(10)
    assert lab.msi("DC01", "/i", rf"{MEDIA}\agent\AMD64\MOMAgent.msi", "/qn") == 1618
    lab.world.clock.finish()
    assert process.exit_code == 0


def test_the_key_backup_wants_its_own_directory_and_the_password_twice(single):
    lab = single
    folder = r"C:\Program Files\System Center Operations Manager 2007"
    tool = rf"{folder}\SecureStorageBackup.exe"
    assert lab.run("OM01", tool, ["Backup", r"C:\new.bin"], stdin="Passw0rd-9\r\nPassw0rd-9\r\n").exit_code == 1
    for typed in ("", "Passw0rd-9\r\n", "Passw0rd-9\r\nother\r\n", "short\r\nshort\r\n"):
        assert lab.run("OM01", tool, ["Backup", r"C:\new.bin"], stdin=typed, directory=folder).exit_code == 1
    assert not lab.world.machines["OM01"].files.exists(r"C:\new.bin")
    assert (
        lab.run(
            "OM01", tool, ["Backup", r"C:\new.bin"], stdin="Passw0rd-9\r\nPassw0rd-9\r\n", directory=folder
        ).exit_code
        == 0
    )
    assert lab.last("backup")["what"] == "encryption_key"


def test_not_ready_names_everything_at_once(tmp_path):
    lab = Lab("not-ready", tmp_path)
    expect(lab, lambda: lab.whole_group("WTRMS"), -14, "cumulative_update")
    for key in ("avicode", "pending_actions", "secondary_servers", "full_text", "collation"):
        assert key in lab.reason()
