"""What management servers do to agents from afar: installs and updates that somebody approved."""

from __future__ import annotations

from .names import R2, RTM_2012

SECONDS = 180.0
PARALLEL = 10


def start(group, entries):
    """Work through approved entries: each server does ten at a time, minutes each."""
    clock = group.world.clock
    for i, entry in enumerate(entries):
        clock.call_later(SECONDS * (1 + i // PARALLEL) + i % PARALLEL, lambda e=entry: finish(group, e), work=True)


def finish(group, entry):
    """One push ends: the agent runs the server's build, or the entry says it failed."""
    with group.world.lock:
        if entry not in group.pending:
            return
        fault = group.world.faults.strike(entry.agent.split(".")[0].upper(), "push")
        node = group.node(entry.agent)
        server = group.node(entry.server) if entry.server else None
        if entry.type == "ManualApproval":
            group.drop_pending(entry, "approved")
            return
        if node is None or server is None or not server.available or fault or node.blocked:
            group.drop_pending(entry, "approved")
            kind = {"UpdateAgent": "UpdateFailed", "RepairAgent": "RepairFailed"}.get(entry.type, "PushInstallFailed")
            group.add_pending(entry.agent, kind, entry.server)
            record(
                group,
                entry,
                node,
                1603,
                fault.message if fault else (node.blocked if node else "unreachable") or "server unavailable",
            )
            return
        before = node.version
        group.drop_pending(entry, "approved")
        update(group, node, server)
        record(group, entry, node, 0, None, before)


def update(group, node, server):
    """The agent runs its server's build; the update disables ACS forwarding."""
    version = RTM_2012 if server.new else R2
    group.set_version(node, version, None if server.new else server.cumulative_update)
    if node.machine is not None:
        from . import footprint

        machine = node.machine
        if machine.services.get("AdtAgent"):
            machine.services.stop("AdtAgent", force=True) if machine.services.get("AdtAgent").running else None
            machine.services.set_start_mode("AdtAgent", "disabled")
        node.busy = True
        with group.quiet():
            footprint.agent(machine, group, node)
            node.busy = False


def record(group, entry, node, code, reason, before=None):
    group.record(
        "installer",
        node.name if node is not None else None,
        of=entry.agent,
        product="System Center Operations Manager Agent",
        action="upgrade" if entry.type == "UpdateAgent" else "install",
        from_=before or (node.version if node else None),
        to=node.version if node and code == 0 else None,
        exit=code,
        reason=reason,
        seconds=SECONDS,
        command_line="pushed by " + str(entry.server),
    )
