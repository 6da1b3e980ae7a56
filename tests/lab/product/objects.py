"""Objects of the Operations Manager shells, usable by the in-process interpreter and over the bridge alike."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class PsObject:
    """An object of a shell.

    ``types`` most derived first; ``id`` names it for method calls; ``text`` is what ToString gives; ``methods`` what may be
    called through ``Shell.call_method(id, name, args, self_properties)``. Property values are scalars, datetimes (aware,
    UTC), lists, ``PsEnum`` and ``PsObject``.
    """

    types: tuple
    id: str
    text: str
    properties: dict = field(default_factory=dict)
    methods: tuple = ()

    def get(self, name, default=None):
        """A property without regard to case."""
        for key, value in self.properties.items():
            if key.lower() == name.lower():
                return value
        return default

    def set(self, name, value):
        """Set a property, keeping its spelling."""
        for key in self.properties:
            if key.lower() == name.lower():
                self.properties[key] = value
                return
        self.properties[name] = value

    def __str__(self):
        return self.text


@dataclass(frozen=True)
class PsEnum:
    """A member of an enumeration: type name, number and name."""

    type: str
    number: int
    name: str

    def __str__(self):
        return self.name


def to_bridge(value: Any):
    """A value as the bridge's JSON has it."""
    if isinstance(value, PsObject):
        found = {
            "$type": list(value.types),
            "$id": value.id,
            "$string": value.text,
            "$properties": {k: to_bridge(v) for k, v in value.properties.items()},
        }
        if value.methods:
            found["$methods"] = list(value.methods)
        return found
    if isinstance(value, PsEnum):
        return {"$as": value.type, "value": value.number}
    if isinstance(value, dt.datetime):
        return {"$date": value.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"}
    if isinstance(value, (list, tuple)):
        return [to_bridge(v) for v in value]
    if isinstance(value, bytes):
        import base64

        return {"$bytes": base64.b64encode(value).decode()}
    return value


ADMIN = "Microsoft.EnterpriseManagement.Administration"
CONFIG = "Microsoft.EnterpriseManagement.Configuration"
MONITORING = "Microsoft.EnterpriseManagement.Monitoring"

HEALTH_STATES = {"Uninitialized": 0, "Success": 1, "Warning": 2, "Error": 3}
PENDING_TYPES = {
    name: i
    for i, name in enumerate(
        (
            "LicenseUpgrade",
            "ManualApproval",
            "PushInstall",
            "PushInstallFailed",
            "RepairAgent",
            "RepairFailed",
            "UpdateAgent",
            "UpdateFailed",
        )
    )
}
SEVERITIES = {"Information": 0, "Warning": 1, "Error": 2}

ENUMS = {
    f"{CONFIG}.HealthState": HEALTH_STATES,
    f"{ADMIN}.AgentPendingActionType": PENDING_TYPES,
    f"{CONFIG}.ManagementPackAlertSeverity": SEVERITIES,
}


def health(name):
    return PsEnum(f"{CONFIG}.HealthState", HEALTH_STATES[name], name)


def wrapper(value, kind):
    """A SettablePropertyValue: read its ``Value``."""
    return PsObject(
        (f"{ADMIN}.SettablePropertyValue`1[[{kind}]]",), "", str(value), {"Value": value, "IsDefaultValue": True}
    )


def computer(group, node):
    """Properties that servers and agents share."""
    return {
        "ActionAccountIdentity": node.action_account if node.action_account != "LocalSystem" else "SYSTEM",
        "AuthenticationName": node.fqdn,
        "CommunicationPort": 5723,
        "ComputerName": node.name,
        "CreateListener": node.is_server,
        "DisplayName": node.fqdn,
        "Domain": node.domain,
        "HealthState": health(node.health),
        "HeartbeatInterval": wrapper(60, "System.Int32"),
        "Id": node.id,
        "InstallTime": node.installed,
        "InstalledBy": "Administrator",
        "IPAddress": group.world.addresses.get(node.name, ""),
        "LastModified": node.modified,
        "ManagementGroup": group.name,
        "ManagementGroupId": group.id,
        "MaximumQueueSizeBytes": 104857600,
        "MaximumSizeOfAllTransferredFilesBytes": 0,
        "Name": node.fqdn,
        "NetworkName": node.fqdn,
        "PatchList": node.patch_list,
        "PrincipalName": node.fqdn,
        "ProxyingEnabled": wrapper(node.proxying, "System.Boolean"),
        "RequestCompression": True,
        "Version": node.version,
    }


def server(group, node):
    """A ManagementServer (gateways too)."""
    properties = computer(group, node)
    properties.update(
        AemEnabled=False,
        AutoApproveManuallyInstalledAgents=wrapper(False, "System.Boolean"),
        RejectManuallyInstalledAgents=wrapper(False, "System.Boolean"),
        MissingHeartbeatThreshold=wrapper(3, "System.Int32"),
        IsGateway=node.kind == "gateway",
        IsRootManagementServer=node.fqdn == (group.emulator if group.new else group.root),
    )
    return PsObject(
        (f"{ADMIN}.ManagementServer", f"{ADMIN}.ComputerHealthService"),
        node.id,
        node.fqdn,
        properties,
        ("GetPrimaryManagementServer", "GetFailoverManagementServers"),
    )


def agent(group, node):
    """An AgentManagedComputer."""
    properties = computer(group, node)
    properties.update(
        ManuallyInstalled=wrapper(node.install == "manual", "System.Boolean"), PrimaryManagementServerName=node.primary
    )
    return PsObject(
        (f"{ADMIN}.AgentManagedComputer", f"{ADMIN}.ComputerHealthService"),
        node.id,
        node.fqdn,
        properties,
        ("GetPrimaryManagementServer", "GetFailoverManagementServers"),
    )


def pending(group, entry):
    """An AgentPendingAction."""
    kind = PsEnum(f"{ADMIN}.AgentPendingActionType", PENDING_TYPES.get(entry.type, 1), entry.type)
    text = f"Action {entry.type} on server {entry.server} is pending for agent {entry.agent}"
    return PsObject(
        (f"{ADMIN}.AgentPendingAction",),
        entry.id,
        text,
        {
            "AgentName": entry.agent,
            "AgentPendingActionType": kind,
            "LastModified": entry.modified,
            "ManagementGroup": group.name,
            "ManagementGroupId": group.id,
            "ManagementServerName": entry.server,
            "Id": entry.id,
        },
    )


def subscription(group, item):
    """A NotificationSubscription: set Enabled, then Update()."""
    return PsObject(
        (f"{ADMIN}.AlertNotificationSubscription", f"{ADMIN}.NotificationSubscription"),
        item.id,
        item.name,
        {
            "Id": item.id,
            "Name": "Subscription" + item.id.replace("-", "_"),
            "DisplayName": item.name,
            "Description": "",
            "Enabled": item.enabled,
            "ManagementGroup": group.name,
        },
        ("Update",),
    )


def connector(group, item):
    """A MonitoringConnector."""
    return PsObject(
        (f"{MONITORING}.MonitoringConnector", "Microsoft.EnterpriseManagement.ConnectorFramework.MonitoringConnector"),
        item.id,
        item.name,
        {
            "Id": item.id,
            "Name": item.name,
            "DisplayName": item.name,
            "Description": "",
            "Initialized": item.initialized,
        },
    )


def pack(group, item):
    """A ManagementPack."""
    return PsObject(
        (f"{CONFIG}.ManagementPack",),
        item.id,
        item.name,
        {
            "Id": item.id,
            "Name": item.name,
            "DisplayName": item.display_name or item.name,
            "FriendlyName": item.display_name or item.name,
            "Version": item.version,
            "Sealed": item.sealed,
            "LastModified": group.world.clock.start,
            "KeyToken": "31bf3856ad364e35" if item.sealed else None,
        },
    )


def alert(group, item):
    """An alert."""
    return PsObject(
        (f"{MONITORING}.MonitoringAlert",),
        item.id,
        item.name,
        {
            "Id": item.id,
            "Name": item.name,
            "Severity": PsEnum(f"{CONFIG}.ManagementPackAlertSeverity", SEVERITIES[item.severity], item.severity),
            "ResolutionState": item.resolution_state,
            "TimeRaised": item.raised,
            "LastModified": item.raised,
        },
    )


def pool(group, name, members):
    """A MonitoringResourcePool."""
    from .names import guid

    return PsObject(
        ("Microsoft.EnterpriseManagement.Administration.MonitoringResourcePool",),
        guid("pool", name),
        name,
        {
            "Id": guid("pool", name),
            "Name": name,
            "DisplayName": name,
            "IsDynamic": True,
            "Members": [server(group, n) for n in members],
            "Observers": [],
        },
    )


def user_role(name, title, users):
    """A UserRole (2007 R2: MonitoringUserRole)."""
    from .names import guid

    return PsObject(
        ("Microsoft.EnterpriseManagement.Security.UserRole",),
        guid("role", name),
        name,
        {"Id": guid("role", name), "Name": name, "DisplayName": title, "IsSystem": True, "Users": list(users)},
    )


def class_(name):
    """A monitoring class."""
    from .names import guid

    return PsObject(
        (f"{CONFIG}.MonitoringClass", f"{CONFIG}.ManagementPackClass"),
        guid("class", name),
        name,
        {"Id": guid("class", name), "Name": name, "DisplayName": name.rsplit(".", 1)[-1]},
    )


def instance(group, node, class_name, wrapped):
    """A monitoring object of a health service; a grey one is not available and keeps its last state."""
    from .names import guid

    def value(v):
        return wrapper(v, "System.String") if wrapped else v

    return PsObject(
        (f"{MONITORING}.MonitoringObject", f"{MONITORING}.PartialMonitoringObject"),
        guid(class_name, node.fqdn),
        node.fqdn,
        {
            "Id": guid(class_name, node.fqdn),
            "Name": node.fqdn,
            "DisplayName": node.fqdn,
            "FullName": f"{class_name}:{node.fqdn}",
            "Path": node.fqdn,
            "HealthState": health(node.health),
            "IsAvailable": node.available,
            "InMaintenanceMode": False,
            "AvailabilityLastModified": node.modified,
            "StateLastModified": node.modified,
            f"[{class_name}].Version": value(node.version),
            "[Microsoft.SystemCenter.HealthService].Version": value(node.version),
        },
    )


def management_group(group):
    """The connection's ManagementGroup."""
    return PsObject(
        ("Microsoft.EnterpriseManagement.ManagementGroup",),
        group.id,
        group.name,
        {
            "Id": group.id,
            "Name": group.name,
            "Version": group.version,
            "IsConnected": True,
            "SkuForLicense": "Retail",
            "SkuForProduct": "SCOM",
            "TimeOfExpiration": None,
        },
        ("GetConnectedUserNames",),
    )
