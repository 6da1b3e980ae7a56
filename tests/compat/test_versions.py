"""A small real playbook on every ansible-core from 2.15 on, over winrm and over psrp, against the lab."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.lab.engine import make_engine
from tests.lab.world import HostSpec, OsSpec, World
from tests.lab.wsman import serve
from tests.unit.lab.wsman_fakes import free_port
from tests.unit.lab.wsman_playbook import play

from .environments import ROOT, VERSIONS, Missing, Version, environment

pytestmark = [pytest.mark.slow, pytest.mark.lab]

WIRE = '''
from ansible.plugins.action import ActionBase
from ansible_collections.scom.upgrade.plugins.plugin_utils.remote import Remote, operation


class ActionModule(ActionBase):
    """Sends one batch over the collection's wire: system.info, and a failure beside it."""

    TRANSFERS_FILES = False

    def run(self, tmp=None, task_vars=None):
        remote = Remote(self._connection, task_vars["inventory_hostname"])
        missing = operation("file.read", path="C:\\\\\\\\no such file")
        results = remote.run([operation("system.info"), missing])
        statistics = remote.statistics
        return {
            "changed": False,
            "info": results[0].get(),
            "kind": results[1].kind,
            "round_trips": statistics.round_trips,
            "max_command": statistics.max_command,
        }
'''
TRANSPORTS: dict[str, Mapping[str, Any]] = {
    "winrm": {"ansible_winrm_transport": "ntlm"},
    "psrp": {
        "ansible_connection": "psrp",
        "ansible_psrp_auth": "negotiate",
        "ansible_psrp_message_encryption": "auto",
    },
}
WARNINGS = {"PYTHONWARNINGS": "default", "REQUESTS_CA_BUNDLE": "none.pem"}
"""Lets pywinrm warn on stderr: whoever writes there from a thread of a worker hangs on ansible-core 2.15 to 2.18."""


@dataclass
class Served:
    """What a play needs to know of a lab."""

    world: World
    addresses: dict[str, str]
    port: int


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    world = World(tmp_path_factory.mktemp("world"))
    for name, release, pack in (("OM01", "2008 R2", 1), ("OM02", "2003", 2)):
        world.add_machine(HostSpec(name, f"{name.lower()}.lab.test", "lab.test", OsSpec(release, pack)))
    addresses = {"OM01": "127.0.18.1", "OM02": "127.0.18.2"}
    server = serve(world, make_engine(world), addresses, port := free_port())
    try:
        yield Served(world, addresses, port)
    finally:
        server.close()
        world.close()


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("version", VERSIONS, ids=str)
def test_the_collection_runs_on(version: Version, transport: str, served: Served, tmp_path: Path) -> None:
    try:
        bin_folder = environment(version)
    except Missing as reason:
        pytest.skip(str(reason))
    tasks = [{"name": "wire", "wire": {}}, {"name": "facts", "scom.upgrade.host_facts": {}}]
    before = len(served.world.record.events)
    played = play(
        served,
        tmp_path,
        tasks,
        variables=TRANSPORTS[transport],
        executable=str(bin_folder / "ansible-playbook"),
        plugins={"wire": WIRE},
        timeout=90,
        environment={"ANSIBLE_COLLECTIONS_PATH": str(ROOT / "playbooks" / "collections"), **WARNINGS},
    )
    assert played.code == 0, played.text
    for host in served.addresses:
        wire = played.of("wire", host)
        assert wire["info"]["name"] == host
        assert wire["info"]["user"] == f"{host}\\Administrator"
        assert (wire["kind"], wire["round_trips"]) == ("not_found", 1)
        assert wire["max_command"] + len(r"C:\Windows\system32\cmd.exe /C ") <= 8191
        facts = played.of("facts", host)
        assert facts["reachable"], facts["reason"]
        assert facts["facts"]
    events = served.world.record.since(before)
    assert {event["kind"] for event in events} == {"command"}
    assert {event["protocol"] for event in events} == {transport}
    assert max(event["envelope_max"] for event in events) <= 150 * 1024
