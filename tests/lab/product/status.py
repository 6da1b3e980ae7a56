"""The state of a world as JSON, in an estate's vocabulary, and how events change it.

``status(world)`` tells everything; ``estate_of(status)`` makes an estate of it again. The handlers at the end make the
state after from the state before and the events between (``tests.lab.world.replay``).

Sections: those of an estate (``servers``, ``agents``, ``databases``, ``subscriptions``, ``connectors``, ``pending``,
``management_packs``, ``backups`` with times in place of ages), ``consoles`` (open sessions), ``sql`` (machine -> instance ->
options and databases), ``places`` (where the product's databases are), ``machines`` (Windows' own state), and of the group
``version``, ``root_management_server``, ``rms_emulator``, ``resource_pools``.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from tests.lab.sql.maintenance import describe_state
from tests.lab.world.clock import START
from tests.lab.world.replay import register_replay

from . import footprint
from .names import CUMULATIVE_UPDATES, POOLS, PRODUCTS, UNINSTALL, is_2012, product_code

ROLES = (
    "root_management_server",
    "rms_emulator",
    "management_server",
    "gateway",
    "operational_database",
    "data_warehouse",
    "reporting",
    "web_console",
    "console",
    "acs_collector",
    "acs_database",
)
DATABASE_ROLES = {"operational": "operational_database", "warehouse": "data_warehouse", "audit": "acs_database"}
FEATURE_ROLES = ("reporting", "web_console", "console", "acs_collector")
COUNTED = ("LocalizedText", "PublisherMessages")
CODES = {f"{UNINSTALL}\\{product_code(k, g)}".lower(): k for k in PRODUCTS for g in ("2007", "2012")}


# ---- telling --------------------------------------------------------------------------------------------------


def status(world, *, machines=True, full=False):
    """The state of everything; ``machines``: with Windows' own state, ``full``: with files and registry too."""
    with world.lock:
        group, estate = world.group, world.estate
        found = {
            "management_group": group.name,
            "domain": estate.domain,
            "language": group.language,
            "version": group.version,
            "product": "2012" if group.new else "2007 R2",
            "root_management_server": name_in(group, group.root),
            "rms_emulator": name_in(group, group.emulator),
            "places": {
                kind: {"server": p.server, "instance": p.instance, "name": p.name} if p else None
                for kind in DATABASE_ROLES
                for p in [getattr(group, kind)]
            },
            "sql": {m.name: instances(m) for m in world.machines.values() if m.extra.get("sql")},
            "servers": [server(world, s) for s in estate.servers],
            "agents": [agent(world, n) for n in group.agents],
            "subscriptions": [{"name": s.name, "enabled": s.enabled} for s in group.subscriptions],
            "connectors": [connector(world, c) for c in group.connectors if not c.internal],
            "pending": [
                {"agent": p.agent, "type": p.type, "hidden": p.hidden, "server": p.server} for p in group.pending
            ],
            "consoles": list(group.sessions),
            "management_packs": [
                {"name": p.name, "version": p.version, "sealed": p.sealed, "consistent": p.consistent}
                for p in group.packs
                if not p.builtin
            ],
            "builtin_management_packs": {p.name: p.version for p in group.packs if p.builtin},
            "backups": backups(world),
            "approved_gateways": sorted(group.approved_gateways),
            "key_on": sorted(name_in(group, f) or f for f in group.key_on),
        }
        if machines:
            found["machines"] = {m.name: m.status(full=full) for m in world.machines.values()}
        derive(found)
        return found


def name_in(group, fqdn):
    node = group.nodes.get(fqdn) if fqdn else None
    return node.name if node else None


def host(spec):
    """What an estate says of a machine."""
    return {
        "name": spec.name,
        "fqdn": spec.fqdn,
        "os": {"release": spec.os.release, "service_pack": spec.os.service_pack, "architecture": spec.os.architecture},
        "memory_mb": spec.memory_mb,
        "free_mb": spec.free_mb,
        "processors": spec.processors,
        "powershell": spec.powershell,
        "winrm": spec.winrm,
        "domain_joined": spec.domain_joined,
        "certificate": spec.certificate,
        "software": dict(spec.software),
    }


def features(machine):
    """{part: build} by the uninstall entries."""
    found = {}
    for kind in PRODUCTS:
        generation = footprint.has(machine, kind)
        if generation:
            found[kind] = machine.registry.get(rf"{UNINSTALL}\{product_code(kind, generation)}", "DisplayVersion")
    return found


def server(world, spec):
    group, machine = world.group, world.machines[spec.name]
    node = group.nodes.get(spec.fqdn)
    node = node if node is not None and node.kind != "agent" else None
    found = host(spec)
    found.update(
        features=features(machine),
        up=machine.up,
        services=services(machine),
        node=None
        if node is None
        else {
            "kind": node.kind,
            "version": node.version,
            "cumulative_update": node.cumulative_update,
            "health": node.color,
            "install": node.install,
        },
        reports_to=name_in(group, node.primary) if node and node.kind == "gateway" else None,
        failover=[n for n in (name_in(group, f) for f in node.failover) if n]
        if node and node.kind == "gateway"
        else [],
        sql=sql_spec(machine, spec),
        cluster_node_of=spec.cluster_node_of,
        cluster={"virtual_name": spec.cluster.virtual_name, "nodes": list(spec.cluster.nodes)}
        if spec.cluster
        else None,
    )
    return found


def services(machine):
    return {s.name: {"state": s.state, "start_mode": s.start_mode} for s in machine.services.list()}


def sql_spec(machine, spec):
    sql = machine.extra.get("sql")
    if sql is None:
        return None
    instance = next(iter(sql.instances.values()))
    return {
        "version": instance.version,
        "edition": instance.edition,
        "instance": instance.name,
        "full_text": bool(instance.full_text),
        "allow_updates": instance.configuration["allow updates"][1],
        "collation": instance.collation,
    }


def instances(machine):
    """Instances of a machine: options in use, and user databases."""
    return {
        i.name: {
            "configuration": {k: v[1] for k, v in i.configuration.items()},
            "databases": {d.name: database(d) for d in i.databases.values() if not d.system},
        }
        for i in machine.extra["sql"].instances.values()
    }


database = describe_state


def agent(world, node):
    group = world.group
    spec = next((a for a in world.estate.agents if a.name == node.name), None) or (
        node.machine.spec if node.machine else None
    )
    found = host(spec) if spec else {"name": node.name, "fqdn": node.fqdn}
    machine = node.machine
    forwarder = machine.services.get("AdtAgent") if machine else None
    found.update(
        install=node.install,
        version=node.version,
        cumulative_update=node.cumulative_update,
        health=node.color,
        primary=name_in(group, node.primary) or node.primary,
        failover=[name_in(group, f) or f for f in node.failover],
        acs=(forwarder is not None and forwarder.start_mode != "disabled")
        if machine
        else node.fqdn in group.forwarders,
        console=bool(machine and footprint.has(machine, "console")),
        modelled=machine is not None,
    )
    return found


def connector(world, c):
    machine = world.machines.get(c.host)
    service = machine.services.get(c.service) if machine else None
    return {"name": c.name, "host": c.host, "service": c.service, "running": bool(service and service.running)}


def backups(world):
    """The newest backup of each kind: file, time, verified."""
    group, found = world.group, {}
    for machine in world.machines.values():
        sql = machine.extra.get("sql")
        for instance in sql.instances.values() if sql else ():
            for entry in instance.backups:
                known = instance.databases.get(entry.database)
                what = (known.role or known.name) if known else entry.database
                if what in found and found[what]["finished"] > entry.finished:
                    continue
                found[what] = {"file": entry.file, "finished": entry.finished, "verified": entry.verified}
    for machine in world.machines.values():
        times = machine.backups.versions()
        if times:
            found.setdefault("system_state", {})[machine.name] = times[-1].strftime("%Y-%m-%dT%H:%M:%SZ")
    if group.key_backup:
        found["encryption_key"] = dict(group.key_backup)
    return found


# ---- what follows from the rest -------------------------------------------------------------------------------


def derive(found):
    """Fill in what other sections tell: roles, the databases' entries, pools."""
    names = {s["name"]: s for s in found["servers"]}
    place = found["places"]
    for entry in found["servers"]:
        roles = set()
        node = entry.get("node")
        if entry["name"] == found["root_management_server"]:
            roles.add("root_management_server")
        elif node is not None:
            roles.add(node["kind"])
        if entry["name"] == found["rms_emulator"]:
            roles.add("rms_emulator")
        roles |= {f for f in FEATURE_ROLES if f in entry["features"]}
        for kind, role in DATABASE_ROLES.items():
            if place[kind] and place[kind]["server"] == entry["name"]:
                roles.add(role)
        entry["roles"] = [r for r in ROLES if r in roles]
        if node is not None:
            entry["version"], entry["cumulative_update"], entry["health"] = (
                node["version"],
                node["cumulative_update"],
                node["health"],
            )
        else:
            builds = [v for k, v in sorted(entry["features"].items())]
            entry["version"] = builds[0] if builds else None
            entry["health"] = None
            entry.setdefault("cumulative_update", 0)
    found["databases"] = {}
    for kind in DATABASE_ROLES:
        where = place[kind]
        known = where and found["sql"].get(where["server"], {}).get(where["instance"], {}).get("databases", {}).get(
            where["name"]
        )
        found["databases"][kind] = (
            {"server": where["server"], "instance": where["instance"], "name": where["name"], **known}
            if known
            else None
        )
    new = is_2012(found["version"])
    members = sorted(
        s["name"]
        for s in names.values()
        if s.get("node") and s["node"]["kind"] == "management_server" and is_2012(s["node"]["version"])
    )
    found["resource_pools"] = [{"name": p, "members": members} for p in POOLS] if new else []
    operational = found["databases"]["operational"]
    found["converting"] = operational["content"].get("conversion", "") if operational else ""
    found["connected_consoles"] = len(found["consoles"])
    for entry in found["servers"]:
        sql = found["sql"].get(entry["name"])
        if sql and entry.get("sql"):
            entry["sql"]["allow_updates"] = sql[entry["sql"]["instance"]]["configuration"]["allow updates"]


# ---- an estate again ------------------------------------------------------------------------------------------

HOST_KEYS = (
    "name",
    "fqdn",
    "os",
    "memory_mb",
    "free_mb",
    "processors",
    "powershell",
    "winrm",
    "domain_joined",
    "certificate",
    "software",
)


def estate_of(found, now=None):
    """The estate a status describes, as plain data that ``tests.lab.estate.parse_estate`` reads. ``now``: for backups' ages."""
    now = now or datetime(2012, 5, 12, 18, tzinfo=timezone.utc)
    level = next(
        (
            s["cumulative_update"]
            for s in found["servers"]
            if s["name"] in (found["root_management_server"], found["rms_emulator"])
        ),
        0,
    )
    servers = []
    for entry in found["servers"]:
        one = {k: entry[k] for k in HOST_KEYS}
        one["roles"] = entry["roles"]
        if entry["version"]:
            one["version"] = entry["version"]
        one["cumulative_update"] = entry["cumulative_update"]
        for key in ("sql", "cluster", "cluster_node_of", "reports_to"):
            if entry.get(key):
                one[key] = entry[key]
        if entry.get("reports_to") and entry.get("failover"):
            one["failover"] = entry["failover"]
        servers.append(one)
    agents = [
        {
            **{k: a[k] for k in HOST_KEYS if k in a},
            **{k: a[k] for k in ("install", "primary", "failover", "version", "cumulative_update", "acs", "console")},
        }
        for a in found["agents"]
    ]
    keys = ("server", "name", "data_mb", "used_percent", "log_mb", "collation", "broker")
    result = {
        "management_group": found["management_group"],
        "domain": found["domain"],
        "language": found["language"],
        "cumulative_update": level,
        "servers": servers,
        "agents": agents,
        "databases": {k: {n: d[n] for n in keys} if d else None for k, d in found["databases"].items()},
        "subscriptions": found["subscriptions"],
        "connectors": found["connectors"],
        "pending": [{k: p[k] for k in ("agent", "type", "hidden")} for p in found["pending"]],
        "connected_consoles": found["connected_consoles"],
        "management_packs": found["management_packs"],
        "backups": {},
    }
    for what, entry in found["backups"].items():
        if what in DATABASE_ROLES:
            finished = datetime.fromisoformat(entry["finished"]).replace(tzinfo=timezone.utc)
            result["backups"][what] = round((now - finished).total_seconds() / 3600, 3)
        elif what == "encryption_key":
            result["backups"][what] = {"file": entry["file"], "taken_after_cu": entry["taken_after_cu"]}
        elif what == "system_state":
            root = found["root_management_server"] or found["rms_emulator"]
            if root in entry:
                taken = datetime.fromisoformat(entry[root].replace("Z", "+00:00"))
                result["backups"]["rms_system_state"] = round((now - taken).total_seconds() / 3600, 3)
    return result


# ---- replay ---------------------------------------------------------------------------------------------------


def whole(found):
    """Whether a status is one of these (and not only machines)."""
    return "places" in found and "servers" in found


def by_fqdn(found, fqdn):
    """The server or agent entry of an FQDN."""
    for section in ("servers", "agents"):
        for entry in found[section]:
            if entry["fqdn"] == fqdn:
                return entry
    return None


def short(found, fqdn):
    """The name of an FQDN among the servers."""
    return next((s["name"] for s in found["servers"] if s["fqdn"] == fqdn), fqdn)


def handler(*kinds):
    """Register a function for kinds of events on whole statuses; what follows is derived again."""

    def register(function):
        def call(found, event):
            if whole(found):
                function(found, event)
                derive(found)

        register_replay(*kinds)(call)
        return function

    return register


def entry_of(found, name):
    return next((s for s in found["servers"] if s["name"] == name), None)


@handler("registry")
def _registry(found, event):
    path = event["path"].lower()
    kind = next((k for key, k in CODES.items() if path == key), None)
    if kind is None:
        return
    entry = entry_of(found, event["host"])
    for one in found["agents"]:
        if one["name"] == event["host"] and kind == "console":
            one["console"] = event["change"] != "deleted"
    if entry is None:
        return
    if event["change"] == "deleted" and "name" not in event:
        entry["features"].pop(kind, None)
    elif event.get("name") == "DisplayVersion":
        entry["features"][kind] = event["to"]["data"]


@handler("service")
def _service(found, event):
    for one in found["connectors"]:
        if (one["host"], one["service"]) == (event["host"], event["service"]):
            one["running"] = event["to"] == "running"
    if event["service"] == "AdtAgent":
        for one in found["agents"]:
            if one["name"] == event["host"]:
                one["acs"] = event["to"] is not None and event["start_mode"] != "disabled"


@handler("version")
def _version(found, event):
    entry = by_fqdn(found, event["of"])
    if entry is None:
        return
    target = entry.get("node", entry)
    if target is not None:
        target["version"], target["cumulative_update"] = event["to"], event["cumulative_update"]


@handler("member")
def _member(found, event):
    entry = by_fqdn(found, event["of"])
    if event["change"] == "joined":
        if event["node"] == "agent":
            if entry is None or "node" in entry:
                found["agents"].append({**event["state"]})
        elif entry is not None:
            entry["node"] = {
                "kind": event["node"],
                "version": event["version"],
                "cumulative_update": event["cumulative_update"],
                "health": event["health"],
                "install": event["install"],
            }
    elif event["node"] == "agent":
        found["agents"] = [a for a in found["agents"] if a["fqdn"] != event["of"]]
    elif entry is not None:
        entry["node"], entry["reports_to"], entry["failover"] = None, None, []
        gone = entry["fqdn"]
        for one in found["agents"]:
            if one["primary"] == entry["name"]:
                one["primary"] = gone
            one["failover"] = [gone if f == entry["name"] else f for f in one["failover"]]
        for one in found["servers"]:
            if one.get("reports_to") == entry["name"]:
                one["reports_to"] = None
            one["failover"] = [f for f in one["failover"] if f != entry["name"]]
        if entry["name"] in found["key_on"]:
            found["key_on"] = sorted([k for k in found["key_on"] if k != entry["name"]] + [gone])


@handler("role")
def _role(found, event):
    if event["role"] == "root_management_server":
        found["root_management_server"] = event["host"] if event["change"] == "gained" else None
    elif event["role"] == "rms_emulator":
        if event["change"] == "gained":
            found["rms_emulator"] = event["host"]
        elif found["rms_emulator"] == event["host"]:
            found["rms_emulator"] = None


@handler("group_upgrade")
def _group_upgrade(found, event):
    """The group's version changes on the way (event `group_version`); this one only tells the end."""


@handler("group_version")
def _group_version(found, event):
    found["version"] = event["to"]
    found["product"] = "2012" if is_2012(event["to"]) else "2007 R2"


@handler("place")
def _place(found, event):
    found["places"][event["database"]] = event["to"]


@handler("parent")
def _parent(found, event):
    entry = by_fqdn(found, event["of"])
    if entry is None:
        return
    failover = [short(found, f) for f in event["failover"]]
    if "node" in entry:
        entry["reports_to"], entry["failover"] = short(found, event["to"]), failover
    else:
        entry["primary"], entry["failover"] = short(found, event["to"]), failover


@handler("pending")
def _pending(found, event):
    if event["change"] == "added":
        found["pending"].append(
            {
                "agent": event["agent"],
                "type": event["type"],
                "hidden": event.get("hidden", False),
                "server": event.get("server"),
            }
        )
    else:
        for one in found["pending"]:
            if (one["agent"], one["type"]) == (event["agent"], event["type"]):
                found["pending"].remove(one)
                break


@handler("agent")
def _agent(found, event):
    entry = by_fqdn(found, event["name"])
    if entry is not None and "install" in event:
        entry.get("node", entry)["install"] = event["install"]


@handler("health")
def _health(found, event):
    entry = by_fqdn(found, event["of"])
    if entry is None:
        return
    if "node" in entry:
        if entry["node"] is not None and event["to"] is not None:
            entry["node"]["health"] = event["to"]
    elif event["to"] is not None:
        entry["health"] = event["to"]


@handler("subscription")
def _subscription(found, event):
    for one in found["subscriptions"]:
        if one["name"] == event["name"]:
            one["enabled"] = event["to"] == "enabled"


@handler("console")
def _console(found, event):
    if event["to"] is None and event["name"] in found["consoles"]:
        found["consoles"].remove(event["name"])
    elif event["to"] == "connected":
        found["consoles"].append(event["name"])


@handler("management_pack")
def _pack(found, event):
    name, builtin = event["name"], event.get("builtin", False)
    known = next((p for p in found["management_packs"] if p["name"] == name), None)
    if event["to"] is None:
        found["builtin_management_packs"].pop(name, None)
        found["management_packs"] = [p for p in found["management_packs"] if p["name"] != name]
    elif builtin:
        found["builtin_management_packs"][name] = event["to"]
    else:
        if known is not None:
            found["management_packs"].remove(known)
        found["management_packs"].append(
            {"name": name, "version": event["to"], "sealed": event["sealed"], "consistent": True}
        )


@handler("gateway_approval")
def _approval(found, event):
    names = set(found["approved_gateways"])
    (names.add if event["change"] == "created" else names.discard)(event["name"])
    found["approved_gateways"] = sorted(names)


@handler("backup")
def _backup(found, event):
    what = event["what"]
    if event["exit"] != 0:
        return
    if what == "system_state":
        moment = START + timedelta(seconds=event["t"])
        found["backups"].setdefault("system_state", {})[event["host"]] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    elif what == "encryption_key":
        found["backups"][what] = {"file": event["file"], "taken_after_cu": event["taken_after_cu"]}
    elif event["verified"]:
        known = found["backups"].get(what)
        if known and known["file"].lower() == event["file"].lower():
            known["verified"] = True
    else:
        found["backups"][what] = {"file": event["file"], "finished": event["finished"], "verified": False}


@handler("restore")
def _restore(found, event):
    if event["exit"] != 0:
        return
    if event["what"] == "encryption_key":
        found["key_on"] = sorted({*found["key_on"], event["host"]})
        return
    found["sql"][event["host"]][event["instance"]]["databases"][event["database"]] = dict(event["state"])


@handler("sql")
def _sql(found, event):
    known = found["sql"].get(event["host"], {}).get(event["instance"], {}).get("databases", {}).get(event["database"])
    if known is None:
        return
    if event.get("table") in COUNTED and "rows" in known:
        known["rows"][event["table"]] = event["rows_now"]
    if "content" in event:
        known["content"] = event["content"]


@handler("database")
def _database(found, event):
    detail, change, name = event["detail"], event["change"], event["name"]
    instance = found["sql"][event["host"]][event["instance"]]
    if change == "configuration":
        instance["configuration"][detail["option"]] = detail["to"]
        return
    known = instance["databases"]
    if change == "created":
        known[name] = {k: v for k, v in detail.items() if k != "server"}
    elif change == "dropped":
        known.pop(name, None)
    elif change == "renamed":
        known[name] = known.pop(detail["from"])
    elif name not in known:
        return
    elif change == "grown":
        one = known[name]
        if detail["kind"] == "LOG":
            one["log_mb"] += detail["to"] - detail["from"]
        else:
            one["data_mb"] += detail["to"] - detail["from"]
            one["used_percent"] = detail["used_percent"]
    elif change in ("broker", "user_access", "state", "recovery", "read_only", "collation", "full_text"):
        known[name][change] = detail["to"]
    elif change in ("conversion", "version", "schema"):
        if detail["to"] is None:
            known[name]["content"].pop(change, None)
        else:
            known[name]["content"][change] = detail["to"]
    elif change in ("file_growth", "file_moved"):
        return
    else:
        known[name]["content"][change.upper()] = detail["to"]


@handler("key")
def _key(found, event):
    found["key_on"] = event["to"]


__all__ = ["CUMULATIVE_UPDATES", "derive", "estate_of", "status"]
