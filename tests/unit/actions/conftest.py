"""Actions run in this process against a modelled machine: the same operations, the same frame, no network."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.lab.engine import make_engine
from tests.lab.estate import read_estate
from tests.lab.product.build import build_world
from tests.lab.product.status import status

ESTATES = Path(__file__).resolve().parents[2] / "estates"
ACTIONS = "ansible_collections.scom.upgrade.plugins.action."


class Connection:
    """What an action needs of a connection, straight into the engine."""

    transport = "winrm"
    has_pipelining = True
    always_pipeline_modules = True
    module_implementation_preferences = (".ps1", "")

    def __init__(self, engine, machine, user="Administrator"):
        self.engine, self.machine, self.user = engine, machine, user
        self._shell = SimpleNamespace(tmpdir=None, SHELL_FAMILY="powershell")
        self.commands = 0

    def exec_command(self, cmd, in_data=None, sudoable=True):
        """Run a command line."""
        self.commands += 1
        outcome = self.engine.run(self.machine, cmd, in_data or b"", user=self.user, protocol="winrm")
        return outcome.code, outcome.stdout, outcome.stderr

    def get_option(self, name):
        """The only option that is asked for."""
        return {"remote_user": self.user}.get(name)

    def reset(self):
        """Nothing to reset."""


class Bench:
    """A world made from an estate, and actions on its machines."""

    def __init__(self, estate, folder):
        self.world = build_world(read_estate(ESTATES / f"{estate}.yml"), state_dir=folder, scale=5000.0)
        self.engine = make_engine(self.world)
        self.folder = folder

    def run(self, action, host, check=False, **arguments):
        """Run an action on a host; its result."""
        module = importlib.import_module(ACTIONS + action)
        task = SimpleNamespace(
            args=arguments,
            check_mode=check,
            diff=True,
            async_val=0,
            delegate_to=None,
            action=f"scom.upgrade.{action}",
            environment=None,
            collections=[],
            _role=None,
            become=False,
        )
        self.connection = Connection(self.engine, self.world.machines[host])
        context = SimpleNamespace(check_mode=check, verbosity=0, remote_addr=None)
        return module.ActionModule(task, self.connection, context, None, None, None).run(
            task_vars={"inventory_hostname": host}
        )

    def status(self):
        """The world as it is now, in a form that compares."""
        return json.loads(json.dumps(status(self.world), sort_keys=True, default=str))

    def events(self):
        """Kinds of the events so far."""
        with open(Path(self.folder) / "events.jsonl", encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def quartet(self, action, host, changes=None, **arguments):
        """Predict, look that nothing was changed, apply, repeat for no change; returns the applied result."""
        before, recorded = self.status(), len(self.events())
        predicted = self.run(action, host, check=True, **arguments)
        assert not predicted.get("failed"), predicted.get("msg")
        assert predicted["changed"] is True
        assert self.status() == before, "check mode changed the world"
        assert self.events()[recorded:] == [], "check mode left events"
        applied = self.run(action, host, **arguments)
        assert not applied.get("failed"), applied.get("msg")
        assert applied["changed"] is True
        if "diff" in predicted:
            assert predicted["diff"]["before"] == applied["diff"]["before"]
        assert self.events()[recorded:], "applying left no event"
        again = self.run(action, host, **arguments)
        assert not again.get("failed"), again.get("msg")
        if changes is None or changes:
            assert again["changed"] is False, "a repeat changed something"
        return applied


@pytest.fixture()
def bench(tmp_path, request):
    """The estate named by `@pytest.mark.parametrize("bench", [...], indirect=True)`, else distributed-simple."""
    return Bench(getattr(request, "param", "distributed-simple"), tmp_path)
