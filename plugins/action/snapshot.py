# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.snapshot`, which works on the controller and asks no host."""

from __future__ import annotations

import os
import statistics
from datetime import datetime, timezone

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.scom.upgrade.plugins.module_utils import contract, facts
from ansible_collections.scom.upgrade.plugins.modules import snapshot as module
from ansible_collections.scom.upgrade.plugins.plugin_utils.host_action import argument_spec, plain

LEFT_OUT = "left out of this run (--limit), and no earlier snapshot has its facts"


class ActionModule(ActionBase):
    """Puts the facts of hosts and group together into one checked file."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """See the module's documentation."""
        del tmp
        result = super().run(None, task_vars)
        arguments = plain(self.validate_argument_spec(argument_spec(module.DOCUMENTATION))[1])
        dest = os.path.abspath(os.path.expanduser(arguments["dest"]))
        arguments["hosts"] = relative_clocks(arguments["hosts"])
        journals = [arguments["journal"], *(host.pop("journal", []) for host in arguments["hosts"].values())]
        collected = arguments["collected"] or datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        earlier = _earlier(dest, arguments["group"].get("name"))
        hosts, unreachable, borrowed = _with_earlier(arguments, earlier)
        probes = arguments["probes"]
        try:
            found = facts.assemble(
                hosts,
                arguments["group"],
                unreachable,
                arguments["inventory"],
                facts.merge_journals(*journals),
                collected,
                probes=earlier.get("probes") if probes is None else dict(probes, collected=collected),
            )
        except facts.SnapshotError as error:
            raise AnsibleActionFail(f"The facts do not make a snapshot: {error}") from None
        if not self._task.check_mode:
            _write(dest, facts.canonical(found))
        agents = len(found["group"]["agents"]["rows"]) if found["group"] else 0
        summary = (
            f"{len(found['hosts'])} hosts and {agents} agents of {found['group']['name'] if found['group'] else 'no group'}"
            f", {len(found['unreachable'])} hosts not reached"
            + (f", {len(borrowed)} hosts by an earlier snapshot: {', '.join(borrowed)}" if borrowed else "")
        )
        result.update(
            changed=True,
            path=dest,
            summary=summary,
            unreachable_hosts=found["unreachable"],
            borrowed=borrowed,
            approved=contract.newest_approval(found["journal"]) or {},
            before=contract.kept_before(found["journal"]) or {},
            begun=contract.begun(found),
            counts=contract.counts(found),
        )
        return result


def _with_earlier(arguments, earlier):
    """Facts of hosts that this run leaves out come from the earlier snapshot of the group.

    Its journal is not taken over: what counts as done must be told by the servers, not by a file that may be of another day.
    """
    hosts, unreachable = dict(arguments["hosts"]), dict(arguments["unreachable"])
    borrowed = []
    for name in arguments["inventory"]:
        if name in hosts or name in unreachable:
            continue
        if name in earlier.get("hosts", {}):
            hosts[name] = earlier["hosts"][name]
            borrowed.append(name)
        else:
            unreachable[name] = LEFT_OUT
    return hosts, unreachable, borrowed


def _earlier(path, group):
    """The snapshot that is there, if it is of the same group.

    Empty where none is, or none that can be read: it is about to be replaced.
    """
    try:
        with open(path, encoding="utf-8") as file:
            found = facts.parse(file.read(), path)
    except (OSError, facts.SnapshotError):
        return {}
    return found if (found["group"] or {}).get("name") == group else {}


def relative_clocks(hosts):
    """The hosts with their clocks compared with each other: the median host's difference from the controller is taken off."""
    skews = [host["clock_skew_seconds"] for host in hosts.values() if host.get("clock_skew_seconds") is not None]
    if not skews:
        return hosts
    middle = statistics.median_low(skews)
    return {
        name: host
        if host.get("clock_skew_seconds") is None
        else dict(host, clock_skew_seconds=host["clock_skew_seconds"] - middle)
        for name, host in hosts.items()
    }


def _write(dest, text):
    """Write the file whole or not at all."""
    os.makedirs(os.path.dirname(dest), exist_ok=True)
    with open(dest + ".new", "w", encoding="utf-8") as file:
        file.write(text + "\n")
    os.replace(dest + ".new", dest)
