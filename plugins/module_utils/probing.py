# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a host should try because reading alone does not tell: ports, log-ons, rights on SQL Server.

Who has to try what follows from the plan: an account logs on where setup runs under it, and a port is tried by the machine
that will connect. The answers come back into the snapshot as ``probes``, where rules R69 and R70 judge them. Passwords are not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    """Each account with the hosts of the steps that need it."""
    for name, kinds in ACCOUNTS.items():
        account = found.inputs.get(name)
        for step in found.plan.steps:
            if account and step.hosts and step.hosts[0] in found.group.snapshot["hosts"] and step.kind in kinds:
                yield step.hosts[0], {"input": name, "name": account}
    for step in found.plan.steps:
        if found.inputs.get(WRITER) and (step.parameters or {}).get("warehouse") and step.hosts:
            yield step.hosts[0], {"input": WRITER, "name": found.inputs[WRITER]}


def _instances(known: View, found: Conclusion) -> Iterator[tuple[str, str]]:
    """The instances setup will work with under the account: those of the databases, where they will be."""
    if found.group.is_2012 or not found.inputs.get("account"):
        return
    for one in known.databases:
        machine = known.machine(one.effective_host)
        if machine is not None and machine.facts is not None:
            yield machine.name, one.effective_instance
