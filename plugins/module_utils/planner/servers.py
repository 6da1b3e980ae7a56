# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Steps on management servers and gateways, and the upgrade of the group itself."""

from __future__ import annotations

from ..catalog import update_level
from ..model import Machine
from ..names import natural
from ..plan import Step
from .context import Context, fact, gigabytes, until


def secondary_servers(context: Context) -> list[Step]:
    """Each management server other than the root one, one after the other (O19).

    The server that runs the group upgrade from a secondary is upgraded as a secondary first, and before the others.
    """
    group = context.group
    names = [name for name in context.servers_to_be if name != group.rms]
    if context.decision.from_secondary and context.decision.run_from in names:
        names.remove(context.decision.run_from)
        names.insert(0, context.decision.run_from)
    found: list[Step] = []
    before: list[str] = []
    for name in names:
        machine = group.machines[name]
        if machine.is_server and not context.behind(machine.version):
            continue
        mode, parameters = context.mode_of(name)
        version = machine.version if machine.is_server else None
        text = (
            f"{name} is a management server of build {version}." if version else f"{name} joins as a management server."
        )
        step = context.step(
            f"secondary_servers.upgrade.{name}",
            "management_server.upgrade",
            f"Upgrade the management server {name}",
            [name],
            why=[fact(text, f"hosts.{name}.opsmgr.server_version", version, "R23", source="S5, S9")],
            done_when=[
                until(f"{name} shows build {context.target}.", f"hosts.{name}.opsmgr.server_version", context.target)
            ],
            requires=before,
            parameters={"features": _features(context, machine), **parameters},
            mode=mode,
        )
        found.append(step)
        before = [step.id]
    return found


def _features(context: Context, machine: Machine) -> list[str]:
    """What the server's own setup run upgrades along with it: not what moves to another machine first."""
    moved = {role for one in context.decision.replacements if one.machine == machine.name for role in one.roles}
    return [role for role in machine.roles if role in ("console", "web_console", "reporting") and role not in moved]


def gateways(context: Context) -> list[Step]:
    """Gateways tier by tier, nearest to the management servers first; two that stand in for each other in turn (O18)."""
    group = context.group
    installs = {
        pair.by: group.machines[pair.machine]
        for pair in context.decision.replacements
        if pair.kind == "gateway" and pair.by and not group.machines[pair.by].is_gateway
    }
    listed = [(one.name, one.tier or 1, one) for one in group.gateways if one.name not in context.retire]
    listed += [(name, old.tier or 1, group.machines[name]) for name, old in installs.items() if name]
    listed.sort(key=lambda row: (row[1], natural(row[0])))
    partners = _partners(context)
    found: list[Step] = []
    tiers: dict[int, list[str]] = {}
    ids: dict[str, str] = {}
    for name, tier, machine in listed:
        if machine.is_gateway and not context.behind(machine.version):
            continue
        lower = [below for below in tiers if below < tier]
        requires = list(tiers[max(lower)]) if lower else []
        requires += [ids[other] for other in sorted(partners.get(name, ()), key=natural) if other in ids]
        mode, parameters = context.mode_of(name)
        version = machine.version if machine.is_gateway else None
        step = context.step(
            f"gateways.upgrade.{name}",
            "gateway.upgrade",
            f"Upgrade the gateway {name}",
            [name],
            why=[fact(f"{name} is a gateway of build {version}." if version else f"{name} is installed as a gateway.",
                      f"hosts.{name}.opsmgr.gateway_version", version, "R24", source="S9")],
            done_when=[
                until(f"{name} shows build {context.target}.", f"hosts.{name}.opsmgr.gateway_version", context.target)
            ],
            requires=dict.fromkeys(requires),
            parameters={"tier": tier, **parameters},
            mode=mode,
        )  # fmt: skip
        found.append(step)
        tiers.setdefault(tier, []).append(step.id)
        ids[name] = step.id
    return found


def _partners(context: Context) -> dict[str, set[str]]:
    """Gateways that agents use as primary and failover: they must not be down together."""
    group = context.group
    known = {one.name for one in group.gateways}
    pairs: set[tuple[str, str]] = set()
    seen: dict[tuple[object, tuple[str, ...]], None] = {}
    for primary, failover in zip(group.agents.primary, group.agents.failover):
        if not failover or (primary, failover) in seen:
            continue
        seen[(primary, failover)] = None
        home = group.names.find(primary)
        for one in failover:
            other = group.names.find(one)
            if home in known and other in known and home and other and home != other:
                pairs.add((home, other))
    found: dict[str, set[str]] = {}
    for one, two in pairs:
        found.setdefault(one, set()).add(two)
        found.setdefault(two, set()).add(one)
    return found


def group_upgrade(context: Context) -> list[Step]:
    """The upgrade of the management group: the one step that changes the databases and cannot be taken back."""
    group, decision = context.group, context.decision
    if not context.old_group or decision.run_from is None:
        return []
    machine = group.machines[decision.run_from]
    warehouse = None
    why = [fact(f"The group {group.name} is {group.product}.", "group.product", group.product), *decision.run_from_why]
    if "warehouse" not in group.databases:
        given = context.inputs["warehouse"] or {}
        warehouse = {
            "server": given.get("server"),
            "database": given.get("database") or "OperationsManagerDW",
            "reader": context.inputs["data_reader_account"],
            "writer": context.inputs["data_writer_account"],
        }
        why.append(fact("The group has no data warehouse, and setup adds one.", "group.warehouse", None, "R33"))
    mode, parameters = context.mode_of(decision.run_from)
    offline = [node.name for node in group.nodes] if decision.from_secondary else []
    return [
        context.step(
            "management_group.upgrade",
            "group.upgrade",
            f"Upgrade the management group on {decision.run_from}",
            [decision.run_from],
            why=why,
            done_when=[until("The group is 2012.", "group.product", "2012")],
            parameters={
                "features": _features(context, machine),
                "from_secondary": decision.from_secondary,
                "former_rms": group.rms if decision.from_secondary else None,
                "offline_first": offline,
                "warehouse": warehouse,
                **parameters,
            },
            mode=mode,
            size=gigabytes(context.database("operational")),
        )
    ]


def level(machine: Machine) -> int:
    """The cumulative update of a machine, 0 where it is unknown."""
    found = machine.update if machine.update is not None else update_level(None, machine.opsmgr.get("file_version"))
    return found or 0
