"""The machine's state: clock, record, registry, services, files, event logs, accounts."""

from __future__ import annotations

import json
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

import pytest

from tests.lab.world import Clock, Machine, ManualClock, Service, WindowsError, World, read_events

from .world_fixtures import add, kinds, machine, world

__all__ = ["machine", "world"]


def refused(code: int, function, *arguments, **named) -> WindowsError:
    """The call is refused with this code."""
    with pytest.raises(WindowsError) as caught:
        function(*arguments, **named)
    assert caught.value.code == code, caught.value
    return caught.value


# -- clock ---------------------------------------------------------------------------------------------------


def test_the_lab_starts_at_its_date():
    clock = ManualClock()
    assert clock.utc() == datetime(2012, 5, 12, 18, 0, tzinfo=timezone.utc)
    clock.advance(90)
    assert clock.iso() == "2012-05-12T18:01:30Z"


def test_what_is_due_is_called_in_order_and_what_is_cancelled_is_not():
    clock, seen = ManualClock(), []
    clock.call_later(20, lambda: seen.append(("b", clock.now())))
    clock.call_later(10, lambda: seen.append(("a", clock.now())))
    clock.call_later(15, lambda: seen.append(("never", 0))).cancel()
    clock.advance(12)
    assert seen == [("a", 10)]
    clock.advance(100)
    assert seen == [("a", 10), ("b", 20)]
    assert clock.now() == 112


def test_time_runs_fast_only_while_something_works():
    moment = [0.0]
    clock = Clock(100, real=lambda: moment[0])
    moment[0] = 5.0
    assert clock.now() == 5.0
    clock.begin_work()
    moment[0] = 6.0
    assert clock.now() == 105.0
    clock.end_work()
    moment[0] = 7.0
    assert clock.now() == 106.0


def test_a_real_clock_calls_scaled_work_soon_and_waits_for_the_real_minimum():
    clock, done = Clock(1000), threading.Event()
    try:
        started = time.monotonic()
        clock.sleep(50)
        assert time.monotonic() - started < 1
        assert clock.now() >= 50
        started, before = time.monotonic(), clock.now()
        clock.call_later(5, done.set, work=True, real_minimum=0.2)
        assert done.wait(3)
        assert time.monotonic() - started >= 0.19
        assert clock.now() - before < 50, "while only real time is to pass, simulated time is not fast"
        assert not clock.working
    finally:
        clock.close()


def test_a_broken_effect_does_not_stop_time(capsys):
    clock, seen = ManualClock(), []
    clock.call_later(1, lambda: 1 / 0)
    clock.call_later(2, lambda: seen.append(1))
    clock.advance(3)
    assert seen == [1]
    assert "ZeroDivisionError" in capsys.readouterr().err


# -- record --------------------------------------------------------------------------------------------------


def test_events_are_numbered_without_gaps_and_flushed(world: World):
    for i in range(3):
        world.record.write("RMS01", "service", service=f"S{i}", from_=None, to="stopped", start_mode="manual")
    events = read_events(world.state_dir / "events.jsonl")
    assert [event["n"] for event in events] == [1, 2, 3]
    assert events[0] == {
        "n": 1, "t": 0.0, "host": "RMS01", "kind": "service", "service": "S0", "from": None, "to": "stopped", "start_mode": "manual",
    }  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        'setup.exe /silent /DataReaderPassword:"Lab-Serv1ce" /x',
        "msiexec ACTIONSPASSWORD=hunter22hunter",
        "schtasks /rp Lab-Upgr4de",
    ],
)
def test_secrets_never_reach_the_record(world: World, line: str):
    world.record.write("A", "installer", command_line=line, deep={"list": [line]})
    text = (world.state_dir / "events.jsonl").read_text()
    assert "********" in text
    for secret in ("Lab-Serv1ce", "hunter22", "Lab-Upgr4de"):
        assert secret not in text


def test_building_leaves_no_events(world: World):
    add(world, "A")
    with world.building():
        world.machines["A"].services.create("X")
    assert world.record.events == []
    world.machines["a"].services.start("x")
    assert kinds(world, "service", "from", "to") == [("service", "X", "stopped", "running")]


# -- registry ------------------------------------------------------------------------------------------------


def test_registry_ignores_case_keeps_spelling_and_records_changes_once(machine: Machine, world: World):
    registry = machine.registry
    assert registry.set(r"HKLM\Software\Lab\Key", "Name", "String", "one")
    assert not registry.set(r"HKEY_LOCAL_MACHINE\SOFTWARE\LAB\KEY", "NAME", "String", "one")
    assert registry.set(r"HKLM:\SOFTWARE\lab\key", "name", "DWord", -1)
    key = registry.read(r"hklm\software\lab\key")
    assert key is not None
    assert (key.name, key.values) == (r"HKLM\SOFTWARE\Lab\Key", {"Name": ("DWord", 0xFFFFFFFF)})
    assert registry.remove(key.name, "NAME") and not registry.remove(key.name, "NAME")
    assert registry.delete(r"HKLM\SOFTWARE\Lab") and not registry.delete(r"HKLM\SOFTWARE\Lab")
    assert registry.read(r"HKLM\SOFTWARE\Lab\Key") is None
    assert kinds(world, "change", "name") == [
        ("registry", "created", None),
        ("registry", "created", "Name"),
        ("registry", "changed", "Name"),
        ("registry", "deleted", "Name"),
        ("registry", "deleted", None),
    ]


@pytest.mark.parametrize(
    "kind,data", [("DWord", "1"), ("String", 1), ("MultiString", "a"), ("Binary", "a"), ("Odd", "a"), ("DWord", True)]
)
def test_registry_refuses_data_of_another_kind(machine: Machine, kind: str, data: object):
    assert refused(87, machine.registry.set, r"HKLM\SOFTWARE\Lab", "x", kind, data).kind == "invalid_argument"


def test_registry_of_windows_itself(machine: Machine, world: World):
    current = machine.registry.read(r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion")
    assert current is not None
    assert (current.data("CurrentVersion"), current.data("csdversion")) == ("6.1", "Service Pack 1")
    new = add(world, "NEW", "2012", 0, powershell="3.0", winrm="3.0")
    engine = r"HKLM\SOFTWARE\Microsoft\PowerShell\{}\PowerShellEngine"
    assert new.registry.get(engine.format(1), "PowerShellVersion") == "2.0"
    assert new.registry.get(engine.format(3), "PowerShellVersion") == "3.0"
    assert machine.registry.read(engine.format(3)) is None
    bare = add(world, "BARE", "2003", 2, "x86", powershell=None, winrm=None, software={"dotnet": ["2.0"]})
    assert bare.registry.read(r"HKLM\SOFTWARE\Microsoft\PowerShell\1") is None
    assert bare.services.get("WinRM") is None
    ndp = bare.registry.read(r"HKLM\SOFTWARE\Microsoft\NET Framework Setup\NDP")
    assert ndp is not None and ndp.subkeys == ["v2.0.50727"]


# -- services ------------------------------------------------------------------------------------------------


def test_services_start_what_they_need_and_guard_what_needs_them(machine: Machine, world: World):
    services = machine.services
    services.create("Base", "The base")
    services.create("Top", "The top", depends_on=["base"])
    assert services.start("top") and not services.start("Top")
    assert services.get("the base").running
    refused(1051, services.stop, "Base")
    assert services.stop("Base", force=True)
    services.set_start_mode("Base", "disabled")
    refused(1058, services.start, "Base")
    refused(1068, services.start, "Top")
    refused(1060, services.start, "Nothing")
    moves = [e for e in kinds(world, "service", "from", "to") if e[0] == "service"][2:]
    assert moves == [
        ("service", "Base", "stopped", "running"),
        ("service", "Top", "stopped", "running"),
        ("service", "Top", "running", "stopped"),
        ("service", "Base", "running", "stopped"),
        ("service", "Base", "stopped", "stopped"),
    ]
    assert world.record.events[-1]["start_mode"] == "disabled"


def test_a_service_that_refuses_stays_stopped(machine: Machine, world: World):
    def no(service: Service) -> None:
        raise WindowsError("timeout", "not today", 1053)

    machine.services.create("OMSDK", start_mode="auto").on_start = no
    count = len(world.record.events)
    refused(1053, machine.services.start, "OMSDK")
    assert machine.services.get("OMSDK").state == "stopped"
    assert len(world.record.events) == count


# -- files ---------------------------------------------------------------------------------------------------


def test_files_ignore_case_and_carry_simulated_times(machine: Machine, world: World):
    files = machine.files
    world.clock.advance(60)
    assert files.write(r"C:\Backup\Deep\a.TXT", b"one")
    stat = files.stat(r"c:\backup\DEEP\A.txt")
    assert stat is not None
    assert (stat.path, stat.size, stat.modified) == (r"C:\Backup\Deep\a.TXT", 3, world.clock.utc())
    assert files.local_path(r"c:/backup/deep/../deep/a.txt") == world.state_dir / "hosts/RMS01/C/Backup/Deep/a.TXT"
    assert not files.write(r"C:\BACKUP\deep\a.txt", b"one")
    assert files.write(r"C:\BACKUP\deep\a.txt", b"XY", 1, truncate=False)
    assert files.read(r"C:\Backup\Deep\a.TXT") == b"oXY"
    assert [e.name for e in files.list(r"C:\Backup", "A.*", recurse=True)] == ["a.TXT"]
    assert kinds(world, "path", "change", "bytes") == [
        ("file", r"C:\Backup", "created", 0),
        ("file", r"C:\Backup\Deep", "created", 0),
        ("file", r"C:\Backup\Deep\a.TXT", "created", 3),
        ("file", r"C:\Backup\Deep\a.TXT", "changed", 3),
    ]


def test_files_refuse_like_windows(machine: Machine):
    files = machine.files
    files.write(r"C:\x\y.txt", b"1")
    refused(2, files.read, r"C:\x\none.txt")
    refused(3, files.read, r"C:\none\none.txt")
    refused(145, files.delete, r"C:\x")
    refused(123, files.write, r"C:\a|b", b"")
    refused(123, files.write, r"relative.txt", b"")
    refused(3, files.write, r"Z:\x", b"")
    refused(5, files.write, r"\\other\share\x", b"")
    refused(3, files.write, r"C:\no\folder.txt", b"", create_directory=False)
    assert not files.exists("C:\\a|b") and not files.exists("Z:\\")
    assert files.delete(r"C:\X", recurse=True) and not files.delete(r"C:\x")
    assert files.local_path(r"C:\..\..\..\etc\passwd").is_relative_to(machine.files.root)


def test_a_full_disk_refuses_and_a_deleted_file_gives_room_back(world: World):
    small = add(world, "SMALL", free_mb=100)
    small.files.put(r"C:\big.bak", "backup", size=90 * 1048576)
    assert small.files.free_mb("C:") == 10
    assert small.files.stat(r"C:\big.bak").size == 90 * 1048576
    refused(112, small.files.put, r"C:\second.bak", "backup", size=20 * 1048576)
    small.files.delete(r"C:\big.bak")
    assert small.files.free_mb("C:") == 100


def test_versions_survive_a_copy_and_not_another_content(machine: Machine):
    files = machine.files
    files.put(r"C:\Media\setup.exe", version="7.0.8560.0", product_name="System Center 2012")
    files.copy(r"C:\Media\setup.exe", r"D:\Copy\s.exe")
    assert files.version(r"d:\copy\S.EXE").file == "7.0.8560.0"
    files.write(r"D:\copy\s.exe", b"something else")
    assert files.version(r"D:\Copy\s.exe") is None
    files.set_version(r"D:\Copy\s.exe", "1.2.3.4")
    assert files.version(r"D:\Copy\s.exe").file == "1.2.3.4"


def test_rescan_finds_what_changed_behind_the_back(machine: Machine, world: World):
    files = machine.files
    files.write(r"C:\keep.txt", b"same")
    files.write(r"C:\edit.txt", b"old")
    files.write(r"C:\gone.txt", b"bye")
    before = len(world.record.events)
    assert files.rescan() == 0
    real = files.drives()["C"]
    (real / "edit.txt").write_bytes(b"newer")
    (real / "gone.txt").unlink()
    (real / "Made").mkdir()
    (real / "Made" / "by.engine").write_bytes(b"12345")
    assert files.rescan() == 4
    assert files.rescan() == 0
    assert kinds(world, "path", "change", "bytes")[before:] == [
        ("file", r"C:\Made", "created", 0),
        ("file", r"C:\edit.txt", "changed", 5),
        ("file", r"C:\Made\by.engine", "created", 5),
        ("file", r"C:\gone.txt", "deleted", 3),
    ]
    assert files.stat(r"C:\Made\by.engine").modified == world.clock.utc()


def test_network_paths_need_a_logon_that_delegates(machine: Machine, world: World):
    other = add(world, "MS02")
    other.add_share("keys$", r"C:\Shares\Keys")
    other.files.write(r"C:\Shares\Keys\rms.bin", b"k")
    path = r"\\ms02.contoso.test\KEYS$\rms.bin"
    refused(5, machine.open_path, path)
    files, local = machine.open_path(path, "batch")
    assert files.read(local) == b"k"
    refused(67, machine.open_path, r"\\MS02\none\x", "batch")
    refused(53, machine.open_path, r"\\NOBODY\c$\x", "batch")
    assert machine.open_path(r"C:\x")[0] is machine.files


# -- event logs and accounts ---------------------------------------------------------------------------------


def test_event_logs(machine: Machine, world: World):
    entry = machine.eventlog.write(
        "Operations Manager", "HealthService", "information", 1210, "New configuration became active."
    )
    assert machine.eventlog.entries("operations manager") == [entry]
    assert machine.eventlog.source("healthservice") == "Operations Manager"
    assert machine.eventlog.exists("Operations Manager")
    assert refused(15007, machine.eventlog.entries, "None").kind == "not_found"
    assert kinds(world, "log", "id") == [("eventlog", "Operations Manager", 1210)]


def test_accounts(machine: Machine, world: World):
    accounts = world.accounts
    outside = add(world, "DMZ", domain_joined=False)
    for name in (r"CONTOSO\scomadmin", r"contoso\SCOMADMIN", "scomadmin@contoso.test", "scomadmin"):
        assert accounts.check(name, "Lab-Upgr4de", machine).name == r"CONTOSO\scomadmin"
    assert accounts.check(r"RMS01\administrator", "Lab-Passw0rd", machine).domain is None
    refused(1326, accounts.check, r"CONTOSO\scomadmin", "wrong", machine)
    refused(1326, accounts.check, r"CONTOSO\scomadmin", "Lab-Upgr4de", outside)
    refused(1326, accounts.check, r"OTHER\Administrator", "Lab-Passw0rd", machine)
    assert accounts.full_name("LocalSystem") == r"NT AUTHORITY\SYSTEM"
    assert accounts.may("SYSTEM", "administrator") and not accounts.may("SYSTEM", "sysadmin")
    assert not accounts.may(r"CONTOSO\scomdas", "administrator")


def test_a_status_is_json(machine: Machine, tmp_path: Path):
    machine.registry.set(r"HKLM\SOFTWARE\Lab", "b", "Binary", b"\0\1")
    assert json.loads(json.dumps(machine.status(full=True)))["services"]["WinRM"] == {
        "state": "running",
        "start_mode": "auto",
    }
