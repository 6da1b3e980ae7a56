# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a host should try because reading alone does not tell: ports, log-ons, rights on SQL Server.

Who has to try what follows from the plan: an account logs on where setup runs under it, and a port is tried by the machine
that will connect. The answers come back into the snapshot as ``probes``, where rules R69 and R70 judge them. Passwords are not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Optional

from .catalog import Settings
from .decide import Conclusion, conclude
from .needs import ACCOUNTS, WRITER
from .path import NONE
from .readiness import moment
from .rules.connections import connections
from .rules.engine import Context
from .rules.view import View, view


def targets(snapshot: Mapping[str, Any], given: Optional[Mapping[str, Any]] = None) -> dict[str, dict[str, Any]]:
    """What each host has to try, by inventory name; hosts with nothing to try are left out.

    ``{host: {"ports": [{"to", "address", "port"}], "accounts": [{"input", "name"}], "instances": [name],
    "sql_accounts": [name]}}``. Raises one of ``decide.PROBLEMS``.
    """
    found = conclude(snapshot, given)
    settings = Settings.of(found.inputs)
    known = view(Context(found.group, found.decision, found.inputs, moment(found.group), settings))
    hosts: dict[str, dict[str, Any]] = {}
    for part, entries in (
        ("ports", _ports(known)),
        ("accounts", _accounts(found)),
        ("instances", _instances(known, found)),
    ):
        for host, entry in entries:
            asked = hosts.setdefault(host, {"ports": [], "accounts": [], "instances": [], "sql_accounts": []})
            if entry not in asked[part]:
                asked[part].append(entry)
    for asked in hosts.values():
        asked["sql_accounts"] = [found.inputs["account"]] if asked["instances"] else []
    return dict(sorted(hosts.items()))


def _ports(known: View) -> Iterator[tuple[str, dict[str, Any]]]:
    if known.path_kind == NONE:
        return
    for one in connections(known):
        for trial in one.trials:
            yield trial.source, {"to": trial.target, "address": trial.address, "port": trial.port}


def _accounts(found: Conclusion) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each account with the hosts of the steps that need it; the first also where the group knows its administrators."""
    for name, kinds in ACCOUNTS.items():
        for step in found.plan.steps:
            if step.kind in kinds:
                yield from _account(found, name, step.hosts[:1])
    for step in found.plan.steps:
        if (step.parameters or {}).get("warehouse"):
            yield from _account(found, WRITER, step.hosts[:1])
    if found.group.rms and not found.group.is_2012:
        yield from _account(found, "account", (found.group.rms,))


def _account(found: Conclusion, name: str, hosts: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """An account with those of the hosts that gave facts; none where the input does not name it."""
    account = found.inputs.get(name)
    for host in hosts:
        if account and host in found.group.snapshot["hosts"]:
            yield host, {"input": name, "name": account}


def _instances(known: View, found: Conclusion) -> Iterator[tuple[str, str]]:
    """The instances setup will work with under the account: those of the databases, where they will be."""
    if found.group.is_2012 or not found.inputs.get("account"):
        return
    for one in known.databases:
        machine = known.machine(one.effective_host)
        if machine is not None and machine.facts is not None:
            yield machine.name, one.effective_instance
