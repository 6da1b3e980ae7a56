# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Optional features, and what is left to do when the group is upgraded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Optional

from ..catalog import Settings, supported
from ..entities import Facts, Machine
from ..names import natural
from ..plan import MANUAL, Step
from ..spares import DATABASE, FEATURE, leaves_first
from . import backups
from .context import Context, fact, until
from .prepare import leave


def features(context: Context) -> tuple[list[Step], list[Step]]:
    """Consoles, web consoles and audit collectors; and, the last of all, Reporting (O7)."""
    early = [*_consoles(context), *_web_consoles(context), *_collectors(context)]
    return _without_vouched(context, early), _without_vouched(context, _reporting(context))


def _without_vouched(context: Context, steps: list[Step]) -> list[Step]:
    """The steps without those that somebody signed off on machines whose facts cannot show them."""
    left = {step.id for step in steps if not context.vouched(step)}
    return [
        replace(step, requires=tuple(one for one in step.requires if one in left)) for step in steps if step.id in left
    ]


def _own_setup(context: Context, machine: Machine) -> bool:
    """Whether a management server's own setup run upgrades what is on the machine."""
    return machine.is_server or machine.name in context.decision.joins


def _taken_over(context: Context, machine: Machine, role: str) -> bool:
    """Whether somebody else takes a feature over from a machine, or it goes without one."""
    if machine.name in context.retire:
        return True
    return any(one.machine == machine.name and role in one.roles for one in context.decision.replacements)


def _takers(context: Context, role: str) -> dict[str, str]:
    """Who takes a feature over that was on a machine that leaves: {new machine: old machine}."""
    found = {}
    for pair in context.decision.replacements:
        if role in pair.roles and pair.kind in (FEATURE, DATABASE) and pair.by:
            found[pair.by] = pair.machine
    return found


def _consoles(context: Context) -> list[Step]:
    group = context.group
    found = []
    removed = {str(name) for _entry, names in context.saved("consoles_removed") for name in names}
    for machine in group.machines.values():
        console = _console_of(machine)
        if console is not None and not _own_setup(context, machine) and not _taken_over(context, machine, "console"):
            goes = _agent_goes_first(context, machine)
            if (context.part_behind(machine, "console") or goes) and _may_have_console(context, machine.facts):
                found.append(_console(context, machine.name, console.get("version"), goes))
        elif not console and machine.name in removed and _may_have_console(context, machine.facts):
            found.append(_console(context, machine.name, None, True))
    for name in sorted(removed - set(group.machines), key=natural):
        facts = group.host_facts(name)
        if facts is not None and not (facts.get("opsmgr") or {}).get("console") and _may_have_console(context, facts):
            found.append(_console(context, name, None, True))
    for name, old in _takers(context, "console").items():
        machine = group.machines[name]
        if not machine.opsmgr.get("console") and not machine.opsmgr.get("ui_version"):
            found.append(_console(context, name, None, True, old))
    return sorted(found, key=lambda step: natural(step.hosts[0]))


def _console_of(machine: Machine) -> Optional[Facts]:
    """The console of a machine, empty where only the inventory says that it has one."""
    build = machine.opsmgr.get("ui_version")
    told = machine.opsmgr.get("console") or ({"version": build} if build else None)
    return {} if told is None and "console" in machine.roles else told


def _may_have_console(context: Context, facts: Any) -> bool:
    """A console does not come back to a system on which the 2012 console does not run."""
    return facts is None or not supported(facts, "console", Settings.of(context.inputs))


def _agent_goes_first(context: Context, machine: Machine) -> bool:
    """Whether the console is removed for the upgrade of the agent on its machine (O17)."""
    group = context.group
    fqdn = next((name for name, host in group.agent_hosts.items() if host == machine.name), None)
    place = group.agents.place(fqdn) if fqdn else None
    if place is None:
        return False
    return not context.upgraded[place] and context.behind(
        machine.opsmgr.get("agent_version") or group.agents.versions[place]
    )


def _console(context: Context, host: str, version: Optional[str], install: bool, old: Optional[str] = None) -> Step:
    mode, parameters = context.mode_of(host)
    if old:
        why = fact(f"{old} leaves with its console.", f"hosts.{old}.opsmgr.console", old, "", "documented", "S9")
    elif install:
        why = fact(f"The console of {host} was removed for its agent.", "journal.saved.consoles_removed", host, "R30",
                   "later guide", "S19c, S19j")  # fmt: skip
    else:
        text = f"{host} has a console of build {version or 'nobody knows'}."
        why = fact(text, f"hosts.{host}.opsmgr.console.version", version, source="S9")
    return context.step(
        f"features.console.{host}",
        "console.upgrade",
        f"Install the console on {host}" if install else f"Upgrade the console on {host}",
        [host],
        why=[why],
        done_when=[until(f"The console on {host} shows build {context.target}.", f"hosts.{host}.opsmgr.console.version",
                         context.target)],
        parameters={"install": install, **parameters},
        mode=mode,
        order=("O6", "O17") if install and not old else None,
    )  # fmt: skip


def _web_consoles(context: Context) -> list[Step]:
    group = context.group
    found = []
    for machine in group.with_role("web_console"):
        part = machine.opsmgr.get("web_console") or {}
        if _own_setup(context, machine) or _taken_over(context, machine, "web_console"):
            continue
        if context.part_behind(machine, "web_console"):
            found.append(_web_console(context, machine.name, part, None))
    for name, old in _takers(context, "web_console").items():
        first = leaves_first(group, context.retire, old)
        if not group.machines[name].opsmgr.get("web_console") and not (
            first and _own_setup(context, group.machines[name])
        ):
            found.append(_web_console(context, name, {}, old, install=not first))
    return found


def _web_console(context: Context, host: str, part: Any, old: Optional[str], install: bool = False) -> Step:
    mode, parameters = context.mode_of(host)
    place = f"hosts.{host}.opsmgr.web_console.version"
    text = f"{old} leaves with its web console." if old else f"{host} has a web console of build {part.get('version')}."
    return context.step(
        f"features.web_console.{host}",
        "web_console.upgrade",
        f"{'Install' if install else 'Upgrade'} the web console on {host}",
        [host],
        why=[fact(text, place, part.get("version"), "R32" if not old else "", "field" if not old else "documented",
                  "S14, S9")],
        done_when=[until(f"The web console on {host} shows build {context.target}.", place, context.target)],
        parameters={
            "site": context.inputs["web_console_site"],
            "install": install,
            **_server_for(context),
            **parameters,
        },
        mode=mode,
    )  # fmt: skip


def _server_for(context: Context) -> dict[str, Any]:
    """The management server a feature is pointed to where the old root management server is gone."""
    run_from = context.decision.run_from
    named = context.decision.from_secondary and run_from
    return {"management_server": context.fqdn(run_from) if named and run_from else None}


def _collectors(context: Context) -> list[Step]:
    group = context.group
    found = []
    for name in backups.collectors(context):
        if not _taken_over(context, group.machines[name], "acs_collector"):
            found.append(_collector(context, name, None))
    for name, old in _takers(context, "acs_collector").items():
        if not group.machines[name].opsmgr.get("acs_collector"):
            found.append(_collector(context, name, old, install=not leaves_first(group, context.retire, old)))
    return found


def _collector(context: Context, host: str, old: Optional[str], install: bool = False) -> Step:
    mode, parameters = context.mode_of(host)
    place = f"hosts.{host}.opsmgr.acs_collector.version"
    version = (context.group.machines[host].opsmgr.get("acs_collector") or {}).get("version")
    text = f"{old} leaves with its audit collector." if old else f"{host} has an audit collector of build {version}."
    return context.step(
        f"features.acs.{host}",
        "acs.upgrade",
        f"{'Install' if install else 'Upgrade'} the audit collector on {host}",
        [host],
        why=[fact(text, place, version, "", "later guide", "S19f")],
        done_when=[until(f"The collector on {host} shows build {context.target}.", place, context.target)],
        parameters={"install": install, **parameters},
        mode=mode,
    )


def _reporting(context: Context) -> list[Step]:
    group = context.group
    machines = [
        one
        for one in group.with_role("reporting")
        if not _own_setup(context, one) and not _taken_over(context, one, "reporting")
    ]
    names = [one.name for one in machines if context.part_behind(one, "reporting")]
    coming = [name for name in _takers(context, "reporting") if not group.machines[name].opsmgr.get("reporting")]
    found = []
    for name in [*names, *coming]:
        config = _config(context, name)
        found += config
        mode, parameters = context.mode_of(name)
        version = (group.machines[name].opsmgr.get("reporting") or {}).get("version")
        found.append(
            context.step(
                f"features.reporting.{name}",
                "reporting.upgrade",
                f"Upgrade Reporting on {name}",
                [name],
                why=[fact(f"{name} is the reporting server, build {version or BUILD_TO_COME}.",
                          f"hosts.{name}.opsmgr.reporting.version", version, "R28", "later guide", "S19g")],
                done_when=[until(f"Reporting on {name} shows build {context.target}.",
                                 f"hosts.{name}.opsmgr.reporting.version", context.target)],
                requires=[step.id for step in config],
                parameters={**_server_for(context), **parameters},
                mode=mode,
            )
        )  # fmt: skip
    return found


BUILD_TO_COME = "2007 R2"


def _config(context: Context, host: str) -> list[Step]:
    """rsreportserver.config is edited first where the group was upgraded from a secondary (O16)."""
    run_from = context.decision.run_from
    if not context.decision.from_secondary or run_from is None:
        return []
    reporting = context.group.machines[host].opsmgr.get("reporting") or {}
    here = context.group.machine(reporting.get("sdk_machine"))
    if here is not None and here.name == run_from:
        return []
    mode, parameters = context.mode_of(host)
    to = context.fqdn(run_from)
    return [
        context.step(
            f"features.reporting_config.{host}",
            "reporting.config",
            f"Point Reporting on {host} to {run_from}",
            [host],
            why=[fact(f"Reporting on {host} points to {reporting.get('sdk_machine')}.",
                      f"hosts.{host}.opsmgr.reporting.sdk_machine", reporting.get("sdk_machine"), "R29", "field", "S14")],
            done_when=[until(f"It points to {to}.", f"hosts.{host}.opsmgr.reporting.sdk_machine", to)],
            parameters={"management_server": to, **parameters},
            mode=mode,
        )
    ]  # fmt: skip


def emulator(context: Context) -> list[Step]:
    """The RMS emulator, where the upgraded group has none or its holder leaves; the upgrade itself creates it (S1)."""
    group = context.group
    run_from = context.decision.run_from
    if not group.is_2012 or run_from is None:
        return []
    if group.rms_emulator is not None and group.rms_emulator not in context.retire:
        return []
    return [
        context.step(
            "post_upgrade.rms_emulator",
            "emulator.ensure",
            f"Set the RMS emulator on {run_from}",
            [run_from],
            why=[fact(f"The RMS emulator is on {group.rms_emulator or 'no server'}.", "group.rms_emulator",
                      group.rms_emulator, "R35", "kb", "S20")],
            done_when=[until(f"{run_from} holds the RMS emulator.", "group.rms_emulator", context.fqdn(run_from))],
            parameters={"holder": context.fqdn(run_from)},
        )
    ]  # fmt: skip


def leaves(context: Context) -> list[Step]:
    """The old root management server, the nodes of its cluster, and machines that lost their feature, leave at the end."""
    group = context.group
    found = []
    for name in context.retire:
        machine = group.machines[name]
        root = name == group.rms or name in group.former_roots or machine.node_of
        if (root and (machine.opsmgr or machine.row is not None)) or (not context.old_group and not root):
            found.append(leave(context, name, "post_upgrade"))
    for pair in context.decision.replacements:
        machine = group.machines[pair.machine]
        if pair.machine in context.retire or not machine.opsmgr:
            continue
        if pair.kind == FEATURE and not (set(machine.roles) - set(pair.roles)) and (pair.by or not pair.needed):
            found.append(leave(context, pair.machine, "post_upgrade"))
    return found


def rename(context: Context) -> list[Step]:
    """A new management server under the old name, where that was asked for; a person builds and signs it off."""
    name = "post_upgrade.rename"
    former = context.decision.former_rms
    if not context.inputs["rebuild_former_rms"] or former is None or context.done(name) is not None:
        return []
    return [
        context.step(
            name,
            "server.rename",
            f"Build a new 2012 management server called {former}",
            (),
            why=[
                fact(f"What is configured with the name {former} goes on working.", "inputs.rebuild_former_rms", True)
            ],
            done_when=[until("Somebody signed it off.", f"journal[{name}].signed_off", True)],
            parameters={"name": former},
            mode=MANUAL,
        )
    ]


def health(context: Context, more: bool) -> list[Step]:
    """The proof at the end: everything at the target, available, and not in error."""
    group = context.group
    name = "post_upgrade.health"
    if not more and (not context.ours or context.done(name) is not None or not group.is_2012 or _healthy(context)):
        return []
    return [
        context.step(
            name,
            "verify.health",
            "Prove that servers, gateways and agents are healthy",
            (),
            why=[
                fact(
                    "The upgrade ends with a proof of health.", "group.servers.health", None, "", "later guide", "S19j"
                )
            ],
            done_when=[
                until(
                    "Servers, gateways and agents are available and none is in error.", "group.servers.available", True
                )
            ],
        )
    ]


def _healthy(context: Context) -> bool:
    group = context.group
    rows = [one.row for one in group.machines.values() if one.row is not None]
    good = all(row.get("available") is not False and row.get("health") != "Error" for row in rows)
    return good and all(one is not False for one in group.agents.available)
