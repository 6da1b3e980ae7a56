"""The 2007 R2 shell: a snap-in that speaks to the root management server."""

from __future__ import annotations

from . import objects
from .shell import (
    FREE,
    NAME0,
    PATH,
    Cmdlet,
    P,
    Shell,
    ShellError,
    approve,
    classes,
    export_packs,
    import_packs,
    instances,
    many,
    named,
    nodes_of,
    packs_of,
    reject,
    remove_packs,
    user_roles,
)

ADMIN = objects.ADMIN
SERVER_KINDS = ("management_server", "gateway")
WHATIF = (
    P("WhatIf", "System.Management.Automation.SwitchParameter"),
    P("Confirm", "System.Management.Automation.SwitchParameter"),
)


def new_connection(session, group, p):
    credential = p.get("Credential") or {}
    credential = credential.get("$credential", credential) if isinstance(credential, dict) else {}
    session.connect(many(p.get("ConnectionString"))[0], credential.get("user"), credential.get("password"))
    return [connection(session)]


def connection(session):
    return objects.PsObject(
        ("Microsoft.EnterpriseManagement.OperationsManager.ClientShell.ManagementGroupConnectionInfo",),
        "connection:" + session.connected_to,
        session.connected_to,
        {"ManagementServerName": session.connected_to, "ManagementGroup": session.management_group()},
    )


def get_connection(session, group, p):
    return [connection(session)] if session.connections else []


def remove_connection(session, group, p):
    session.connections.clear()
    session.location = None


def servers(session, group, p):
    found = list(group.of_kind(*SERVER_KINDS))
    if p.get("Root"):
        found = [n for n in found if n.fqdn == group.root]
    return [objects.server(group, n) for n in found]


def root(session, group, p):
    return [objects.server(group, group.root_node)]


def agents(session, group, p):
    found = group.agents
    if p.get("ManagementServer"):
        wanted = {n.fqdn for n in nodes_of(group, p["ManagementServer"], SERVER_KINDS, "Get-Agent")}
        found = [n for n in found if n.primary in wanted]
    return [objects.agent(group, n) for n in found]


def pending(session, group, p):
    return [objects.pending(group, e) for e in group.pending if not e.hidden]


def primary(session, group, p):
    return [objects.server(group, group.nodes[n.primary]) for n in children(group, p) if n.primary in group.nodes]


def failover(session, group, p):
    return [objects.server(group, group.nodes[f]) for n in children(group, p) for f in n.failover if f in group.nodes]


def children(group, p):
    return nodes_of(
        group,
        many(p.get("GatewayManagementServer")) + many(p.get("Agent")),
        ("gateway", "agent"),
        "Get-PrimaryManagementServer",
    )


def set_server(session, group, p):
    """Set-ManagementServer: primary and failover in one call."""
    name = "Set-ManagementServer"
    target = nodes_of(group, p.get("PrimaryManagementServer"), SERVER_KINDS, name)
    backup = nodes_of(group, p.get("FailoverServer"), SERVER_KINDS, name)
    kids = nodes_of(group, p.get("AgentManagedComputer"), ("agent",), name)
    kids = kids + nodes_of(group, p.get("GatewayManagementServer"), ("gateway",), name)
    if len(target) != 1 or not kids:
        raise ShellError(
            "Parameter set cannot be resolved using the specified named parameters.",
            "System.Management.Automation.ParameterBindingException",
            name,
            category="InvalidArgument",
        )
    if target[0] in backup:
        raise ShellError(
            "A management server cannot be both the primary and a failover management server.",
            "System.ArgumentException",
            name,
            category="InvalidArgument",
        )
    if not p.get("WhatIf"):
        with group.quiet():
            for node in kids:
                group.set_parents(node, target[0].fqdn, [b.fqdn for b in backup])
    return []


def setting(session, group, p):
    """Get-DefaultSetting: the two that tell where the data warehouse is, and the heartbeat."""
    values = {"HealthService\\Heartbeats\\Interval": 60, "ManagementServer\\Heartbeats\\MissingHeartbeatThreshold": 3}
    if group.warehouse:
        values["ManagementGroup\\DataWarehouse\\DataWarehouseServerName"] = group.warehouse.source
        values["ManagementGroup\\DataWarehouse\\DataWarehouseDatabaseName"] = group.warehouse.name
    return [
        objects.PsObject((f"{ADMIN}.DefaultSetting",), "setting:" + k, k, {"Name": k, "Value": v})
        for k, v in values.items()
        if not p.get("Name") or k.lower() in [str(n).lower() for n in many(p["Name"])]
    ]


MS, AMC = f"{ADMIN}.ManagementServer", f"{ADMIN}.AgentManagedComputer"
PENDING = f"{ADMIN}.AgentPendingAction[]"
PACK = "Microsoft.EnterpriseManagement.Configuration.ManagementPack[]"

CMDLETS = (
    Cmdlet(
        "New-ManagementGroupConnection",
        (
            P("ConnectionString", "System.String[]", True, 0),
            P("Credential", "System.Management.Automation.PSCredential"),
        ),
        new_connection,
    ),
    Cmdlet("Get-ManagementGroupConnection", (P("ConnectionString"), PATH), get_connection),
    Cmdlet(
        "Remove-ManagementGroupConnection",
        (P("ManagementGroupConnection", "System.Object", pipeline=True), P("ConnectionString")),
        remove_connection,
    ),
    Cmdlet("Get-ManagementServer", (PATH, P("Root", "System.Management.Automation.SwitchParameter")), servers),
    Cmdlet("Get-RootManagementServer", (PATH,), root),
    Cmdlet("Get-Agent", (PATH, P("ManagementServer", MS, pipeline=True)), agents),
    Cmdlet("Get-AgentPendingAction", (PATH,), pending),
    Cmdlet(
        "Approve-AgentPendingAction",
        (P("AgentPendingAction", PENDING, True, 0, True), *WHATIF),
        lambda s, g, p: approve(s, g, p, "AgentPendingAction"),
    ),
    Cmdlet(
        "Reject-AgentPendingAction",
        (P("AgentPendingAction", PENDING, True, 0, True), *WHATIF),
        lambda s, g, p: reject(s, g, p, "AgentPendingAction"),
    ),
    Cmdlet(
        "Get-NotificationSubscription",
        (PATH, P("Id", "System.Guid[]")),
        lambda s, g, p: [
            objects.subscription(g, i)
            for i in g.subscriptions
            if not p.get("Id") or i.id in [str(x).lower() for x in many(p["Id"])]
        ],
    ),
    Cmdlet("Get-Connector", (PATH,), lambda s, g, p: [objects.connector(g, c) for c in g.connectors]),
    Cmdlet(
        "Get-ManagementPack",
        (P("Name", position=0), P("Path")),
        lambda s, g, p: [objects.pack(g, k) for k in named(g.packs, lambda k: k.name, p.get("Name"))],
    ),
    Cmdlet(
        "Install-ManagementPack",
        (P("FilePath", "System.String[]", True, 0),),
        lambda s, g, p: import_packs(s, g, many(p["FilePath"])),
    ),
    Cmdlet(
        "Uninstall-ManagementPack",
        (P("ManagementPack", PACK, True, 0, True), *WHATIF),
        lambda s, g, p: remove_packs(s, g, p["ManagementPack"], "Uninstall-ManagementPack"),
    ),
    Cmdlet(
        "Export-ManagementPack",
        (P("ManagementPack", PACK, True, 0, True), P("Path", "System.String", True, 1)),
        lambda s, g, p: export_packs(s, g, p["ManagementPack"], str(many(p["Path"])[0]), "Export-ManagementPack"),
    ),
    Cmdlet(
        "Set-ManagementServer",
        (
            P("PrimaryManagementServer", MS, True, 0),
            P("AgentManagedComputer", AMC + "[]", False, 1),
            P("GatewayManagementServer", MS + "[]"),
            P("FailoverServer", MS + "[]", False, 2),
            *WHATIF,
        ),
        set_server,
    ),
    Cmdlet("Get-PrimaryManagementServer", (P("GatewayManagementServer", MS, pipeline=True), P("Agent", AMC)), primary),
    Cmdlet(
        "Get-FailoverManagementServer", (P("GatewayManagementServer", MS, pipeline=True), P("Agent", AMC)), failover
    ),
    Cmdlet("Get-DefaultSetting", (NAME0, P("Path")), setting),
    Cmdlet("Get-MonitoringClass", (NAME0, P("Path"), P("Id", "System.Guid[]")), lambda s, g, p: classes(g, p)),
    Cmdlet(
        "Get-MonitoringObject",
        (P("MonitoringClass", "System.Object[]", pipeline=True), P("Path"), P("Id", "System.Guid[]")),
        lambda s, g, p: instances(g, p.get("MonitoringClass") or ["Microsoft.Windows.Computer"], False),
    ),
    Cmdlet(
        "Get-Alert",
        (P("Criteria", "System.String", position=0), P("Path")),
        lambda s, g, p: [objects.alert(g, a) for a in g.alerts],
    ),
    Cmdlet("Get-UserRole", (PATH,), lambda s, g, p: user_roles(s, p)),
)
FREE.update({new_connection, get_connection, remove_connection})


def shell(machine, group):
    """The 2007 R2 shell of a machine (usable where a server or console of 2007 R2 has registered the snap-in)."""
    return Shell(machine, group, "2007", CMDLETS)


__all__ = ["CMDLETS", "packs_of", "shell"]
