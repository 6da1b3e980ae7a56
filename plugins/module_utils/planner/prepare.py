# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a complex path does first, while everything is still 2007 R2: new machines join, work moves, old ones leave.

In this order (O20): backups; servers join at the group's cumulative update, then gateways, each after its parents; agents
and gateways get their new parents; old servers and gateways leave; databases move. The root management server itself leaves
after the upgrade.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

from ..catalog import ROLE_NAMES
from ..names import natural
from ..plan import MANUAL, Step
from ..spares import DATABASE, FEATURE, GATEWAY, Replacement, leaves_first
from . import backups
from .agents import moves_off
from .context import Context, fact, until
from .kinds import LEFT_FOR_GOOD
from .quiet import connector_moves
from .servers import level

WHAT = {
    "operational_database": "operational",
    "data_warehouse": "warehouse",
    "acs_database": "audit",
}


def prepare(context: Context) -> list[list[Step]]:
    """The steps in stages: each stage needs the one before."""
    if not context.old_group:
        return []
    joins, gates = _joins(context), _gateways(context)
    moves = [*moves_off(context), *_parents(context), *_features(context), *connector_moves(context)]
    leaves = _leaves(context)
    databases = _databases(context)
    stages = [joins, gates, moves, leaves, databases]
    if any(stages):
        first = _backups(context, databases) + backups.encryption_key(context, prepare=True)
        stages.insert(0, first)
    return [stage for stage in stages if stage]


def _backups(context: Context, moves: list[Step]) -> list[Step]:
    found = []
    for move in moves:
        what = move.parameters.get("what")
        name = f"prepare.backup.{what}"
        hours = context.inputs["backup_max_age_hours"]
        if what in backups.NAMES and backups.present(context, what) and not context.backed_up(name, hours):
            text = f"The {backups.NAMES[what]} moves to another machine."
            found.append(
                backups.backup(
                    context, "prepare", what, [fact(text, "path.replacements", what, "R15", "inferred", "S1")]
                )
            )
    return found


def _joins(context: Context) -> list[Step]:
    """Spares become management servers of 2007 R2, at the cumulative update of the RMS."""
    group = context.group
    found: list[Step] = []
    wanted = group.update or 0
    for name in context.decision.joins:
        machine = group.machines[name]
        mode, parameters = context.mode_of(name)
        join: list[Step] = []
        if not machine.is_server:
            pairs = [one for one in context.decision.replacements if one.by == name and one.kind == "management_server"]
            text = f"{name} takes over from {pairs[0].machine}." if pairs else f"{name} keeps monitoring alive."
            join = [
                context.step(
                    f"prepare.join.{name}",
                    "server.join",
                    f"Install 2007 R2 on {name} as a management server of the group",
                    [name],
                    why=[fact(text, f"inventory.{name}.spare", True, "R03", source="S1, S6")],
                    done_when=[until(f"The group knows {name} as a management server.",
                                     f"group.servers[{context.fqdn(name)}].version", "6.1.7221.0")],
                    parameters={"management_group": group.name, "database": _database_address(context), **parameters},
                    mode=mode,
                )
            ]  # fmt: skip
            found += join
        if wanted and (join or (not context.begun and level(machine) < wanted)):
            found.append(_update(context, name, wanted, "server_version", [step.id for step in join]))
    return found


def _database_address(context: Context) -> Optional[str]:
    database = context.database("operational")
    if database is None:
        return None
    host = context.fqdn(database.server)
    return host if database.instance == "MSSQLSERVER" else f"{host}\\{database.instance}"


def _update(context: Context, name: str, wanted: int, key: str, requires: list[str]) -> Step:
    mode, parameters = context.mode_of(name)
    return context.step(
        f"prepare.update.{name}",
        "server.update",
        f"Bring {name} to cumulative update {wanted}",
        [name],
        why=[
            fact(f"The group is at cumulative update {wanted}.", "group.servers.patch_list", wanted, "R01", source="S1")
        ],
        done_when=[until(f"{name} shows cumulative update {wanted}.", f"hosts.{name}.opsmgr.file_version", wanted)],
        requires=requires,
        parameters={"cumulative_update": wanted, "part": key.partition("_")[0], **parameters},
        mode=mode,
    )


def _gateways(context: Context) -> list[Step]:
    """Spares become gateways of 2007 R2, each after the new gateways above it; new management servers are there by then."""
    pairs = [one for one in context.decision.replacements if one.kind == GATEWAY and one.by is not None]
    found: list[Step] = []
    ready: dict[str, str] = {}
    for pair in sorted(pairs, key=lambda one: context.group.machines[one.machine].tier or 1):
        steps = _gateway(context, pair, ready)
        if steps:
            ready[context.fqdn(str(pair.by))] = steps[-1].id
        found += steps
    return found


def _gateway(context: Context, pair: Replacement, ready: Mapping[str, str]) -> list[Step]:
    """What brings one new gateway in; ``ready`` has the step after which a new gateway is one, by FQDN."""
    group, by = context.group, str(pair.by)
    machine, old = group.machines[by], group.machines[pair.machine]
    mode, parameters = context.mode_of(by)
    found: list[Step] = []
    if not machine.is_gateway:
        parent = _parent_for(context, old.primary)
        failover = [one for one in (_parent_for(context, name) for name in old.failover) if one and one != parent]
        found.append(
            context.step(
                f"prepare.gateway.{by}",
                "gateway.install",
                f"Approve {by} and install 2007 R2 on it as a gateway",
                [by],
                why=[fact(f"{by} takes over from the gateway {pair.machine}.", f"inventory.{by}.spare", True,
                          pair.reasons[0].rule if pair.reasons else "R05", "inferred", "S27")],
                done_when=[until(f"The group knows {by} as a gateway.", f"group.servers[{context.fqdn(by)}].is_gateway", True)],
                requires=[ready[one] for one in (parent, *failover) if one and one in ready],
                parameters={
                    "management_group": group.name,
                    "management_server": parent,
                    "failover": failover,
                    **parameters,
                },
                mode=mode,
            )
        )  # fmt: skip
    wanted = group.update or 0
    if wanted and (found or (not machine.is_2012 and level(machine) < wanted)):
        found.append(_update(context, by, wanted, "gateway_version", [step.id for step in found]))
    return found


def _parent_for(context: Context, name: Optional[str]) -> Optional[str]:
    """FQDN of a parent that stays: the one given, or who takes over from it, or the server that runs the upgrade."""
    machine = context.group.machine(name)
    if machine is None:
        return context.fqdn(context.decision.run_from) if context.decision.run_from else None
    if machine.name in context.retire:
        kind = GATEWAY if machine.is_gateway else "management_server"
        pair = context.decision.replacement(machine.name, kind)
        return context.fqdn(pair.by) if pair and pair.by else None
    return context.fqdn(machine.name)


def _parents(context: Context) -> list[Step]:
    """Gateways that stay and report to, or fall back on, a machine that leaves."""
    group = context.group
    found = []
    for gateway in group.gateways:
        leaving = [name for name in (gateway.primary, *gateway.failover) if name in context.retire]
        if not leaving or gateway.name in context.retire:
            continue
        to = _parent_for(context, gateway.primary)
        kept = [_parent_for(context, name) for name in gateway.failover]
        failover = [one for one in dict.fromkeys(kept) if one and one != to]
        if not failover:
            others = [context.fqdn(name) for name in context.servers_to_be if context.fqdn(name) != to]
            failover = others[:1]
        before = {
            "primary": context.fqdn(gateway.primary) if gateway.primary else None,
            "failover": [context.fqdn(name) for name in gateway.failover],
        }
        if before == {"primary": to, "failover": failover}:
            continue
        found.append(
            context.step(
                f"prepare.parents.{gateway.name}",
                "gateway.parents",
                f"Point the gateway {gateway.name} to {to}",
                context.talker(),
                why=[fact(f"{gateway.name} reports to {', '.join(leaving)}, which leaves the group.",
                          f"group.servers[{context.fqdn(gateway.name)}].primary", leaving[0], "R26", "inferred", "S1")],
                done_when=[until(f"{gateway.name} reports to {to}.", f"group.servers[{context.fqdn(gateway.name)}].primary", to)],
                parameters={"gateway": context.fqdn(gateway.name), "to": to, "failover": failover, "before": before},
            )
        )  # fmt: skip
    return found


def _features(context: Context) -> list[Step]:
    """Web console and audit collector of a server that leaves before the upgrade: 2007 R2, on the machine that takes over."""
    found = []
    for pair in context.decision.replacements:
        if pair.kind != FEATURE or pair.by is None or not leaves_first(context.group, context.retire, pair.machine):
            continue
        for role in pair.roles:
            if context.group.machines[pair.by].opsmgr.get(role):
                continue
            name = ROLE_NAMES[role]
            found.append(
                context.step(
                    f"prepare.feature.{role}.{pair.by}",
                    "feature.move",
                    f"Install the {name} of 2007 R2 on {pair.by} by hand, in place of that on {pair.machine}",
                    [pair.by],
                    why=[fact(f"{pair.machine} leaves the group with its {name}.", f"hosts.{pair.machine}.opsmgr.{role}",
                              pair.machine, "", "inferred", "S1, S19f")],
                    done_when=[until(f"{pair.by} has the {name}.", f"hosts.{pair.by}.opsmgr.{role}", True)],
                    parameters={"feature": role, "from": pair.machine, "to": pair.by},
                    mode=MANUAL,
                )
            )  # fmt: skip
    return found


def _leaves(context: Context) -> list[Step]:
    """Secondary servers and gateways that cannot be upgraded leave once nothing reports to them; the RMS leaves last."""
    group = context.group
    found = []
    for name in context.retire:
        machine = group.machines[name]
        if name == group.rms or machine.node_of or name in group.former_roots:
            continue
        found.append(leave(context, name, "prepare"))
    return sorted(found, key=lambda step: (step.kind != "gateway.leave", natural(step.id)))


def leave(context: Context, name: str, phase: str) -> Step:
    """A machine that leaves the group: 2007 R2 is uninstalled, its object deleted."""
    machine = context.group.machines[name]
    gateway = machine.is_gateway
    mode, parameters = context.mode_of(name)
    reasons = [one for one in context.decision.why if one.fact.startswith(f"hosts.{name}.")]
    why = reasons or [fact(f"{name} leaves the group.", f"hosts.{name}", name)]
    return context.step(
        f"{phase}.leave.{name}",
        "gateway.leave" if gateway else "server.leave",
        f"Uninstall 2007 R2 from {name} and delete it from the group"
        if machine.row
        else f"Uninstall 2007 R2 from {name}",
        [name] if machine.in_inventory else [],
        why=why,
        done_when=[
            until(f"{name} carries nothing of the group, and the group does not know it.", f"hosts.{name}.opsmgr", None)
        ],
        parameters={"fqdn": machine.fqdn, **parameters},
        mode=mode,
        undo=LEFT_FOR_GOOD if phase == "post_upgrade" else None,
    )


def _databases(context: Context) -> list[Step]:
    """Databases and Reporting move off machines that cannot keep them."""
    group = context.group
    found: list[Step] = []
    before: list[str] = []
    servers = [name for name in context.servers_to_be if group.machines[name].in_inventory]
    if group.rms and group.rms not in servers and group.machines[group.rms].in_inventory:
        servers.append(group.rms)
    for pair in context.decision.replacements:
        if pair.kind != DATABASE or pair.by is None:
            continue
        for role in pair.roles:
            mode, parameters = context.mode_of(pair.by)
            reasons = [
                fact(one.text + ".", f"hosts.{pair.machine}.{one.fact}", one.value, one.rule, one.evidence, one.source)
                for one in pair.reasons
                if one.role == role
            ]
            if role == "reporting":
                step = context.step(
                    f"prepare.reporting.{pair.by}",
                    "reporting.move",
                    f"Move Reporting from {pair.machine} to {pair.by}",
                    [pair.machine, pair.by],
                    why=reasons,
                    done_when=[until(f"{pair.by} is the reporting server.", f"hosts.{pair.by}.opsmgr.reporting", True)],
                    requires=before,
                    parameters={"what": "reporting", "from": pair.machine, "to": pair.by,
                                "instance": backups.address_on(context, pair.by), **parameters},
                    mode=mode,
                )  # fmt: skip
            else:
                what = WHAT[role]
                database = group.databases[what]
                step = context.step(
                    f"prepare.database.{what}",
                    "database.move",
                    f"Move the {backups.NAMES[what]} from {pair.machine} to {pair.by}",
                    [pair.by, pair.machine, *(servers if what != "audit" else ())],
                    why=reasons,
                    done_when=[until(f"The servers use {database.name} on {pair.by}.", "hosts.*.opsmgr.database_server",
                                     context.fqdn(pair.by))],
                    requires=before,
                    parameters={
                        "what": what,
                        "database": database.name,
                        "from": pair.machine,
                        "from_instance": database.address,
                        "to": pair.by,
                        "instance": backups.address_on(context, pair.by),
                        "servers": servers,
                        **parameters,
                    },
                    mode=mode,
                    size=backups.gigabytes(database),
                )  # fmt: skip
            found.append(step)
            before = [step.id]
    return found
