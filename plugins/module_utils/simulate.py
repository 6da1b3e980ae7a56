# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the facts look like once a step is done: used to say in check mode what comes next, and to test the planner.

Nothing here happens to any host. An effect is what the step's ``done_when`` says, and the entries that the journal gets.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, Callable, Optional

from .catalog import is_2012
from .facts import AGENT_COLUMNS, Snapshot
from .names import Names, instance_name, short, sql_address
from .plan import Step

BASE_2007 = "6.1.7221.0"
UPDATE_BUILDS = {1: 13, 2: 15, 3: 49, 4: 61, 5: 81, 6: 99, 7: 110}
SERVICES = ("HealthService", "OMSDK", "OMCFG", "cshost", "AdtServer", "ClusSvc")
Facts = dict[str, Any]


def simulate(snapshot: Mapping[str, Any], steps: Iterable[Step], target: str) -> Snapshot:
    """The snapshot after these steps, in their order; the one that was given stays as it is."""
    simulation = Simulation(snapshot, target)
    for step in steps:
        simulation.apply(step)
    return simulation.snapshot


class Simulation:
    """A snapshot that changes step by step. ``target`` is the 2012 build."""

    def __init__(self, snapshot: Mapping[str, Any], target: str) -> None:
        """Work on a copy."""
        self.snapshot: Snapshot = copy.deepcopy(dict(snapshot))
        self.snapshot["journal"] = list(self.snapshot.get("journal") or [])
        self.target = target
        self.now = self.snapshot.get("collected") or "1970-01-01T00:00:00Z"
        self.names = Names()
        inventory = self.snapshot.get("inventory") or {}
        for name in sorted({*self.hosts, *inventory}):
            facts = self.hosts.get(name) or {}
            self.names.add(name, (inventory.get(name) or {}).get("fqdn"), facts.get("fqdn"))
        table = self.group.get("agents") or {"columns": list(AGENT_COLUMNS), "rows": []}
        self.column = {name: place for place, name in enumerate(table["columns"])}
        table["rows"] = [list(row) for row in table["rows"]]
        self.rows: dict[str, list[Any]] = {row[self.column["name"]].lower(): row for row in table["rows"]}

    def apply(self, step: Step) -> None:
        """Change the facts as the step does; a kind without an effect of its own leaves a journal entry."""
        effect: Optional[Callable[[Step, Mapping[str, Any]], None]] = getattr(
            self, "_" + step.kind.replace(".", "_"), None
        )
        if effect is None:
            self._keep(step, "done", {})
        else:
            effect(step, step.parameters)

    # small things

    @property
    def hosts(self) -> dict[str, Facts]:
        """HOSTs by inventory name."""
        hosts: dict[str, Facts] = self.snapshot["hosts"]
        return hosts

    @property
    def group(self) -> Facts:
        """GROUP."""
        return self.snapshot.get("group") or {}

    def _keep(self, step: Step, event: str, data: Any, host: Optional[str] = None) -> None:
        who = host or (step.hosts[0] if step.hosts else None)
        self.snapshot["journal"].append(
            {"time": self.now, "step": step.id, "event": event, "host": who, "data": data, "by": None}
        )

    def _product(self, host: str) -> Facts:
        """``opsmgr`` of a host, made where there was nothing; a throw-away for a host that gave no facts."""
        facts = self.hosts.get(host)
        if facts is None:
            return {}
        if facts.get("opsmgr") is None:
            facts["opsmgr"] = {"agent_groups": [], "server_groups": [], "installed_2012": False}
        product: Facts = facts["opsmgr"]
        return product

    def _server(self, host: str) -> Optional[Facts]:
        """The group's row of a server."""
        for row in self.group.get("servers") or ():
            if self.names.find(row["name"]) == host or row["name"].lower() == host.lower():
                found: Facts = row
                return found
        return next((row for row in self.group.get("servers") or () if short(row["name"]) == short(host)), None)

    def _fqdn(self, host: str) -> str:
        facts = self.hosts.get(host) or {}
        entry = (self.snapshot.get("inventory") or {}).get(host) or {}
        return str(entry.get("fqdn") or facts.get("fqdn") or host).lower()

    def _service(self, host: str, name: str, state: str, mode: str = "auto") -> None:
        services = self.hosts.get(host, {}).setdefault("services", {})
        key = next((known for known in services if known.lower() == name.lower()), name)
        services[key] = {**(services.get(key) or {"account": None}), "state": state, "start_mode": mode}

    def _upgrade_product(self, host: str, *parts: str) -> Facts:
        """The parts of the product on a host, and the number of the whole, move to the target build."""
        product = self._product(host)
        for part in parts:
            if part.endswith("_version"):
                product[part] = self.target
            elif product.get(part) is not None:
                product[part]["version"] = self.target
        product["current_version"] = self.target
        product["file_version"] = self.target
        product["installed_2012"] = True
        return product

    def _set_agent(self, name: str, **values: Any) -> None:
        row = self.rows.get(name.lower())
        for key, value in values.items():
            if row is not None and key in self.column:
                row[self.column[key]] = value

    def _agents_of(self, host: str) -> list[str]:
        """Pushed agents of 2007 R2 that report to a server."""
        place = self.column
        return [
            name
            for name, row in self.rows.items()
            if not row[place["manual"]] and not is_2012(row[place["version"]])
            and self.names.find(row[place["primary"]]) == host
        ]  # fmt: skip

    def _opsdbs(self) -> list[Facts]:
        return [facts["opsdb"] for facts in self.hosts.values() if facts.get("opsdb")]

    def _ask_for_updates(self, host: str) -> None:
        """Pushed agents of a server that was upgraded wait in pending management."""
        for name in self._agents_of(host):
            row = {"agent": name, "type": "UpdateAgent", "server": self._fqdn(host)}
            self.group.setdefault("pending", []).append(row)
            for opsdb in self._opsdbs():
                opsdb["pending"] = [*(opsdb.get("pending") or []), dict(row, id=f"update-{name}")]

    def _settle(self, names: set[str], kinds: Optional[set[Any]] = None) -> None:
        """Pending rows of agents disappear."""

        def goes(row: Mapping[str, Any]) -> bool:
            return str(row.get("agent")).lower() in names and (kinds is None or row.get("type") in kinds)

        self.group["pending"] = [row for row in self.group.get("pending") or [] if not goes(row)]
        for opsdb in self._opsdbs():
            opsdb["pending"] = [row for row in opsdb.get("pending") or [] if not goes(row)]

    def _databases(self, host: str) -> list[tuple[Facts, Facts]]:
        return [
            (sql, row) for sql in self.hosts.get(host, {}).get("sql") or () for row in sql.get("databases") or ()
        ]  # fmt: skip

    # before and around the upgrade

    def _pending_clear(self, step: Step, given: Mapping[str, Any]) -> None:
        for row in given["agents"]:
            self._settle({row["agent"].lower()}, {row["type"]})

    def _backup_database(self, step: Step, given: Mapping[str, Any]) -> None:
        for _sql, row in self._databases(step.hosts[0] if step.hosts else ""):
            if row.get("name") == given.get("database"):
                row["last_full_backup"] = self.now
        data = {"backup": given["what"], "database": given.get("database"), "file": None, "verified": True}
        self._keep(step, "done", {**data, "finished": self.now})

    _repair_backup_now = _backup_database

    def _backup_encryption_key(self, step: Step, given: Mapping[str, Any]) -> None:
        path = str(given.get("path") or "")
        seen = None if path.startswith("\\\\") else True
        for host in step.hosts:
            if host in self.hosts:
                self.hosts[host]["encryption_key"] = {"path": path, "exists": seen, "modified": seen and self.now}
        self._keep(step, "done", {})

    def _consoles_disconnect(self, step: Step, given: Mapping[str, Any]) -> None:
        self.group["consoles"] = []

    def _subscriptions_disable(self, step: Step, given: Mapping[str, Any]) -> None:
        ids = {row["id"] for row in given["subscriptions"]}
        for row in self.group.get("subscriptions") or ():
            if row.get("id") in ids:
                row["enabled"] = False
        self._keep(step, "saved", {"subscriptions": list(given["subscriptions"])})

    def _subscriptions_enable(self, step: Step, given: Mapping[str, Any]) -> None:
        ids = {row["id"] for row in given["subscriptions"]}
        for row in self.group.get("subscriptions") or ():
            if row.get("id") in ids:
                row["enabled"] = True

    def _connector_stop(self, step: Step, given: Mapping[str, Any]) -> None:
        host = step.hosts[0]
        self._service(host, given["service"], "stopped")
        self._keep(step, "saved", {"connectors": [{"host": host, "service": given["service"], "name": given["name"]}]})

    def _connector_move(self, step: Step, given: Mapping[str, Any]) -> None:
        """The service goes on as it was, on its new machine."""
        old, name = self.hosts.get(given["from"], {}).get("services") or {}, given["service"].lower()
        state = next((row.get("state") for key, row in old.items() if key.lower() == name), None)
        for key in [key for key in old if key.lower() == name]:
            del old[key]
        if given["to"] in self.hosts:
            self._service(given["to"], given["service"], state or "stopped")

    def _connector_start(self, step: Step, given: Mapping[str, Any]) -> None:
        self._service(step.hosts[0], given["service"], "running")

    # agents

    def _console_remove(self, step: Step, given: Mapping[str, Any]) -> None:
        product = self._product(step.hosts[0])
        product.update(console=None, ui_version=None, web_console=None)
        self._keep(step, "saved", {"consoles_removed": [step.hosts[0]]})

    def _agent_done(self, name: str, host: Optional[str]) -> None:
        self._set_agent(name, version=self.target, patch_list="")
        facts = self.hosts.get(host or "")
        if facts is None:
            return
        self._upgrade_product(str(host), "agent_version")
        forwarder = (facts.get("opsmgr") or {}).get("acs_forwarder")
        if forwarder:
            forwarder.update(start_mode="disabled", state="stopped")
            self._service(str(host), "AdtAgent", "stopped", "disabled")

    def _agent_upgrade(self, step: Step, given: Mapping[str, Any]) -> None:
        if given.get("acs_forwarder"):
            self._keep(step, "saved", {"acs_forwarder": True})
        self._agent_done(given["agent"], step.hosts[0] if step.hosts else None)

    def _agents_approve(self, step: Step, given: Mapping[str, Any]) -> None:
        if given.get("acs_forwarders"):
            self._keep(step, "saved", {"acs_forwarders": list(given["acs_forwarders"])})
        for name in given["agents"]:
            self._agent_done(name, self.names.find(name))
        self._settle({name.lower() for name in given["agents"]})

    def _agents_move(self, step: Step, given: Mapping[str, Any]) -> None:
        if given.get("before"):
            self._keep(step, "saved", {"parents": [dict(one) for one in given["before"]]})
        for move in given["moves"]:
            self._set_agent(move["agent"], primary=move["primary"], failover=list(move["failover"]))
        upgraded = {
            self.names.find(row["name"]) for row in self.group.get("servers") or () if is_2012(row.get("version"))
        }
        pending = {str(row.get("agent")).lower() for row in self.group.get("pending") or ()}
        for move in given["moves"]:
            row = self.rows.get(move["agent"].lower())
            waits = row is not None and not row[self.column["manual"]] and not is_2012(row[self.column["version"]])
            if waits and self.names.find(move["primary"]) in upgraded and move["agent"] not in pending:
                self.group.setdefault("pending", []).append(
                    {"agent": move["agent"], "type": "UpdateAgent", "server": move["primary"]}
                )

    def _acs_forwarder_enable(self, step: Step, given: Mapping[str, Any]) -> None:
        self._product(step.hosts[0])["acs_forwarder"] = {"start_mode": "auto", "state": "running"}
        self._service(step.hosts[0], "AdtAgent", "running")

    # servers

    def _server_done(self, host: str) -> None:
        self._upgrade_product(host, "server_version", "console", "web_console", "reporting")
        product = self._product(host)
        if product.get("ui_version"):
            product["ui_version"] = self.target
        services = self.hosts.get(host, {}).get("services") or {}
        if services.pop("OMCFG", None) is not None:
            self._service(host, "cshost", "running")
        self._service(host, "OMSDK", "running")
        row = self._server(host)
        if row is not None:
            row.update(version=self.target, patch_list="")
        self._ask_for_updates(host)

    def _management_server_upgrade(self, step: Step, given: Mapping[str, Any]) -> None:
        self._server_done(step.hosts[0])

    def _gateway_upgrade(self, step: Step, given: Mapping[str, Any]) -> None:
        self._upgrade_product(step.hosts[0], "gateway_version")
        row = self._server(step.hosts[0])
        if row is not None:
            row.update(version=self.target, patch_list="")
        self._ask_for_updates(step.hosts[0])

    def _group_upgrade(self, step: Step, given: Mapping[str, Any]) -> None:
        group, run_from = self.group, step.hosts[0]
        root = str(group.get("root_management_server") or "").lower()
        servers = group.get("servers") or []
        if given.get("from_secondary"):
            group["servers"] = [row for row in servers if row["name"].lower() != root]
        else:
            for entry in self._product(run_from).get("server_groups") or ():
                entry["is_root"] = False
        for row in group["servers"]:
            row["is_root"] = False
        group.update(
            product="2012", version=self.target, root_management_server=None, rms_emulator=self._fqdn(run_from)
        )
        group["collected_from"] = run_from
        self._server_done(run_from)
        for opsdb in self._opsdbs():
            opsdb["version"] = self.target
        members = [row["name"] for row in group["servers"] if not row.get("is_gateway")]
        group["resource_pools"] = [{"name": "All Management Servers Resource Pool", "members": members}]
        if given.get("warehouse"):
            self._add_warehouse(given["warehouse"])

    def _add_warehouse(self, given: Mapping[str, Any]) -> None:
        self.group["warehouse"] = {"server": given["server"], "database": given["database"]}
        machine, instance = sql_address(given["server"])
        host = self.names.find(machine)
        for sql in self.hosts.get(host or "", {}).get("sql") or ():
            if instance_name(sql.get("instance"), host or "") == instance:
                sql["databases"] = [*(sql.get("databases") or ()), {"name": given["database"], "state": "ONLINE"}]

    # features

    def _console_upgrade(self, step: Step, given: Mapping[str, Any]) -> None:
        product = self._product(step.hosts[0])
        product.update(console={"version": self.target}, ui_version=self.target)
        self._feature(step.hosts[0])

    def _web_console_upgrade(self, step: Step, given: Mapping[str, Any]) -> None:
        self._product(step.hosts[0])["web_console"] = {"site": given.get("site"), "version": self.target}
        self._feature(step.hosts[0])

    def _acs_upgrade(self, step: Step, given: Mapping[str, Any]) -> None:
        self._product(step.hosts[0])["acs_collector"] = {"version": self.target}

    def _reporting_upgrade(self, step: Step, given: Mapping[str, Any]) -> None:
        product = self._product(step.hosts[0])
        product["reporting"] = {**(product.get("reporting") or {}), "version": self.target}
        self._feature(step.hosts[0])

    def _feature(self, host: str) -> None:
        """A machine without a server takes the number of its feature."""
        product = self._product(host)
        if not product.get("server_groups") and not product.get("agent_version"):
            product["current_version"] = self.target
        product["installed_2012"] = True

    def _reporting_config(self, step: Step, given: Mapping[str, Any]) -> None:
        product = self._product(step.hosts[0])
        product["reporting"] = {**(product.get("reporting") or {}), "sdk_machine": given["management_server"]}

    # after

    def _emulator_ensure(self, step: Step, given: Mapping[str, Any]) -> None:
        self.group["rms_emulator"] = given["holder"]

    def _verify_health(self, step: Step, given: Mapping[str, Any]) -> None:
        self._keep(step, "done", {})

    def _server_rename(self, step: Step, given: Mapping[str, Any]) -> None:
        self._keep(step, "signed_off", {})

    # complex paths

    def _join(self, host: str, **values: Any) -> None:
        product = self._product(host)
        product.update(current_version=BASE_2007, file_version=BASE_2007, installed_2012=False, **values)
        name = (self.group.get("name")) or ""
        product["server_groups"] = [{"name": name, "is_root": False, "has_parent": True}]

    def _row(self, host: str, gateway: bool, primary: Optional[str] = None, failover: Iterable[str] = ()) -> None:
        if self._server(host) is None:
            self.group.setdefault("servers", []).append(
                {"name": self._fqdn(host), "version": BASE_2007, "patch_list": "", "file_version": None, "is_root": False,
                 "is_gateway": gateway, "health": "Success", "available": True, "primary": primary,
                 "failover": list(failover), "action_account": None}
            )  # fmt: skip

    def _server_join(self, step: Step, given: Mapping[str, Any]) -> None:
        host = step.hosts[0]
        root = self._product(self.names.find(self.group.get("root_management_server")) or "")
        keys = ("database_server", "database_name", "warehouse_server", "warehouse_name")
        self._join(host, server_version=BASE_2007, product="System Center Operations Manager 2007 R2 Server",
                   **{key: root.get(key) for key in keys})  # fmt: skip
        self._row(host, False)

    def _gateway_install(self, step: Step, given: Mapping[str, Any]) -> None:
        self._join(step.hosts[0], gateway_version=BASE_2007, product="System Center Operations Manager 2007 R2 Gateway")
        self._row(step.hosts[0], True, given.get("management_server"), given.get("failover") or ())

    def _server_update(self, step: Step, given: Mapping[str, Any]) -> None:
        level = given["cumulative_update"]
        self._product(step.hosts[0])["file_version"] = f"6.1.7221.{UPDATE_BUILDS.get(level, 0)}"
        row = self._server(step.hosts[0])
        if row is not None:
            row["patch_list"] = f"System Center Operations Manager 2007 R2 Cumulative Update {level}"

    def _gateway_parents(self, step: Step, given: Mapping[str, Any]) -> None:
        for row in self.group.get("servers") or ():
            if row["name"].lower() == str(given["gateway"]).lower():
                row.update(primary=given["to"], failover=list(given["failover"]))

    def _server_leave(self, step: Step, given: Mapping[str, Any]) -> None:
        gone = str(given.get("fqdn") or "").lower()
        for host in step.hosts:
            if host in self.hosts:
                kept = {
                    name: one for name, one in (self.hosts[host].get("services") or {}).items() if name not in SERVICES
                }
                self.hosts[host].update(opsmgr=None, cluster=None, services=kept)
        if self.group.get("servers"):
            self.group["servers"] = [row for row in self.group["servers"] if row["name"].lower() != gone]

    _gateway_leave = _server_leave

    def _move_databases(self, old: str, new: str, instance: str, names: set[str]) -> None:
        wanted = instance_name(instance, new)
        targets = [
            sql for sql in self.hosts.get(new, {}).get("sql") or () if instance_name(sql.get("instance"), new) == wanted
        ]
        for sql in self.hosts.get(old, {}).get("sql") or ():
            moving = [row for row in sql.get("databases") or () if str(row.get("name")) in names]
            sql["databases"] = [row for row in sql.get("databases") or () if str(row.get("name")) not in names]
            if targets:
                targets[0]["databases"] = [*(targets[0].get("databases") or ()), *moving]

    def _database_move(self, step: Step, given: Mapping[str, Any]) -> None:
        old, new, what = given["from"], given["to"], given["what"]
        self._move_databases(old, new, given["instance"], {given["database"]})
        instance = instance_name(given["instance"], new)
        address = new if instance == "MSSQLSERVER" else f"{new}\\{instance}"
        key = {"operational": "database_server", "warehouse": "warehouse_server"}.get(what)
        for facts in self.hosts.values():
            product = facts.get("opsmgr")
            if key and product and product.get(key):
                product[key] = address
        if what == "operational":
            opsdb = self.hosts.get(old, {}).get("opsdb")
            if opsdb and new in self.hosts:
                self.hosts[new]["opsdb"] = dict(opsdb, instance=given["instance"])
                self.hosts[old]["opsdb"] = None
        if what == "warehouse" and self.group.get("warehouse"):
            self.group["warehouse"]["server"] = address

    def _feature_move(self, step: Step, given: Mapping[str, Any]) -> None:
        self._product(given["to"])[given["feature"]] = {"version": BASE_2007}

    def _reporting_move(self, step: Step, given: Mapping[str, Any]) -> None:
        old, new = given["from"], given["to"]
        names = {
            str(row.get("name"))
            for _sql, row in self._databases(old)
            if str(row.get("name")).startswith("ReportServer")
        }
        self._move_databases(old, new, given["instance"], names)
        product = self._product(old)
        reporting = product.get("reporting") or {}
        product["reporting"] = None
        if not any(
            product.get(key) for key in ("server_groups", "web_console", "console", "agent_version", "acs_collector")
        ):
            self.hosts[old]["opsmgr"] = None
        instance = instance_name(given["instance"], new)
        address = new if instance == "MSSQLSERVER" else f"{new}\\{instance}"
        self._product(new)["reporting"] = {"sdk_machine": reporting.get("sdk_machine"), "instance": address,
                                           "version": BASE_2007}  # fmt: skip
        self._product(new).setdefault("current_version", BASE_2007)
