# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Management groups of all shapes, for property tests: estates as hypothesis makes them up."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

GOOD = {"release": "2008 R2", "service_pack": 1, "architecture": "x64"}
BAD = (
    {"release": "2003", "service_pack": 2, "architecture": "x86"},
    {"release": "2003 R2", "service_pack": 2, "architecture": "x64"},
    {"release": "2008", "service_pack": 2, "architecture": "x64"},
    {"release": "2008 R2", "service_pack": 0, "architecture": "x64"},
)
COLLATION = "SQL_Latin1_General_CP1_CI_AS"
BUILD_2012 = "7.0.8560.0"


def sql(version: str) -> dict[str, Any]:
    return {"version": version, "edition": "Enterprise", "instance": "MSSQLSERVER", "full_text": True, "allow_updates": 0,
            "collation": COLLATION}  # fmt: skip


def database(server: str, name: str) -> dict[str, Any]:
    return {"server": server, "name": name, "data_mb": 10240, "used_percent": 30, "log_mb": 5120, "collation": COLLATION,
            "broker": True}  # fmt: skip


@st.composite
def gateways_to_replace(draw: st.DrawFn) -> dict[str, Any]:
    """A group whose gateways, in tiers and named in any order, fail like its servers, with a spare for each of them."""
    estate: dict[str, Any] = draw(estates().filter(lambda one: not any("cluster" in row for row in one["servers"])))
    old = [one for one in estate["servers"] if one["roles"] and "gateway" not in one["roles"]]
    parents = [one["name"] for one in old if set(one["roles"]) & {"root_management_server", "management_server"}]
    names = draw(st.permutations([f"GW{number}" for number in range(draw(st.integers(1, 5)))]))
    gateways: list[dict[str, Any]] = []
    for name in names:
        parent = draw(st.sampled_from([*parents, *(one["name"] for one in gateways)]))
        failover = [one for one in parents if one != parent and draw(st.booleans())]
        gateways.append({"name": name, "roles": ["gateway"], "os": BAD[0], "domain_joined": draw(st.booleans()),
                         "reports_to": parent, "failover": failover})  # fmt: skip
    spares = [
        {"name": f"NEW{number:02}", "roles": [], "os": GOOD, "sql": sql("10.50.2500.0")}
        for number in range(len(gateways) + 2 * len(old))
    ]
    estate["servers"] = [*old, *gateways, *spares]
    known = {*parents, *names}
    for agents in estate["agents"]:
        agents["primary"] = agents["primary"] if agents["primary"] in known else parents[0]
        agents["failover"] = [one for one in agents["failover"] if one in known]
    return estate


@st.composite
def estates(draw: st.DrawFn) -> dict[str, Any]:
    """One group: one machine or many, failing or not, with spares or without, untouched or part-way."""
    mostly_good = st.sampled_from([GOOD, GOOD, GOOD, *BAD])
    single = draw(st.booleans())
    servers: list[dict[str, Any]] = []
    features = [role for role in ("reporting", "web_console", "console", "acs_collector") if draw(st.booleans())]
    old_sql = draw(st.sampled_from(["10.50.2500.0", "10.50.2500.0", "10.0.4000.0", "9.00.5000.00"]))
    warehouse = draw(st.booleans())
    root: dict[str, Any] = {"name": "RMS", "roles": ["root_management_server"], "os": draw(mostly_good)}
    servers.append(root)
    nodes: list[dict[str, Any]] = []
    if single:
        root["roles"] += ["operational_database", *(["data_warehouse"] if warehouse else []), *features]
        root["sql"] = sql(old_sql)
        holder = "RMS"
    else:
        holder = "SQL1"
        machine = {"name": "SQL1", "os": draw(mostly_good), "sql": sql(old_sql),
                   "roles": ["operational_database", *(["data_warehouse"] if warehouse else [])]}  # fmt: skip
        servers.append(machine)
        for number in range(draw(st.integers(0, 3))):
            servers.append({"name": f"MS{number + 1}", "roles": ["management_server"], "os": draw(mostly_good)})
        managers = [s for s in servers if "management_server" in s["roles"] or s is root]
        for role in features:
            if role == "acs_collector":
                draw(st.sampled_from(managers))["roles"].append(role)
            elif draw(st.booleans()):
                own: dict[str, Any] = {"name": role[:3].upper() + "1", "roles": [role], "os": draw(mostly_good)}
                if role == "reporting":
                    own["sql"] = sql(old_sql)
                servers.append(own)
            else:
                machine["roles"].append(role) if role == "reporting" else root["roles"].append(role)
        if draw(st.integers(0, 4)) == 0:
            root["cluster"] = {"virtual_name": "RMS", "nodes": ["NODE1", "NODE2"]}
            nodes = [{"name": n, "roles": [], "cluster_node_of": "RMS", "os": root["os"]} for n in ("NODE1", "NODE2")]
        gateways: list[dict[str, Any]] = []
        for number in range(draw(st.integers(0, 4))):
            parent = draw(st.sampled_from([*managers, *gateways]))
            other = draw(st.sampled_from([None, *managers]))
            gateways.append({"name": f"GW{number + 1}", "roles": ["gateway"], "os": draw(mostly_good),
                             "reports_to": parent["name"], "domain_joined": draw(st.booleans()),
                             "failover": [other["name"]] if other and other is not parent else []})  # fmt: skip
        servers += gateways
    servers += nodes
    for number in range(draw(st.integers(0, 4))):
        spare: dict[str, Any] = {"name": f"NEW{number + 1}", "roles": [], "os": draw(mostly_good)}
        if draw(st.booleans()):
            spare["sql"] = sql("10.50.2500.0")
        servers.append(spare)
    parents = [
        s["name"] for s in servers if set(s["roles"]) & {"root_management_server", "management_server", "gateway"}
    ]
    agents = [
        {
            "name": f"A{number}[01:{draw(st.integers(1, 9)):02}]",
            "install": draw(st.sampled_from(["push", "manual"])),
            "primary": draw(st.sampled_from(parents)),
            "failover": draw(st.lists(st.sampled_from(parents), max_size=1)),
            "os": draw(st.sampled_from([GOOD, *BAD])),
            "console": draw(st.integers(0, 5)) == 0,
            "acs": draw(st.integers(0, 5)) == 0,
            **({"winrm": None} if draw(st.integers(0, 5)) == 0 else {}),
        }
        for number in range(draw(st.integers(0, 5)))
    ]
    estate: dict[str, Any] = {
        "management_group": "GROUP",
        "domain": "example.test",
        "cumulative_update": draw(st.integers(0, 7)),
        "servers": servers,
        "databases": {
            "operational": database(holder, "OperationsManager"),
            "warehouse": database(holder, "OperationsManagerDW") if warehouse else None,
            "audit": database(holder, "OperationsManagerAC") if "acs_collector" in features else None,
        },
        "agents": agents,
        "subscriptions": [{"name": f"S{n}", "enabled": draw(st.booleans())} for n in range(draw(st.integers(0, 3)))],
        "connectors": (
            [
                {
                    "name": "Tickets",
                    "host": draw(st.sampled_from(parents)),
                    "service": "TicketConnector",
                    "running": draw(st.booleans()),
                }
            ]
            if draw(st.booleans())
            else []
        ),
        "pending": [{"agent": "x.example.test", "type": "ManualApproval", "hidden": draw(st.booleans())}]
        if draw(st.booleans())
        else [],
        "connected_consoles": draw(st.integers(0, 2)),
        "management_packs": [],
        "backups": draw(
            st.sampled_from(
                [{}, {"operational": 3, "warehouse": 3, "encryption_key": {"file": "C:\\k.bin", "taken_after_cu": 7}}]
            )
        ),
    }
    return estate
