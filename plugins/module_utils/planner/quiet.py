# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is switched off before something is upgraded, and what is switched on again: pending, consoles, mail, connectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..names import natural
from ..plan import Step
from .backups import place_of
from .context import Context, fact, until

UPDATE = "UpdateAgent"


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


def connectors_stop(context: Context) -> list[Step]:
    """Connectors that run are stopped (O10)."""
    if not context.old_group:
        return []
    return [
        _connector(context, host, service, name, True) for host, service, name, runs in _connectors(context) if runs
    ]


def connectors_start(context: Context) -> list[Step]:
    """Connectors that ran are started again; those that stood still before stay so."""
    group = context.group
    kept: dict[tuple[str, str], str] = {}
    for entry, rows in context.saved("connectors"):
        for row in rows:
            machine = group.machine(row.get("host") or entry.get("host"))
            host = machine.name if machine else str(row.get("host") or entry.get("host"))
            kept[(host, str(row.get("service")))] = str(row.get("name") or row.get("service"))
    runs = {(host, service): running for host, service, _name, running in _connectors(context)}
    if context.old_group:
        for host, service, name, running in _connectors(context):
            if running:
                kept.setdefault((host, service), name)
    found = []
    for (host, service), name in sorted(kept.items(), key=lambda item: (natural(item[0][0]), item[0][1])):
        machine = group.machines.get(host)
        running = runs.get((host, service), machine.service(service).get("state") == "running" if machine else False)
        if context.old_group or not running:
            found.append(_connector(context, host, service, name, False))
    return found


def _connectors(context: Context) -> list[tuple[str, str, str, bool]]:
    """Host, service, name and whether it runs, of each connector of the inputs whose service exists."""
    found = []
    for one in context.inputs["connectors"]:
        machine = context.group.machine(one["host"])
        host = machine.name if machine else str(one["host"])
        facts = context.group.host_facts(host) or {}
        states = {name.lower(): state for name, state in (facts.get("services") or {}).items()}
        state = states.get(str(one["service"]).lower())
        if state:
            runs = (state or {}).get("state") in ("running", "start_pending")
            found.append((host, str(one["service"]), str(one.get("name") or one["service"]), runs))
    return sorted(found, key=lambda row: (natural(row[0]), row[1]))


def _connector(context: Context, host: str, service: str, name: str, stop: bool) -> Step:
    mode, parameters = context.mode_of(host)
    place = f"hosts.{host}.services.{service}.state"
    return context.step(
        f"quiesce.connector.{host}.{service}" if stop else f"post_upgrade.connector.{host}.{service}",
        "connector.stop" if stop else "connector.start",
        f"Stop the connector {name} on {host}" if stop else f"Start the connector {name} on {host}",
        [host],
        why=[fact(f"{name} runs on {host}." if stop else f"{name} ran on {host} before the upgrade.", place, "running",
                  "R14", "later guide", "S19a" if stop else "S19j")],
        done_when=[until(f"The service {service} {'stands still' if stop else 'runs'}.", place,
                         "stopped" if stop else "running")],
        parameters={"service": service, "name": name, **parameters},
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
