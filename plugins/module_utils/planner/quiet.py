# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is switched off before something is upgraded, and what is switched on again: pending, consoles, mail, connectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ..model import facts_read
from ..names import natural, ordered
from ..plan import Step
from ..spares import MANAGEMENT_SERVER
from .backups import place_of
from .context import Context, fact, until

UPDATE = "UpdateAgent"
#: The state of a service on a host that gave no facts: it may run, so that a person looks.
UNREAD = "not read"


def pending(context: Context) -> list[Step]:
    """Pending management is emptied before each management server (O8), rows that no console shows included.

    Updates that wait because their server is upgraded already are the work of the batches, and stay.
    """
    group = context.group
    if not context.old_group:
        return []
    host = context.database("operational")
    opsdb = (
        (group.machines[host.server].facts or {}).get("opsdb") if host and host.server in group.machines else None
    ) or {}
    shown = {(str(row.get("agent")).lower(), row.get("type")): row for row in group.pending}
    rows: list[dict[str, Any]] = []
    for (agent, kind), row in shown.items():
        rows.append({"agent": agent, "type": kind, "server": row.get("server"), "hidden": False, "id": None})
    for row in opsdb.get("pending") or ():
        key = (str(row.get("agent")).lower(), row.get("type"))
        if key not in shown:
            rows.append(
                {"agent": key[0], "type": key[1], "server": row.get("server"), "hidden": True, "id": row.get("id")}
            )
    upgraded = context.begun or any(one.is_2012 for one in group.gateways)
    rows = [row for row in rows if row["type"] != UPDATE or not upgraded]
    if not rows:
        return []
    rows.sort(key=lambda row: (row["agent"], str(row["type"]), str(row["id"])))
    hidden = [row for row in rows if row["hidden"]]
    database = place_of(context, "operational")
    hosts = [*context.talker(), *([database["host"]] if hidden and database else [])]
    count = f"{len(rows)} pending actions" if len(rows) != 1 else "1 pending action"
    return [
        context.step(
            "pre_upgrade.pending",
            "pending.clear",
            f"Reject {count}" + (f", {len(hidden)} of them in the database only" if hidden else ""),
            hosts,
            why=[fact(f"{count}, {rows[0]['type']} of {rows[0]['agent']} among them.", "group.pending", len(rows), "R12",
                      "later guide", "S19a")],
            done_when=[until("No pending action is left but updates of agents whose server is upgraded.", "group.pending", 0)],
            parameters={
                "action": "reject",
                "agents": rows,
                "database": database,
            },
        )
    ]  # fmt: skip


def consoles(context: Context) -> list[Step]:
    """Open consoles slow the conversion of the database; the collection's own session does not count."""
    own = str(context.inputs["account"] or "").lower()
    sessions = [name for name in context.group.consoles if name.lower() != own]
    if not sessions or not context.old_group:
        return []
    return [
        context.step(
            "quiesce.consoles",
            "consoles.disconnect",
            f"Have {len(sessions)} console sessions closed" if len(sessions) > 1 else "Have 1 console session closed",
            context.talker(),
            why=[fact(f"{len(sessions)} sessions are open on the root management server.", "group.consoles", len(sessions),
                      "", "recalled", "3.2.6")],
            done_when=[until("No session is open.", "group.consoles", 0)],
            parameters={"sessions": len(sessions)},
        )
    ]  # fmt: skip


def subscriptions_off(context: Context) -> list[Step]:
    """The subscriptions that are on are switched off, and their list is kept (O9)."""
    on = _on(context)
    if not on or not context.old_group:
        return []
    return [
        context.step(
            "quiesce.subscriptions",
            "subscriptions.disable",
            f"Switch {len(on)} notification subscriptions off"
            if len(on) > 1
            else "Switch 1 notification subscription off",
            context.talker(),
            why=[
                fact(f"{len(on)} subscriptions are on.", "group.subscriptions", len(on), "R13", "later guide", "S19a")
            ],
            done_when=[until("No subscription is on.", "group.subscriptions.enabled", False)],
            parameters={"subscriptions": on},
        )
    ]


def _on(context: Context) -> list[dict[str, Any]]:
    return [_named(row) for row in context.group.subscriptions if row.get("enabled")]


def _named(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": row.get("id"), "name": row.get("name")}


def subscriptions_on(context: Context) -> list[Step]:
    """Only those that were on come back on: by the facts while the group is 2007 R2, by the journal afterwards."""
    group = context.group
    kept: list[dict[str, Any]] = []
    for _entry, rows in context.saved("subscriptions"):
        kept += [_named(row) for row in rows if isinstance(row, Mapping)]
    if context.old_group:
        kept += _on(context)
    by_id = {str(row.get("id")).lower(): row for row in group.subscriptions}
    by_name = {str(row.get("name")): row for row in group.subscriptions}
    wanted: dict[str, dict[str, Any]] = {}
    for row in kept:
        present = by_id.get(str(row.get("id")).lower()) or by_name.get(str(row.get("name")))
        if present is not None and (context.old_group or not present.get("enabled")):
            wanted[str(present.get("id"))] = _named(present)
    if not wanted:
        return []
    rows = sorted(wanted.values(), key=lambda row: (str(row["name"]), str(row["id"])))
    return [
        context.step(
            "post_upgrade.subscriptions",
            "subscriptions.enable",
            f"Switch {len(rows)} notification subscriptions on again" if len(rows) > 1
            else "Switch 1 notification subscription on again",
            context.later_talker(),
            why=[fact(f"{len(rows)} subscriptions were on before the upgrade.", "journal.saved.subscriptions", len(rows),
                      "R39", "later guide", "S19j")],
            done_when=[until("They are on.", "group.subscriptions.enabled", True)],
            parameters={"subscriptions": rows},
        )
    ]  # fmt: skip


@dataclass(frozen=True)
class _Connector:
    """A connector's service: where it is, or will be once it has moved off a machine that leaves the group."""

    host: str
    service: str
    name: str
    leaves: Optional[str]
    state: Optional[str]

    @property
    def runs(self) -> bool:
        """Whether it is running now, wherever that is, or may be."""
        return self.state in ("running", "start_pending", UNREAD)


def connectors_stop(context: Context) -> list[Step]:
    """Connectors that run are stopped (O10)."""
    if not context.old_group:
        return []
    steps = [_switch(context, one, True) for one in _connectors(context) if one.runs]
    return [step for step in steps if not context.vouched(step)]


def connectors_start(context: Context) -> list[Step]:
    """Connectors that ran are started again; those that stood still before stay so, and none starts where it leaves."""
    kept: dict[tuple[str, str], _Connector] = {}
    for entry, rows in context.saved("connectors"):
        for row in rows:
            one = _connector(context, row.get("host") or entry.get("host"), row.get("service"), row.get("name"))
            kept[(one.host, one.service)] = one
    for one in _connectors(context):
        if (context.old_group and one.runs) or (one.state == UNREAD and context.done(_id(one, True)) is not None):
            kept.setdefault((one.host, one.service), one)
    found: list[Step] = []
    for one in sorted(kept.values(), key=_by_host):
        prepared = context.old_group and one.runs
        moves = [_move(context, one, "post_upgrade")] if one.leaves and not prepared else []
        if context.old_group or moves or not one.runs or one.state == UNREAD:
            found += [*moves, _switch(context, one, False, [step.id for step in moves])]
    return [step for step in found if not context.vouched(step)]


def connector_moves(context: Context) -> list[Step]:
    """Connectors that run on a machine that leaves are set up on one that stays, before it leaves (O15)."""
    return [_move(context, one, "prepare") for one in _connectors(context) if one.leaves and one.runs]


def _connectors(context: Context) -> list[_Connector]:
    """The connectors of the inputs whose service exists."""
    given = context.inputs["connectors"]
    found = [_connector(context, one["host"], one["service"], one.get("name")) for one in given]
    return sorted((one for one in found if one.state), key=_by_host)


def _by_host(one: _Connector) -> Any:
    return (natural(one.host), one.service)


def _connector(context: Context, where: Any, service: Any, name: Any) -> _Connector:
    """One connector by the host that somebody named; looked for elsewhere where that host leaves, or has no such service."""
    machine = context.group.machine(where)
    host = machine.name if machine else str(where)
    service, name = str(service), str(name or service)
    state = _state(context, host, service)
    if host in context.retire or (state is None and context.group.host_facts(host) is not None):
        home = _moved_to(context, service)
        if home is not None:
            return _Connector(home, service, name, None, _state(context, home, service))
    if host not in context.retire:
        return _Connector(host, service, name, None, state)
    pair = context.decision.replacement(host, MANAGEMENT_SERVER)
    to = (pair.by if pair else None) or context.decision.run_from
    return _Connector(to or host, service, name, host if to else None, state)


def _moved_to(context: Context, service: str) -> Optional[str]:
    """The machine that stays and has a service which the inputs name on none that stays."""
    group = context.group
    named = [group.machine(one["host"]) for one in context.inputs["connectors"] if str(one["service"]) == service]
    others = {one.name for one in named if one is not None} | set(context.retire)
    return next((one for one in ordered(group.machines) if one not in others and _state(context, one, service)), None)


def _state(context: Context, host: str, service: str) -> Optional[str]:
    """State of a service as the host gave it; None where the host has no such service, or nobody knows the host."""
    facts = context.group.host_facts(host)
    if host in context.group.machines and not facts_read(facts):
        return UNREAD
    services = (facts or {}).get("services") or {}
    row = next((row for name, row in services.items() if name.lower() == service.lower()), None)
    return str((row or {}).get("state") or "unknown") if row is not None else None


def _move(context: Context, one: _Connector, phase: str) -> Step:
    place = f"hosts.{one.host}.services.{one.service}"
    return context.step(
        f"{phase}.connector.{one.leaves}.{one.service}" + (".move" if phase == "post_upgrade" else ""),
        "connector.move",
        f"Set the connector {one.name} up on {one.host} in place of {one.leaves}",
        [one.host],
        why=[fact(f"{one.name} runs on {one.leaves}, which leaves the group.",
                  f"hosts.{one.leaves}.services.{one.service}", one.state, "R26", "inferred", "S1, S36")],
        done_when=[until(f"{one.host} has the service {one.service}, or scom_upgrade_connectors names the host that has it.",
                         place, True)],
        parameters={"service": one.service, "name": one.name, "from": one.leaves, "to": one.host},
    )  # fmt: skip


def _id(one: _Connector, stop: bool) -> str:
    return f"{'quiesce' if stop else 'post_upgrade'}.connector.{one.host}.{one.service}"


def _switch(context: Context, one: _Connector, stop: bool, requires: Sequence[str] = ()) -> Step:
    """The step that stops a connector, or starts it again."""
    mode, parameters = context.mode_of(one.host)
    place = f"hosts.{one.host}.services.{one.service}.state"
    text = (
        f"{one.name} runs on {one.leaves or one.host}" if stop else f"{one.name} ran on {one.host} before the upgrade"
    )
    if one.state == UNREAD:
        text = f"Whether {one.name} runs on {one.leaves or one.host} is not known"
    return context.step(
        _id(one, stop),
        "connector.stop" if stop else "connector.start",
        f"Stop the connector {one.name} on {one.host}" if stop else f"Start the connector {one.name} on {one.host}",
        [one.host],
        why=[fact(text + (f", and on {one.host} by then." if one.leaves and stop else "."), place,
                  None if one.state == UNREAD else "running", "R14",
                  "later guide", "S19a" if stop else "S19j")],
        done_when=[until(f"The service {one.service} {'stands still' if stop else 'runs'}.", place,
                         "stopped" if stop else "running")],
        requires=requires,
        parameters={"service": one.service, "name": one.name, **parameters},
        mode=mode,
    )  # fmt: skip


def key_restore(context: Context) -> list[Step]:
    """The encryption key on the server that runs the group upgrade in place of the RMS (O14); only the journal shows it."""
    run_from = context.decision.run_from
    if not context.old_group or not context.decision.from_secondary or run_from is None:
        return []
    name = "quiesce.encryption_key_restore"
    if context.done(name) is not None:
        return []
    mode, parameters = context.mode_of(run_from)
    return [
        context.step(
            name,
            "encryption_key.restore",
            f"Restore the encryption key on {run_from}",
            [run_from],
            why=[fact(f"{run_from} takes the group over from {context.group.rms}.", "path.run_from", run_from, "R27",
                      "inferred", "M4")],
            done_when=[until("The journal says that the key was restored.", f"journal[{name}]", True)],
            parameters={"path": context.inputs["encryption_key_path"], **parameters},
            mode=mode,
        )
    ]  # fmt: skip
