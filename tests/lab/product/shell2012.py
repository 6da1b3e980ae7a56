"""The 2012 shell: module OperationsManager, any upgraded management server."""

from __future__ import annotations

from . import objects
from .pushes import start
from .shell import (
    FREE,
    Cmdlet,
    P,
    Shell,
    ShellError,
    approve,
    classes,
    import_packs,
    instances,
    many,
    named,
    nodes_of,
    reject,
    remove_packs,
    user_roles,
)
from .shell2007 import ADMIN, AMC, MS, PACK, PENDING, SERVER_KINDS, WHATIF

SWITCH = "System.Management.Automation.SwitchParameter"
COMMON = (
    P("ComputerName"),
    P("Credential", "System.Management.Automation.PSCredential"),
    P("SCSession", "System.Object[]"),
)
PASS = P("PassThru", SWITCH)
SUBSCRIPTION = f"{ADMIN}.NotificationSubscription[]"


def new_connection(session, group, p):
    credential = p.get("Credential") or {}
    credential = credential.get("$credential", credential) if isinstance(credential, dict) else {}
    name = (many(p.get("ComputerName")) or [session.machine.fqdn])[0]
    session.connect(name, credential.get("user"), credential.get("password"))
    return get_connection(session, group, p) if p.get("PassThru") else []


def get_connection(session, group, p):
    return [
        objects.PsObject(
            ("Microsoft.SystemCenter.Core.Connection.Connection",),
            "connection:" + n,
            n,
            {"ManagementServerName": n, "ManagementGroupName": group.name, "IsActive": n == session.connected_to},
        )
        for n in session.connections
    ]


def remove_connection(session, group, p):
    session.connections.clear()
    session.connected_to = None


def servers(session, group, p):
    return [objects.server(group, n) for n in named(group.of_kind(*SERVER_KINDS), lambda n: n.fqdn, p.get("Name"))]


def gateways(session, group, p):
    return [objects.server(group, n) for n in named(group.gateways, lambda n: n.fqdn, p.get("Name"))]


def agents(session, group, p):
    found = named(group.agents, lambda n: n.fqdn, p.get("DNSHostName") or p.get("Name"))
    if p.get("ManagementServer"):
        wanted = {n.fqdn for n in nodes_of(group, p["ManagementServer"], SERVER_KINDS, "Get-SCOMAgent")}
        found = [n for n in found if n.primary in wanted]
    return [objects.agent(group, n) for n in found]


def parents(session, group, p):
    found = []
    for node in nodes_of(
        group,
        many(p.get("Agent")) + many(p.get("GatewayServer")),
        ("agent", "gateway"),
        "Get-SCOMParentManagementServer",
    ):
        found += [objects.server(group, group.nodes[f]) for f in [node.primary, *node.failover] if f in group.nodes]
    return found


def set_parents(session, group, p):
    """Set-SCOMParentManagementServer: primary or failover, one a call."""
    name = "Set-SCOMParentManagementServer"
    kids = nodes_of(group, p.get("Agent"), ("agent",), name) + nodes_of(
        group, p.get("GatewayServer"), ("gateway",), name
    )
    if bool(p.get("PrimaryServer")) == bool("FailoverServer" in p) or not kids:
        raise ShellError(
            "Parameter set cannot be resolved using the specified named parameters.",
            "System.Management.Automation.ParameterBindingException",
            name,
            category="InvalidArgument",
        )
    if p.get("PrimaryServer"):
        target = nodes_of(group, p["PrimaryServer"], SERVER_KINDS, name)[0]
        for node in kids:
            if target.fqdn in node.failover:
                raise ShellError(
                    f"The server {target.fqdn} is a failover management server of {node.fqdn} already.",
                    "System.ArgumentException",
                    name,
                    category="InvalidArgument",
                )
        if not p.get("WhatIf"):
            with group.quiet():
                for node in kids:
                    group.set_parents(node, target.fqdn, node.failover)
    else:
        backup = nodes_of(group, p.get("FailoverServer"), SERVER_KINDS, name)
        for node in kids:
            if node.primary in [b.fqdn for b in backup]:
                raise ShellError(
                    f"The server {node.primary} is the primary management server of {node.fqdn} already.",
                    "System.ArgumentException",
                    name,
                    category="InvalidArgument",
                )
        if not p.get("WhatIf"):
            with group.quiet():
                for node in kids:
                    group.set_parents(node, node.primary, [b.fqdn for b in backup])
    return (
        [objects.agent(group, n) if n.kind == "agent" else objects.server(group, n) for n in kids]
        if p.get("PassThru")
        else []
    )


def subscriptions(session, group, p):
    found = named(group.subscriptions, lambda s: s.name, p.get("DisplayName") or p.get("Name"))
    ids = [str(i).lower() for i in many(p.get("Id"))]
    return [objects.subscription(group, s) for s in found if not ids or s.id in ids]


def switch(enabled):
    def run(session, group, p):
        from .shell import ident

        found = []
        for item in many(p["Subscription"]):
            wanted = str(ident(item)).lower()
            one = next((s for s in group.subscriptions if wanted in (s.id, s.name.lower())), None)
            if one is None:
                raise ShellError(
                    f"The notification subscription {wanted} was not found.",
                    "Microsoft.EnterpriseManagement.Common.ObjectNotFoundException",
                )
            found.append(one)
        if not p.get("WhatIf"):
            for one in found:
                group.set_subscription(one, enabled)
        return [objects.subscription(group, s) for s in found] if p.get("PassThru") else []

    return run


def emulator(session, group, p):
    node = group.node(group.emulator) if group.emulator else None
    return [objects.server(group, node)] if node else []


def set_emulator(session, group, p):
    node = nodes_of(group, p["Server"], ("management_server",), "Set-SCOMRMSEmulator")[0]
    if node.fqdn != group.emulator and not p.get("WhatIf"):
        before = group.node(group.emulator) if group.emulator else None
        if before is not None:
            group.role(before.name, "rms_emulator", "lost")
        group.emulator = node.fqdn
        group.role(node.name, "rms_emulator", "gained")
    return [objects.server(group, node)] if p.get("PassThru") else []


def pools(session, group, p):
    return [
        objects.pool(group, n, m) for n, m in named(group.pools, lambda i: i[0], p.get("DisplayName") or p.get("Name"))
    ]


def repair(session, group, p):
    """Repair-SCOMAgent: brings pushed agents to their server's build, as an approved update does."""
    from .group import Pending

    kids = nodes_of(group, p["Agent"], ("agent",), "Repair-SCOMAgent")
    if p.get("WhatIf"):
        return []
    entries = []
    for node in kids:
        entry = next((e for e in group.pending if e.agent == node.fqdn and e.type == "UpdateAgent"), None)
        if entry is None:
            group.add_pending(node.fqdn, "RepairAgent", node.primary)
            entry = next(
                e for e in group.pending if e.agent == node.fqdn and isinstance(e, Pending) and e.type == "RepairAgent"
            )
        entries.append(entry)
    start(group, entries)
    return []


def packs(session, group, p):
    found = named(
        named(group.packs, lambda k: k.name, p.get("Name")), lambda k: k.display_name or k.name, p.get("DisplayName")
    )
    ids = [str(i).lower() for i in many(p.get("Id"))]
    return [objects.pack(group, k) for k in found if not ids or k.id in ids]


def group_of(session, group, p):
    return [objects.management_group(group)]


CMDLETS = (
    Cmdlet(
        "New-SCOMManagementGroupConnection",
        (P("ComputerName", position=0), P("Credential", "System.Management.Automation.PSCredential", position=1), PASS),
        new_connection,
    ),
    Cmdlet("Get-SCOMManagementGroupConnection", (P("ManagementGroupName"),), get_connection),
    Cmdlet(
        "Remove-SCOMManagementGroupConnection", (P("Connection", "System.Object", pipeline=True),), remove_connection
    ),
    Cmdlet("Get-SCOMManagementGroup", (P("Name", position=0), *COMMON), group_of),
    Cmdlet("Get-SCOMManagementServer", (P("Name", position=0), *COMMON), servers),
    Cmdlet("Get-SCOMGatewayManagementServer", (P("Name", position=0), *COMMON), gateways),
    Cmdlet(
        "Get-SCOMAgent",
        (P("DNSHostName", position=0, aliases=("Name",)), P("ManagementServer", MS + "[]", pipeline=True), *COMMON),
        agents,
    ),
    Cmdlet(
        "Get-SCOMPendingManagement", COMMON, lambda s, g, p: [objects.pending(g, e) for e in g.pending if not e.hidden]
    ),
    Cmdlet(
        "Approve-SCOMPendingManagement",
        (
            P("PendingAction", PENDING, True, 0, True),
            P("ActionAccount", "System.Management.Automation.PSCredential", position=1),
            PASS,
            *WHATIF,
        ),
        lambda s, g, p: approve(s, g, p, "PendingAction"),
    ),
    Cmdlet(
        "Deny-SCOMPendingManagement",
        (P("PendingAction", PENDING, True, 0, True), PASS, *WHATIF),
        lambda s, g, p: reject(s, g, p, "PendingAction"),
    ),
    Cmdlet(
        "Get-SCOMNotificationSubscription",
        (P("Name", position=0), P("DisplayName"), P("Id", "System.Guid[]"), *COMMON),
        subscriptions,
    ),
    Cmdlet(
        "Enable-SCOMNotificationSubscription",
        (P("Subscription", SUBSCRIPTION, True, 0, True), PASS, *WHATIF),
        switch(True),
    ),
    Cmdlet(
        "Disable-SCOMNotificationSubscription",
        (P("Subscription", SUBSCRIPTION, True, 0, True), PASS, *WHATIF),
        switch(False),
    ),
    Cmdlet(
        "Get-SCOMConnector",
        (P("Name", position=0), P("DisplayName"), P("Id", "System.Guid[]"), *COMMON),
        lambda s, g, p: [
            objects.connector(g, c)
            for c in named(g.connectors, lambda c: c.name, p.get("Name") or p.get("DisplayName"))
        ],
    ),
    Cmdlet(
        "Get-SCOMManagementPack", (P("Name", position=0), P("DisplayName"), P("Id", "System.Guid[]"), *COMMON), packs
    ),
    Cmdlet(
        "Import-SCOMManagementPack",
        (P("Fullname", "System.String[]", True, 0),),
        lambda s, g, p: import_packs(s, g, many(p["Fullname"])),
    ),
    Cmdlet(
        "Remove-SCOMManagementPack",
        (P("ManagementPack", PACK, True, 0, True), *WHATIF),
        lambda s, g, p: remove_packs(s, g, p["ManagementPack"], "Remove-SCOMManagementPack"),
    ),
    Cmdlet(
        "Get-SCOMParentManagementServer",
        (P("Agent", AMC + "[]", pipeline=True), P("GatewayServer", MS + "[]"), *COMMON),
        parents,
    ),
    Cmdlet(
        "Set-SCOMParentManagementServer",
        (
            P("Agent", AMC + "[]"),
            P("GatewayServer", MS + "[]"),
            P("PrimaryServer", MS),
            P("FailoverServer", MS + "[]"),
            PASS,
            *WHATIF,
        ),
        set_parents,
    ),
    Cmdlet("Get-SCOMRMSEmulator", COMMON, emulator),
    Cmdlet("Set-SCOMRMSEmulator", (P("Server", MS, True, 0, True), PASS, *WHATIF), set_emulator),
    Cmdlet("Get-SCOMResourcePool", (P("DisplayName", position=0), P("Name"), *COMMON), pools),
    Cmdlet("Get-SCOMClass", (P("Name", position=0), P("Id", "System.Guid[]"), *COMMON), lambda s, g, p: classes(g, p)),
    Cmdlet(
        "Get-SCOMClassInstance",
        (P("Class", "System.Object[]", position=0, pipeline=True), P("Name"), P("Id", "System.Guid[]"), *COMMON),
        lambda s, g, p: instances(g, p.get("Class") or ["Microsoft.Windows.Computer"], True),
    ),
    Cmdlet(
        "Get-SCOMAlert",
        (P("Name", position=0), P("ResolutionState", "System.Byte[]"), P("Severity", "System.Object[]"), *COMMON),
        lambda s, g, p: [
            objects.alert(g, a)
            for a in g.alerts
            if not p.get("ResolutionState") or a.resolution_state in [int(r) for r in many(p["ResolutionState"])]
        ],
    ),
    Cmdlet(
        "Repair-SCOMAgent",
        (
            P("Agent", AMC + "[]", True, 0, True),
            P("ActionAccount", "System.Management.Automation.PSCredential"),
            PASS,
            *WHATIF,
        ),
        repair,
    ),
    Cmdlet(
        "Get-SCOMUserRole",
        (P("DisplayName", position=0), P("Name"), P("Id", "System.Guid[]"), *COMMON),
        lambda s, g, p: user_roles(s, p),
    ),
)
FREE.update({new_connection, get_connection, remove_connection})


def shell(machine, group):
    """The 2012 module of a machine (usable where a server or console of 2012 is installed)."""
    return Shell(machine, group, "2012", CMDLETS)
