# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Facts of one host that not every host has, each read in the same one command."""

from __future__ import annotations

import hashlib

import pytest

from ansible_collections.scom.upgrade.plugins.plugin_utils.host import held_open
from ansible_collections.scom.upgrade.plugins.plugin_utils.host.answers import Answers
from ansible_collections.scom.upgrade.plugins.plugin_utils.remote import Result
from tests.lab.product.build import left_open
from tests.lab.world.spec import OpenFile

FOLDER = r"C:\Program Files\System Center Operations Manager 2007"
MEDIA = r"C:\Media\SCOM2012"


def facts(bench, host, **arguments):
    """The facts of a host, read in one command."""
    result = bench.run("host_facts", host, media_path=MEDIA, **arguments)
    assert result["reachable"], result
    assert bench.connection.commands == 1
    return result["facts"]


def sha256(text):
    """What a hash of the lab's file is."""
    return hashlib.sha256(text.encode()).hexdigest()


def test_only_files_that_are_asked_for_are_hashed(bench):
    bench.world.machines["MS02"].files.write(MEDIA + r"\Setup\AMD64\Server\OMServer.msi", b"server")
    wanted = ["SETUP.exe", "setup/amd64/server/omserver.msi", r".\nothing\there.msi", ""]
    media = facts(bench, "MS02", media_hashes=wanted)["media"]
    hashes = {name: stat["sha256"] for name, stat in media["files"].items()}
    assert hashes == {
        "setup.exe": sha256("MZsetup.exe"),
        "setup\\amd64\\server\\omserver.msi": sha256("server"),
        "agent\\i386\\MOMAgent.msi": None,
        "agent\\AMD64\\MOMAgent.msi": None,
        "gateway\\AMD64\\MOMGateway.msi": None,
    }
    assert media["present"] is True


def test_a_file_that_cannot_be_looked_at_is_unknown_and_not_absent(bench):
    bench.world.faults.add(host="MS02", operation="file.stat", kind="access_denied", message="Denied.", count=None)
    found = bench.run("host_facts", "MS02", media_path=MEDIA, media_hashes=["setup.exe"])["facts"]
    assert found["media"]["present"] is None and found["media"]["files"] == {}
    assert found["unknown"]["media.setup.exe"] == "Denied."


def test_the_queue_of_each_group_is_read(bench):
    key = r"HKLM\SYSTEM\CurrentControlSet\Services\HealthService\Parameters\Management Groups"
    assert facts(bench, "MS02")["queue_kb"] == {"CONTOSO": 15360}
    assert facts(bench, "WEB01")["queue_kb"] is None
    registry = bench.world.machines["DC01"].registry
    registry.set(key + r"\CONTOSO", "MaximumQueueSizeKB", "DWord", 76800)
    registry.create(key + r"\OTHER")
    assert facts(bench, "DC01")["queue_kb"] == {"CONTOSO": 76800, "OTHER": None}


def open_program(machine, path):
    """Somebody starts a program and leaves it open; its process."""
    machine.programs[path.lower()] = left_open
    return machine.processes.start(path, user=r"CONTOSO\operator1", logon="interactive")


def test_nothing_is_held_open_by_the_product_itself(bench):
    for host in ("RMS01", "MS02", "GW01", "DC01"):
        assert facts(bench, host)["held_open"] == {"programs": [], "shares": []}, host
    assert facts(bench, "SQL01")["held_open"] is None, "nothing of the product is here"


def test_an_open_console_and_a_file_open_over_a_share_are_seen(bench):
    machine = bench.world.machines["RMS01"]
    console = open_program(machine, FOLDER + r"\Microsoft.MOM.UI.Console.exe")
    open_program(machine, FOLDER + r" Extras\notepad.exe")
    open_program(machine, r"C:\Windows\System32\mmc.exe")
    machine.spec.open_files = (
        OpenFile(FOLDER.upper() + r"\Health Service State\a, b.log", "ada"),
        OpenFile(FOLDER, "bob"),
        OpenFile(FOLDER + r" Extras\c.log", "ada"),
    )
    found = facts(bench, "RMS01")
    assert found["held_open"] == {
        "programs": [{"name": "Microsoft.MOM.UI.Console.exe", "path": console.path, "id": console.id}],
        "shares": [
            {"path": FOLDER, "by": "bob"},
            {"path": FOLDER.upper() + r"\Health Service State\a, b.log", "by": "ada"},
        ],
    }
    machine.processes.kill(console.id)
    assert facts(bench, "RMS01")["held_open"]["programs"] == []


def test_what_a_service_started_is_the_product_itself():
    rows = [
        {"Name": "MonitoringHost.exe", "ExecutablePath": FOLDER + r"\MonitoringHost.exe", "ProcessId": 10},
        {"Name": "probe.exe", "ExecutablePath": FOLDER + r"\Health Service State\probe.exe", "ParentProcessId": 10},
        {"Name": "own.exe", "ExecutablePath": FOLDER + r"\own.exe", "ProcessId": 11},
        {"Name": "hidden.exe", "ExecutablePath": None, "ProcessId": 12},
        {"Name": "Console.exe", "ExecutablePath": FOLDER + r"\Console.exe", "ProcessId": 13, "ParentProcessId": 9},
    ]
    service = {"services": {"Own": {"path": FOLDER + r"\own.exe -k x"}}}
    answers = [Result("processes", "x", True, False, {"rows": rows}), Result("services", "x", True, False, service)]
    given = Answers(answers, None, None, (), (), None)
    assert [one["id"] for one in held_open.open_programs(given, (FOLDER.lower() + "\\",))] == [13]


@pytest.mark.parametrize(
    "fault, part, reason",
    [
        ({"operation": "command.run", "kind": "access_denied", "message": "Denied."}, "shares", "no list: Denied."),
        ({"operation": "command.run", "kind": "not_found", "message": "No such file."}, "shares", "no list: No such"),
        ({"operation": "openfiles.exe", "code": 1, "message": "FEHLER: Kein Zugriff"}, "shares", "no list: FEHLER: Kein"),
        ({"operation": "wmi.query", "message": "WMI is ill.", "count": None}, "programs", "WMI is ill."),
    ],
)
def test_half_of_it_may_be_unknown(bench, fault, part, reason):
    bench.world.faults.add(host="MS02", **fault)
    found = facts(bench, "MS02")
    assert found["held_open"] == {"programs": [], "shares": [], part: None}
    assert reason in found["unknown"]["held_open." + part]


def test_columns_count_by_their_place_in_any_language():
    text = (
        "\r\nINFORMATION: Das Kennzeichen 'Objektliste' ...\r\n\r\nRemote ge\u00f6ffnete Dateien:\r\n-------\r\n"
        '"24","m\u00fcller","Windows","C:\\P\\Health Service State\\x"\r\n"25","ada","Windows","D:\\other"\r\n'
    )
    answer = Result("open_files", "x", True, True, {"rc": 0, "stdout": text, "stderr": "", "timed_out": False})
    given = Answers([answer], None, None, (), (), None)
    assert held_open.open_shares(given, ("c:\\p\\",)) == [{"path": "C:\\P\\Health Service State\\x", "by": "m\u00fcller"}]
    late = Result("open_files", "x", True, True, {"rc": None, "stdout": "", "stderr": "", "timed_out": True})
    given = Answers([late], None, None, (), (), None)
    assert held_open.open_shares(given, ("c:\\p\\",)) is None
    assert given.unknown == {"held_open.shares": "openfiles.exe gave no list"}


@pytest.mark.parametrize(
    "named, folders",
    [
        ("D:\\OpsMgr\\", ("d:\\opsmgr\\",)),
        ("D:\\", ()),
        ("C:\\Program Files\\System Center 2012\\Operations Manager\\Server\\",
         ("c:\\program files\\system center 2012\\operations manager\\",)),
        ("E:\\Server", ("e:\\server\\",)),
    ],
)  # fmt: skip
def test_folders_of_the_product(named, folders):
    values = {"InstallDirectory": {"kind": "String", "data": named}}
    setup = Result("setup", "x", True, False, {"exists": True, "values": values, "subkeys": {}})
    assert held_open.product_folders(Answers([setup], None, None, (), (), None)) == folders


@pytest.mark.parametrize(("operation", "places"), [("registry.read", ("opsmgr", "registry.setup")), ("file.read", ("iis.sites",))])
def test_what_of_the_product_could_not_be_looked_for_is_unknown(bench, operation, places):
    bench.world.faults.add(host="WEB01", operation=operation, kind="access_denied", message="Denied.", count=None)
    found = bench.run("host_facts", "WEB01", media_path=MEDIA)["facts"]
    for place in places:
        assert found["unknown"][place] == "Denied."
