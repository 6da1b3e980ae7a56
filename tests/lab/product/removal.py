"""Taking parts of the product off a machine."""

from __future__ import annotations

from . import footprint
from .names import SETUP_2012


def remove_feature(machine, group, kind):
    """Uninstall one part; a server that goes leaves the group, and its children lose it."""
    if kind == "server":
        node = group.nodes.get(machine.fqdn)
        with group.quiet():
            footprint.remove_management_server(machine, group)
            if node is not None:
                leave(group, node)
            if machine.extra.get("retired"):
                machine.extra.pop("retired")
        if not any(footprint.has(machine, k) for k in ("console", "web_console", "reporting")):
            machine.registry.delete(SETUP_2012)
    elif kind == "gateway":
        node = group.nodes.get(machine.fqdn)
        with group.quiet():
            footprint.remove_gateway(machine, group)
            if node is not None and node.kind == "gateway":
                leave(group, node)
    elif kind == "agent":
        node = group.nodes.get(machine.fqdn)
        with group.quiet():
            footprint.remove_agent(machine, group)
            if node is not None and node.kind == "agent":
                leave(group, node)
    elif kind == "console":
        footprint.remove_console(machine)
    elif kind == "web_console":
        known = footprint.sites(machine)
        known.pop(footprint.WEB_SITE_2007, None)
        footprint.write_sites(machine, known)
        machine.registry.delete(rf"{SETUP_2012}\WebConsole")
        footprint.remove_uninstall(machine, "web_console")
    elif kind == "reporting":
        machine.registry.delete(rf"{footprint.BASE}\Reporting")
        machine.registry.delete(rf"{SETUP_2012}\Reporting")
        footprint.remove_uninstall(machine, "reporting")


def leave(group, node):
    """A node leaves the group."""
    if node.available:
        group.record("health", None, of=node.fqdn, from_=node.color, to=None)
    group.remove(node)
    if node.kind != "agent":
        group.role(node.name, node.kind, "lost")
    if group.emulator == node.fqdn:
        group.emulator = None
        group.role(node.name, "rms_emulator", "lost")
