"""What runs on a machine: programs, processes, tasks, restarts, faults, WMI; and that the record tells all of it."""

from __future__ import annotations

import csv
import random
from collections.abc import Generator

import pytest

from tests.lab.world import Call, Machine, Result, WindowsError, World
from tests.lab.world.processes import FOREVER, quote_arguments, split_command_line
from tests.lab.world.replay import differences, replay
from tests.lab.world.wmi import from_dmtf

from .test_world_state import refused
from .world_fixtures import add, kinds, machine, world

__all__ = ["machine", "world"]

UPGRADE = {"account": r"CONTOSO\scomadmin", "password": "Lab-Upgr4de"}


def install(machine: Machine, name: str, program, path: str | None = None) -> str:
    """A program with its file."""
    path = path or rf"C:\Lab\{name}"
    machine.programs[name] = program
    with machine.world.building():
        machine.files.put(path, version="1.0.0.0")
    return path


def slow(call: Call) -> Generator[float, None, Result]:
    """Two steps of a minute, each leaving a file."""
    call.machine.files.write(r"C:\Lab\first.txt", b"1")
    call.write("one ")
    yield 60
    call.machine.files.write(r"C:\Lab\second.txt", b"2")
    call.write("two")
    yield 60
    call.machine.files.write(r"C:\Lab\third.txt", b"3")
    return Result(3)


# -- command lines -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text,arguments",
    [
        ("", []),
        ('a "b c" d', ["a", "b c", "d"]),
        (r'/x:"C:\Program Files\y" z', [r"/x:C:\Program Files\y", "z"]),
        (r'"C:\dir\\" next', ["C:\\dir\\", "next"]),
        (r"say \"hi\"", ["say", '"hi"']),
        ('""', [""]),
    ],
)
def test_command_lines_split_as_windows_splits_them(text: str, arguments: list[str]):
    assert split_command_line(text) == arguments


def test_quoting_is_splitting_backwards():
    rng = random.Random(7)
    for _unused in range(300):
        arguments = [
            "".join(rng.choice('ab "\\') for _unused in range(rng.randrange(6)))
            for _unused in range(rng.randrange(1, 4))
        ]
        assert split_command_line(quote_arguments(arguments)) == arguments


# -- processes -----------------------------------------------------------------------------------------------


def test_a_program_that_takes_no_time_leaves_no_event(machine: Machine, world: World):
    process = machine.run_program("hostname")
    assert (process.exit_code, process.stdout) == (0, "RMS01\r\n")
    assert (
        machine.run_program(r"C:\WINDOWS\system32\WHOAMI.EXE", user="CONTOSO\\scomadmin").stdout
        == "contoso\\scomadmin\r\n"
    )
    assert world.record.events == []


def test_a_program_does_its_steps_in_simulated_time(machine: Machine, world: World):
    process = machine.processes.start(install(machine, "slow.exe", slow), ["a b"], user="SYSTEM")
    assert not process.done and process.stdout == "one " and world.clock.working
    assert [p.name for p in machine.processes.list()] == ["slow.exe"]
    assert machine.processes.wait(process)
    assert (process.exit_code, process.stdout, world.clock.now()) == (3, "one two", 120)
    assert not world.clock.working
    assert kinds(world, "path", "change", "exit") == [
        ("file", r"C:\Lab\first.txt", "created", None),
        ("process", r"C:\Lab\slow.exe", "started", None),
        ("file", r"C:\Lab\second.txt", "created", None),
        ("file", r"C:\Lab\third.txt", "created", None),
        ("process", r"C:\Lab\slow.exe", "ended", 3),
    ]


def test_a_killed_program_leaves_what_it_did_so_far(machine: Machine, world: World):
    process = machine.processes.start(install(machine, "slow.exe", slow))
    world.clock.advance(70)
    assert machine.processes.kill(process.id, 9) and not machine.processes.kill(process.id)
    world.clock.advance(500)
    assert process.exit_code == 9
    assert [machine.files.exists(rf"C:\Lab\{n}.txt") for n in ("first", "second", "third")] == [True, True, False]


def test_effects_of_a_plain_result_come_at_its_end(machine: Machine, world: World):
    def program(call: Call) -> Result:
        return Result(0, "done", seconds=30, finish=lambda: call.machine.files.write(r"C:\end.txt", b"") and None)

    process = machine.processes.start(install(machine, "p.exe", program))
    world.clock.advance(29)
    assert not machine.files.exists(r"C:\end.txt") and not process.done
    world.clock.advance(1)
    assert machine.files.exists(r"C:\end.txt") and process.exit_code == 0


def test_a_wait_may_be_given_up_and_the_program_goes_on(machine: Machine):
    path = install(machine, "slow.exe", slow)
    process = machine.run_program(path, timeout=10)
    assert not process.done
    assert machine.processes.wait(process) and process.exit_code == 3


def test_programs_that_are_not_there(machine: Machine, world: World):
    refused(2, machine.run_program, "nothing.exe")
    refused(2, machine.run_program, r"C:\Lab\setup.exe")
    machine.programs["setup.exe"] = slow
    refused(2, machine.run_program, r"C:\Media\setup.exe")  # known, but the file is not there
    machine.files.write(r"C:\Media\setup.exe", b"")
    assert machine.processes.start(r"c:\media\SETUP").path == r"C:\Media\setup.exe"
    machine.files.write(r"C:\Media\odd.exe", b"")
    refused(193, machine.run_program, r"C:\Media\odd.exe")
    assert "wbadmin.exe" not in add(world, "OLD", "2003", 2, "x86").programs


def test_a_program_that_breaks_ends_like_one_that_crashes(machine: Machine, capsys):
    def broken(call: Call) -> Result:
        raise KeyError("bug")

    def denied(call: Call) -> Result:
        raise WindowsError("access_denied", "Access is denied", 5)

    assert machine.run_program(install(machine, "a.exe", broken)).exit_code == -1073741819
    assert "KeyError" in capsys.readouterr().err
    process = machine.run_program(install(machine, "b.exe", denied))
    assert (process.exit_code, process.stderr) == (5, "Access is denied\r\n")


def test_waiting_while_holding_the_lock_is_refused_not_deadly(machine: Machine, world: World):
    path = install(machine, "slow.exe", slow)
    with world.lock, pytest.raises(RuntimeError):
        machine.run_program(path)


# -- cmd -----------------------------------------------------------------------------------------------------


def test_cmd_runs_chains_and_redirections(machine: Machine):
    run = machine.run_program
    assert (
        run("cmd.exe", '/c "hostname & whoami > C:\\who.txt && type C:\\who.txt"').stdout
        == "RMS01\r\nnt authority\\system\r\n"
    )
    assert run("cmd", "/c nosuch 2>nul || echo no").stdout == "no\r\n"
    assert run("cmd", "/c nosuch.exe").exit_code == 9009
    assert run("cmd", "/c exit 7").exit_code == 7
    assert run("cmd", "/c echo %COMPUTERNAME% %SystemRoot%").stdout == "RMS01 C:\\Windows\r\n"
    assert run("cmd", "/c type C:\\none.txt > C:\\out.txt 2>&1").exit_code == 1
    assert "cannot find" in machine.files.read_text(r"C:\out.txt")


def test_a_batch_file_runs_a_program_and_tells_its_code(machine: Machine, world: World):
    install(machine, "slow.exe", slow)
    machine.files.write_text(
        r"C:\Lab\run.cmd",
        '@echo off\r\nrem job\r\ncd /d C:\\Lab\r\n"C:\\Lab\\slow.exe" "%~1" > out.txt 2>&1\r\n'
        "echo %ERRORLEVEL% > rc.txt\r\nif exist out.txt exit /b 4\r\necho never\r\n",
    )
    process = machine.run_program(r"C:\Lab\run.cmd", ["x y"])
    assert (process.exit_code, process.stdout) == (4, "")
    assert machine.files.read_text(r"C:\Lab\out.txt") == "one two"
    assert machine.files.read_text(r"C:\Lab\rc.txt").strip() == "3"
    started = [event[1] for event in kinds(world, "name", "change") if event[0] == "process" and event[2] == "started"]
    assert started == ["cmd.exe", "slow.exe"]


# -- tasks ---------------------------------------------------------------------------------------------------


def test_a_task_runs_under_its_account_with_a_full_logon(machine: Machine, world: World):
    seen: list[tuple[str, str, bool]] = []

    def program(call: Call) -> Result:
        seen.append((call.user, call.logon, call.delegates))
        return Result(12, seconds=5)

    path = install(machine, "p.exe", program)
    task = machine.tasks.create(r"scom.upgrade\job1", path, ["a b"], **UPGRADE)
    assert (task.path, task.arguments, task.last_result) == (r"\scom.upgrade\job1", '"a b"', 267011)
    process = machine.tasks.run(task.path)
    assert process is machine.tasks.run(task.path), "a task that runs is not started twice"
    assert (task.state, task.last_result) == ("running", 267009)
    world.clock.advance(5)
    assert (task.state, task.last_result) == ("ready", 12)
    assert seen == [(r"CONTOSO\scomadmin", "batch", True)]
    assert "Lab-Upgr4de" not in (world.state_dir / "events.jsonl").read_text()
    assert machine.tasks.delete(task.path) and not machine.tasks.delete(task.path)
    assert machine.tasks.delete_folder("scom.upgrade")


def test_a_task_checks_its_password_twice(machine: Machine, world: World):
    create = machine.tasks.create
    refused(1326, create, "t", "hostname.exe", account=r"CONTOSO\scomadmin", password="wrong")
    refused(1332, create, "t", "hostname.exe", account=r"CONTOSO\nobody", password="x")
    task = create("t", "hostname.exe", **UPGRADE)
    refused(183, create, "t", "hostname.exe", **UPGRADE)
    world.accounts.find("scomadmin").password = "changed"
    assert machine.tasks.run("t") is None
    assert (task.state, task.last_result) == ("ready", 0x8007052E)
    plain = create("u", "hostname.exe", account=r"CONTOSO\scomdas", password="Lab-Serv1ce")
    machine.tasks.run("u")
    assert plain.last_result == 0x80070569
    gone = create("v", r"C:\none.exe")
    machine.tasks.run("v")
    assert gone.last_result == 0x80070002


def test_a_time_limit_ends_a_program_that_hangs(machine: Machine, world: World):
    def hang(call: Call) -> Generator[float, None, Result]:
        yield 1
        yield FOREVER
        return Result(0)

    path = install(machine, "hang.exe", hang)
    task = machine.tasks.create("t", "cmd.exe", f"/c {path}", time_limit=3600)
    process = machine.tasks.run("t")
    assert process is not None
    world.clock.advance(10)
    assert world.clock.working, "time runs fast towards the limit"
    world.clock.advance(3600)
    assert (process.exit_code, task.last_result) == (267014, 267014)
    assert machine.processes.list() == [] and not world.clock.working


def test_windows_server_2003_has_no_task_folders(world: World):
    old = add(world, "OLD", "2003", 2, "x86")
    refused(123, old.tasks.create, r"scom.upgrade\job", "hostname.exe")
    assert old.tasks.create("scom.upgrade-job", "hostname.exe").path == r"\scom.upgrade-job"
    process = old.run_program(
        "schtasks.exe", "/create /tn x /tr hostname.exe /sc once /st 00:00 /ru SYSTEM /rl highest"
    )
    assert process.exit_code == 1


def test_schtasks(machine: Machine, world: World):
    def schtasks(*arguments: str, stdin: str = "") -> tuple[int | None, str]:
        process = machine.run_program("schtasks.exe", [*arguments], stdin=stdin)
        return process.exit_code, process.stdout + process.stderr

    create = (
        "/create",
        "/tn",
        r"f\t",
        "/tr",
        r'"C:\Windows\System32\cmd.exe" /c exit 5',
        "/sc",
        "once",
        "/st",
        "00:00",
    )
    assert schtasks(*create, "/ru", r"CONTOSO\scomadmin", "/rp", "wrong")[0] == 1
    assert schtasks(*create, "/ru", r"CONTOSO\scomadmin", stdin="Lab-Upgr4de\n")[0] == 0
    assert schtasks(*create, "/ru", "SYSTEM") == (
        1,
        'ERROR: The task name "f\\t" already exists. (Use /F to replace it.)\r\n',
    )
    assert schtasks("/run", "/tn", r"f\t")[0] == 0
    code, text = schtasks("/query", "/tn", r"\F\T", "/v", "/fo", "list")
    assert code == 0 and "Last Result:          5\r\n" in text and "Run As User:          CONTOSO\\scomadmin" in text
    assert schtasks("/query", "/tn", "none") == (1, "ERROR: The system cannot find the file specified.\r\n")
    assert "cannot be more than 261" in schtasks("/create", "/tn", "x", "/tr", "y" * 262, "/sc", "once")[1]
    assert schtasks("/delete", "/tn", r"f\t", "/f")[0] == 0
    assert machine.tasks.list() == []


def test_schtasks_reads_a_definition(machine: Machine):
    xml = (
        '<?xml version="1.0" encoding="UTF-16"?><Task xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">'
        "<Principals><Principal><UserId>S-1-5-18</UserId><RunLevel>HighestAvailable</RunLevel></Principal></Principals>"
        "<Settings><ExecutionTimeLimit>PT2H30M</ExecutionTimeLimit><Hidden>true</Hidden></Settings>"
        "<Actions><Exec><Command>cmd.exe</Command><Arguments>/c exit 3</Arguments></Exec></Actions></Task>"
    )
    machine.files.write(r"C:\t.xml", xml.encode("utf-16"))
    assert machine.run_program("schtasks", r"/create /tn t /xml C:\t.xml").exit_code == 0
    task = machine.tasks.get("t")
    assert task is not None
    assert (task.time_limit, task.hidden, task.highest, task.arguments) == (9000, True, True, "/c exit 3")


# -- restart -------------------------------------------------------------------------------------------------


def test_a_restart_ends_what_runs_and_brings_services_back(machine: Machine, world: World):
    ms = add(world, "MS02")
    machine.services.create("Auto", start_mode="auto", state="running")
    machine.services.create("ByHand", start_mode="manual", state="running")
    machine.services.create("Off", start_mode="disabled", state="stopped")
    machine.set_pending_reboot()
    process = machine.processes.start(install(machine, "slow.exe", slow))
    before = machine.restart("somebody", delay=5)
    refused(1115, machine.restart)
    world.clock.advance(4)
    assert machine.up and ms.network.can_reach("RMS01", 5985)
    world.clock.advance(10)
    assert not machine.up and not ms.network.can_reach("rms01.contoso.test", 5985)
    assert process.exit_code == 1073807364 and not machine.files.exists(r"C:\Lab\second.txt")
    refused(1115, machine.run_program, "hostname")
    world.clock.advance(120)
    assert machine.up and machine.boot_time > before and not machine.pending_reboot
    states = {name: machine.services.require(name).state for name in ("Auto", "ByHand", "Off", "WinRM")}
    assert states == {"Auto": "running", "ByHand": "stopped", "Off": "stopped", "WinRM": "running"}
    reboot = next(event for event in world.record.events if event["kind"] == "reboot")
    assert reboot["pending_before"] is True and reboot["host"] == "RMS01"


def test_shutdown_exe(machine: Machine, world: World):
    assert machine.run_program("shutdown", "/r /t 60", user=r"CONTOSO\scomdas").exit_code == 5
    assert machine.run_program("shutdown", "/r /t 60").exit_code == 0
    assert machine.run_program("shutdown", "/a").exit_code == 0
    assert machine.run_program("shutdown", "/a").exit_code == 1116
    assert machine.run_program("shutdown", "-r -t 0").exit_code == 0
    world.clock.advance(300)
    assert machine.boots == 2


# -- faults --------------------------------------------------------------------------------------------------


def test_faults_strike_where_and_as_often_as_told(machine: Machine, world: World):
    world.faults.add(host="rms*", operation="HOSTNAME.*", skip=1, count=2, message="broken pipe", code=77)
    add(world, "MS02")
    codes = [machine.run_program("hostname").exit_code for _unused in range(4)]
    assert codes == [0, 77, 77, 0]
    assert world.machines["MS02"].run_program("hostname").exit_code == 0
    assert kinds(world, "operation", "what") == [("fault", "hostname.exe", "fail: broken pipe")] * 2
    assert world.faults.list() == []


@pytest.mark.parametrize("direct", [True, False])
def test_a_program_can_die_half_way(machine: Machine, world: World, direct: bool):
    path = install(machine, "slow.exe", slow)
    world.faults.add(operation="slow.exe", effect="die", code=-5)
    process = machine.run_program(path) if direct else machine.run_program("cmd", f"/c {path}")
    assert process.exit_code == -5
    assert world.clock.now() == 90
    assert machine.files.exists(r"C:\Lab\second.txt") and not machine.files.exists(r"C:\Lab\third.txt")


def test_a_program_can_hang_or_be_late(machine: Machine, world: World):
    path = install(machine, "slow.exe", slow)
    world.faults.add(operation="slow.exe", effect="delay", seconds=600)
    world.faults.add(operation="slow.exe", effect="hang")
    machine.run_program(path)
    assert world.clock.now() == 720
    process = machine.processes.start(path)
    world.clock.advance(86400)
    assert not process.done and process.hung
    with pytest.raises(ValueError, match="Unknown effect"):
        world.faults.add(effect="explode")


# -- WMI -----------------------------------------------------------------------------------------------------

CIMV2 = r"root\cimv2"


@pytest.mark.parametrize(
    "release,pack,architecture,version,bits",
    [
        ("2003", 2, "x86", "5.2.3790", None),
        ("2003 R2", 2, "x64", "5.2.3790", None),
        ("2008", 1, "x64", "6.0.6001", "64-bit"),
        ("2008", 2, "x86", "6.0.6002", "32-bit"),
        ("2008 R2", 0, "x64", "6.1.7600", "64-bit"),
        ("2008 R2", 1, "x64", "6.1.7601", "64-bit"),
        ("2012", 0, "x64", "6.2.9200", "64-bit"),
    ],
)
def test_every_windows_tells_its_version(world: World, release, pack, architecture, version, bits):
    host = add(world, "H", release, pack, architecture, memory_mb=4096, free_mb=1234)
    (system,) = host.wmi.query(CIMV2, "win32_operatingsystem")
    assert (system["Version"], system.get("OSArchitecture"), system["ServicePackMajorVersion"]) == (version, bits, pack)
    assert ("R2" in (system["Caption"] + str(system.get("OtherTypeDescription")))) == ("R2" in release)
    (computer,) = host.wmi.query(CIMV2, "Win32_ComputerSystem")
    assert int(computer["TotalPhysicalMemory"]) == 4096 * 1048576
    (disk,) = host.wmi.query(CIMV2, "Win32_LogicalDisk", [{"property": "deviceid", "value": "c:"}])
    assert int(disk["FreeSpace"]) == 1234 * 1048576
    assert from_dmtf(system["LastBootUpTime"]) == host.boot_time


def test_wql(machine: Machine):
    select = machine.wmi.select
    _unused, rows = select(
        CIMV2,
        "SELECT Name, State FROM Win32_Service WHERE (Name LIKE 'Win%' OR Name = 'rpcss') AND NOT State <> 'Running'",
    )
    assert rows == [
        {"Name": "RpcSs", "State": "Running"},
        {"Name": "Winmgmt", "State": "Running"},
        {"Name": "WinRM", "State": "Running"},
    ]
    _unused, rows = select(CIMV2, "select * from Win32_LogicalDisk where Size > 100000000000 and DriveType=3")
    assert [row["DeviceID"] for row in rows] == ["D:"]
    for wql in ("select from x", "select * from Win32_Service where", "select * from Win32_Service where Name ~ 'x'"):
        with pytest.raises(WindowsError):
            select(CIMV2, wql)
    refused(0x80041010, machine.wmi.query, CIMV2, "Win32_Nothing")
    refused(0x8004100E, machine.wmi.query, r"root\nothing", "X")


def test_wmi_paths_and_methods(machine: Machine, world: World):
    wmi = machine.wmi
    path = r"\\RMS01\root\cimv2:Win32_Service.Name='spooler'"
    wmi_class, row = wmi.get(path)
    assert wmi.path(wmi_class, row) == r'\\RMS01\root\cimv2:Win32_Service.Name="Spooler"'
    assert wmi.invoke(path, "stopservice") == {"ReturnValue": 0}
    assert wmi.invoke(path, "StopService") == {"ReturnValue": 5}
    assert wmi.invoke(path, "ChangeStartMode", ["Disabled"]) == {"ReturnValue": 0}
    assert wmi.invoke(path, "StartService") == {"ReturnValue": 14}
    refused(0x80041002, wmi.get, "Win32_Service.Name='none'")
    refused(0x8004102F, wmi.invoke, path, "Explode")
    created = wmi.invoke("Win32_Process", "Create", {"CommandLine": r"timeout.exe /t 30"})
    assert created["ReturnValue"] == 0
    (process,) = wmi.query(CIMV2, "Win32_Process", {"ProcessId": created["ProcessId"]})
    assert process["Name"] == "timeout.exe"
    assert wmi.invoke("Win32_Process", "Create", ["none.exe"])["ReturnValue"] == 9
    assert wmi.get(r'Win32_Share.Name="C$"')[1]["Path"] == "C:\\"


def test_registry_over_wmi(machine: Machine):
    def ask(method: str, *arguments: object) -> dict:
        return machine.wmi.invoke(r"root\default:StdRegProv", method, arguments)

    key = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
    assert ask("GetStringValue", 2147483650, key, "CurrentBuild") == {"sValue": "7601", "ReturnValue": 0}
    assert ask("GetStringValue", -2147483646, key, "None")["ReturnValue"] == 1
    assert ask("GetDWORDValue", None, r"SOFTWARE\None", "x")["ReturnValue"] == 2
    assert "Control" in ask("EnumKey", 2147483650, "SYSTEM\\CurrentControlSet")["sNames"]
    assert ask("SetDWORDValue", 2147483650, r"SOFTWARE\Lab", "n", 5) == {"ReturnValue": 0}
    assert machine.registry.read(r"HKLM\SOFTWARE\Lab").values == {"n": ("DWord", 5)}


def test_a_cluster_is_seen_from_its_nodes(world: World):
    from tests.lab.world import ClusterSpec

    add(world, "VIRT", cluster=ClusterSpec("VIRT", ("N1", "N2")))
    node = add(world, "N1", cluster_node_of="VIRT")
    plain = add(world, "PLAIN")
    names = [row["Name"] for row in node.wmi.query(r"root\MSCluster", "MSCluster_Node")]
    assert names == ["N1", "N2"]
    services = node.wmi.query("root/mscluster", "MSCluster_Resource", {"Type": "Generic Service"})
    assert {row["PrivateProperties"]["ServiceName"] for row in services} == {"HealthService", "OMSDK", "OMCFG"}
    refused(0x8004100E, plain.wmi.query, r"root\MSCluster", "MSCluster_Node")


def test_the_network_says_why_not(machine: Machine, world: World):
    add(world, "MS02")
    add(world, "NORM", winrm=None)
    network = machine.network
    assert network.why_not("MS02", 445) is None
    assert "actively refused" in (network.why_not("MS02", 1433) or "")
    assert "actively refused" in (network.why_not("NORM", 5985) or "")
    assert "No such host" in (network.why_not("none", 445) or "")
    world.bystanders.add("app01.contoso.test")
    assert network.why_not("APP01.contoso.test", 445) is None
    assert "actively refused" in (network.why_not("app01.contoso.test", 5723) or "")
    world.blocked.add(("*", "MS02", 445))
    assert not network.can_reach("ms02", 445) and network.can_reach("MS02", 135)


def test_system_state_backups(machine: Machine, world: World):
    assert machine.run_program("wbadmin", "get versions").exit_code == -2
    assert machine.run_program("wbadmin", "start systemstatebackup -backupTarget:D: -quiet").exit_code == 0
    assert "Version identifier: 05/12/2012-18:15" in machine.run_program("wbadmin", "get versions").stdout
    assert ("backup", "system_state") in kinds(world, "what")


# -- the record tells everything -----------------------------------------------------------------------------


def test_the_state_before_and_the_events_make_the_state_after(machine: Machine, world: World):
    """Whatever is done, in whatever order: nothing changes without an event, and no event without a change."""
    rng = random.Random(2012)
    install(machine, "slow.exe", slow)
    before = {"machines": {machine.name: machine.status(full=True)}}
    names = ["a", "b", "C"]

    def name() -> str:
        return rng.choice(names)

    actions = [
        lambda: machine.registry.set(rf"HKLM\SOFTWARE\{name()}\{name()}", name(), "String", name()),
        lambda: machine.registry.remove(rf"HKLM\SOFTWARE\{name()}\{name()}", name()),
        lambda: machine.registry.delete(rf"HKLM\SOFTWARE\{name()}"),
        lambda: machine.files.write(rf"C:\{name()}\{name()}.txt", name().encode() * rng.randrange(3)),
        lambda: machine.files.put(rf"D:\{name()}\{name()}.exe", version=rng.choice(["1.0", "2.0"])),
        lambda: machine.files.delete(rf"C:\{name()}", recurse=True),
        lambda: machine.files.move(rf"C:\{name()}\{name()}.txt", rf"D:\{name()}.txt"),
        lambda: (machine.files.drives()["C"] / f"behind-{name()}").write_text(name()),
        machine.files.rescan,
        lambda: machine.services.create(name(), depends_on=["RpcSs"]),
        lambda: machine.services.start(name()),
        lambda: machine.services.stop(rng.choice(["RpcSs", name()]), force=True),
        lambda: machine.services.set_start_mode(name(), rng.choice(["auto", "disabled", "manual"])),
        lambda: machine.services.delete(name()),
        lambda: machine.tasks.create(rf"f\{name()}", r"C:\Lab\slow.exe", replace=rng.random() < 0.5),
        lambda: machine.tasks.run(rf"f\{name()}"),
        lambda: machine.tasks.end(rf"f\{name()}"),
        lambda: machine.tasks.delete(rf"f\{name()}"),
        lambda: machine.eventlog.write(name(), "Lab", "warning", 1, "x"),
        lambda: machine.set_feature(rng.randrange(3), "feature", rng.random() < 0.5),
        machine.set_pending_reboot,
        lambda: machine.restart() if rng.random() < 0.2 else None,
        lambda: world.clock.advance(rng.random() * 60),
    ]
    done = 0
    for _unused in range(600):
        try:
            rng.choice(actions)()
            done += 1
        except WindowsError:
            pass
    machine.files.rescan()
    assert done > 300 and machine.boots > 1
    after = {"machines": {machine.name: machine.status(full=True)}}
    events = world.record.events
    assert [event["n"] for event in events] == list(range(1, len(events) + 1))
    assert differences(replay(before, events), after) == []
    # and the check can fail: with one service's event left out, the states differ
    service = next(e for e in reversed(events) if e["kind"] == "service")
    assert differences(replay(before, [e for e in events if e is not service]), after) != []


@pytest.mark.parametrize(
    ("user", "logon", "administrator", "mark"),
    [
        (r"CONTOSO\scomadmin", "batch", True, "S-1-5-3"),
        (r"CONTOSO\scomdas", "service", False, "S-1-5-6"),
        ("Administrator", "network", True, "S-1-5-2"),
    ],
)
def test_whoami_shows_the_groups_of_the_token(machine: Machine, user, logon, administrator, mark) -> None:
    rows = list(csv.reader(whoami(machine, "/groups /fo csv /nh", user, logon).splitlines()))
    assert all(len(row) == 4 for row in rows)
    sids = {row[2]: row[0] for row in rows}
    assert ("S-1-5-32-544" in sids) is administrator and mark in sids
    assert any(name.endswith("Domain Users") for name in sids.values()) is ("\\" in user)
    heading, *others = csv.reader(whoami(machine, "/groups /fo csv", user, logon).splitlines())
    assert heading[2] == "SID" and others == rows


def whoami(machine: Machine, arguments: str, user: str, logon: str) -> str:
    return machine.processes.start("whoami.exe", arguments, user=user, logon=logon).stdout
