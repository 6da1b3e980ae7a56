# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ask a management group for its facts through its own shell, and put the answers into GROUP of docs/snapshot.md.

Talks, and judges nothing. Cmdlets and properties are those of the scripting reference, sections 2 and 3; the 2007 R2 shell
and the 2012 module differ in names only, so there is one table for both. Private to this collection.
"""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils.journal import JOURNAL, read_journal

AGENT_COLUMNS = (
    "name",
    "version",
    "patch_list",
    "manual",
    "health",
    "available",
    "primary",
    "failover",
    "domain",
    "install_time",
)

_SERVER = [
    "Name",
    "Version",
    "PatchList",
    "IsRootManagementServer",
    "IsGateway",
    "HealthState",
    "ActionAccountIdentity",
]
_AGENT = [
    "Name",
    "Version",
    "PatchList",
    "ManuallyInstalled.Value",
    "HealthState",
    "PrimaryManagementServerName",
    "GetFailoverManagementServers().Name",
    "Domain",
    "InstallTime",
]
_PARENTS = ["GetPrimaryManagementServer().Name", "GetFailoverManagementServers().Name"]
_GATEWAYS = [{"property": "IsGateway", "equals": True}]
_WATCHED = "Microsoft.SystemCenter.HealthService"
_SETTING = "ManagementGroup\\DataWarehouse\\"
_ADMINISTRATORS = "OperationsManagerAdministrators"


def steps(product):
    """The pipeline, as data, that reads a whole group; `product` is `2007` or `2012`."""
    names = _NAMES[product]
    found = [
        {"name": "group", "management_group": True, "select": ["Name", "Version", "GetConnectedUserNames()"]},
        {"name": "servers", "cmdlet": names["servers"], "select": _SERVER},
        {"name": "gateways", "each": {"from": "servers", "where": _GATEWAYS}, "select": ["Name", *_PARENTS]},
        {"name": "agents", "cmdlet": names["agents"], "select": _AGENT, "columns": True},
        {"name": "class", "cmdlet": names["class"], "parameters": {"Name": _WATCHED}},
        {
            "name": "health",
            "cmdlet": names["instances"],
            "parameters": {names["class_parameter"]: {"from": "class"}},
            "select": ["DisplayName", "IsAvailable"],
            "columns": True,
        },
        {
            "name": "pending",
            "cmdlet": names["pending"],
            "select": ["AgentName", "AgentPendingActionType", "ManagementServerName"],
        },
        {"name": "subscriptions", "cmdlet": names["subscriptions"], "select": ["Id", "DisplayName", "Enabled"]},
        {"name": "connectors", "cmdlet": names["connectors"], "select": ["Id", "Name", "Initialized"]},
        {"name": "packs", "cmdlet": names["packs"], "select": ["Name", "Version", "Sealed"], "columns": True},
        {"name": "alerts", "cmdlet": names["alerts"], "select": ["Severity", "ResolutionState"], "columns": True},
    ]
    if product == "2007":
        found += [
            {"name": key, "cmdlet": "Get-DefaultSetting", "parameters": {"Name": _SETTING + key}, "select": ["Value"]}
            for key in ("DataWarehouseServerName", "DataWarehouseDatabaseName")
        ]
    else:
        found += [
            {"name": "emulator", "cmdlet": "Get-SCOMRMSEmulator", "select": ["Name"]},
            {"name": "pools", "cmdlet": "Get-SCOMResourcePool", "select": ["DisplayName", "Members.Name"]},
        ]
    return found


def role_steps(product):
    """The pipeline that reads who is Operations Manager administrator.

    Get-SCOMUserRole is in the cmdlet reference (kb); Get-UserRole of 2007 R2, the role's name and its Users are from published
    scripts (field). So this is asked apart from the rest: where it fails, everything else is known all the same.
    """
    where = [{"property": "Name", "equals": _ADMINISTRATORS}]
    return [
        {"name": "roles", "cmdlet": _NAMES[product]["roles"]},
        {"name": "administrators", "each": {"from": "roles", "where": where}, "select": ["Users"]},
    ]


_NAMES = {
    "2007": {
        "servers": "Get-ManagementServer",
        "agents": "Get-Agent",
        "class": "Get-MonitoringClass",
        "instances": "Get-MonitoringObject",
        "class_parameter": "MonitoringClass",
        "pending": "Get-AgentPendingAction",
        "subscriptions": "Get-NotificationSubscription",
        "connectors": "Get-Connector",
        "packs": "Get-ManagementPack",
        "alerts": "Get-Alert",
        "roles": "Get-UserRole",
    },
    "2012": {
        "servers": "Get-SCOMManagementServer",
        "agents": "Get-SCOMAgent",
        "class": "Get-SCOMClass",
        "instances": "Get-SCOMClassInstance",
        "class_parameter": "Class",
        "pending": "Get-SCOMPendingManagement",
        "subscriptions": "Get-SCOMNotificationSubscription",
        "connectors": "Get-SCOMConnector",
        "packs": "Get-SCOMManagementPack",
        "alerts": "Get-SCOMAlert",
        "roles": "Get-SCOMUserRole",
    },
}


def operations(server, product):
    """The batch: the group's pipeline, each part alone so that one that fails leaves the others, and the journal."""
    shell = {"server": server, "product": product}
    return [
        {"id": "group", "op": "opsmgr.run", "args": {**shell, "steps": steps(product)}},
        {"id": "roles", "op": "opsmgr.run", "args": {**shell, "steps": role_steps(product)}},
        {"id": "journal", "op": "file.tail", "args": dict(JOURNAL)},
        {"id": "system", "op": "system.info", "args": {}},
    ]


def collect(remote, server, product):
    """Ask the group: returns (GROUP, journal entries, the server's time). Raises OperationFailed where the shell fails."""
    results = {result.id: result for result in remote.run(operations(server, product))}
    group = normalise(results["group"].get(), product)
    take_administrators(group, results["roles"])
    return group, read_journal(results["journal"]), results["system"].get()["time"]


def normalise(value, product):
    """Turn the pipeline's outputs into GROUP of docs/snapshot.md."""
    outputs = value["outputs"]
    group = (outputs.get("group") or [{}])[0]
    servers = [_server(row) for row in outputs.get("servers") or []]
    available = {_name(row[0]): bool(row[1]) for row in _rows(outputs.get("health"))}
    parents = {_name(row["Name"]): row for row in outputs.get("gateways") or []}
    for server in servers:
        server["available"] = available.get(server["name"])
        row = parents.get(server["name"], {})
        server["primary"] = _name(_one(row.get(_PARENTS[0])))
        server["failover"] = [_name(name) for name in _many(row.get(_PARENTS[1]))]
    alerts = [row for row in _rows(outputs.get("alerts")) if str(row[1]) != "255"]  # 255 = closed
    emulator = (outputs.get("emulator") or [{}])[0].get("Name")
    roots = [server["name"] for server in servers if server["is_root"]]
    warehouse = {
        key: (outputs.get(key) or [{}])[0].get("Value")
        for key in ("DataWarehouseServerName", "DataWarehouseDatabaseName")
    }
    return {
        "name": group.get("Name"),
        "version": group.get("Version"),
        "product": "2007 R2" if product == "2007" else "2012",
        "language": "en",
        "root_management_server": (roots or [None])[0] if product == "2007" else None,
        "rms_emulator": _name(emulator),
        "servers": servers,
        "agents": {
            "columns": list(AGENT_COLUMNS),
            "rows": [_agent(row, available) for row in _rows(outputs.get("agents"))],
        },
        "pending": [
            {
                "agent": _name(row["AgentName"]),
                "type": row["AgentPendingActionType"],
                "server": _name(row.get("ManagementServerName")),
            }
            for row in outputs.get("pending") or []
        ],
        "subscriptions": [
            {"id": str(row["Id"]), "name": row["DisplayName"], "enabled": bool(row["Enabled"])}
            for row in outputs.get("subscriptions") or []
        ],
        "connectors": [
            {"id": str(row["Id"]), "name": row["Name"], "initialized": row.get("Initialized")}
            for row in outputs.get("connectors") or []
        ],
        "consoles": sorted(_many(group.get("GetConnectedUserNames()"))),
        "management_packs": [
            {"name": row[0], "version": row[1], "sealed": bool(row[2])} for row in _rows(outputs.get("packs"))
        ],
        "resource_pools": [
            {"name": row["DisplayName"], "members": [_name(name) for name in _many(row.get("Members.Name"))]}
            for row in outputs.get("pools") or []
        ],
        "alerts": {"open": len(alerts), "critical": sum(1 for row in alerts if row[0] == "Error")},
        "warehouse": {
            "server": warehouse["DataWarehouseServerName"],
            "database": warehouse["DataWarehouseDatabaseName"],
        }
        if warehouse["DataWarehouseServerName"]
        else None,
        "unknown": {},
    }


def take_administrators(group, result):
    """Put the members of the administrators' role into the group's facts; unknown with the reason where not readable."""
    rows = result.value["outputs"].get("administrators") or [] if result.ok else []
    group["administrators"] = sorted(str(name) for name in _many(rows[0].get("Users"))) if rows else None
    if not rows:
        reason = f"The group shows no role {_ADMINISTRATORS}." if result.ok else result.error["message"]
        group["unknown"]["administrators"] = reason


def _server(row):
    return {
        "name": _name(row["Name"]),
        "version": row.get("Version"),
        "patch_list": row.get("PatchList") or "",
        "file_version": None,
        "is_root": bool(row.get("IsRootManagementServer")),
        "is_gateway": bool(row.get("IsGateway")),
        "health": row.get("HealthState"),
        "action_account": row.get("ActionAccountIdentity"),
    }


def _agent(row, available):
    name, version, patches, manual, health, primary, failover, domain, installed = row
    name = _name(name)
    return [
        name,
        version,
        patches or "",
        bool(manual),
        health,
        available.get(name),
        _name(primary),
        [_name(parent) for parent in _many(failover)],
        (domain or "").lower() or None,
        installed,
    ]


def _rows(output):
    """Rows of a columnar output; empty when the step gave nothing."""
    return (output or {}).get("rows") or [] if isinstance(output, dict) else []


def _many(value):
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _one(value):
    values = _many(value)
    return values[0] if values else None


def _name(value):
    return value.lower() if value else None
