# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hand-made reports in the documented shapes: what the views are tested with, independent of the planner.

The plans are plausible, not correct: they hold every kind of step, mode, state and reversibility.
"""

from __future__ import annotations

from typing import Any

COMPLEX_WHY = [
    {"rule": "R03", "fact": "os.architecture", "value": "x86", "text": "TSRMS runs on x86; 2012 exists for x64 only",
     "evidence": "documented", "source": "S1"},
    {"rule": "R06", "fact": "sql.version", "value": "9.00.5000.00", "text": "TSDB has SQL Server 2005",
     "evidence": "field", "source": "S14"},
]  # fmt: skip


def step(name: str, kind: str, title: str, hosts: list[str], minutes: float, **more: Any) -> dict[str, Any]:
    """One step; ``minutes`` is the likely estimate."""
    found = {
        "id": name,
        "phase": name.split(".")[0],
        "kind": kind,
        "title": title,
        "hosts": hosts,
        "requires": [],
        "why": [{"rule": "O5", "text": "secondary servers, gateways and agents go before the group",
                 "evidence": "documented", "source": "S1"}],
        "mode": "automatic",
        "reversibility": "reversible",
        "undo": "Nothing to undo",
        "done_when": [f"{title} is observed to be finished"],
        "estimate": {"low": minutes * 30, "likely": minutes * 60, "high": minutes * 150},
        "downtime": False,
        "parameters": {},
        "state": "waiting",
    }  # fmt: skip
    return {**found, **more}


def finding(name: str, outcome: str, title: str, **more: Any) -> dict[str, Any]:
    """One finding."""
    found = {
        "id": name, "title": title, "outcome": outcome, "impact": "breaks_upgrade", "message": f"{title}: observed",
        "affected": {"columns": [], "rows": []}, "remedy": "", "evidence": "field", "source": "S14", "seconds": 0.001,
        "waived": None, "repair": None,
    }  # fmt: skip
    return {**found, **more}


def findings() -> list[dict[str, Any]]:
    """One of each outcome, a waived one, and one with many affected objects."""
    return [
        finding("R01", "pass", "The group is 2007 R2 with CU4 or later"),
        finding("R07", "block", "Full-text search is missing", remedy="Add full-text search to the instance",
                affected={"columns": ["host", "instance"], "rows": [["TSDB", "MSSQLSERVER"]]}),
        finding("R10", "warn", "The log is small", impact="causes_outage", remedy="Grow the log to half of the data",
                repair="database_log"),
        finding("R12", "note", "Pending actions are cleared by the plan"),
        finding("R34", "warn", "The database upgrade was not rehearsed",
                waived={"owner": "dba@tailspin.test", "reason": "done in the lab", "expires": "2012-06-30"}),
        finding("R16", "manual", "Is the encryption key readable?", remedy="Look at the share"),
        finding("R19", "not_applicable", "No AVIcode here"),
        finding("R38", "error", "ETL rows could not be counted", message="TypeError in the rule"),
        finding("R22", "warn", "Agents below the minimum", remedy="Install the update",
                affected={"columns": ["agent", "version"], "rows": [[f"a{n:05}", "6.1.7221.0"] for n in range(900)]}),
    ]  # fmt: skip


def complex_steps(manual: int = 9, pushed: int = 24) -> list[dict[str, Any]]:
    """Steps like those of ``distributed-complex-32bit`` with any number of agents."""
    steps = [
        step("prepare.join.NEWMS", "server.join", "Install 2007 R2 on NEWMS as a management server", ["NEWMS"], 60,
             why=COMPLEX_WHY, undo="Move the agents back, uninstall", state="done"),
        step("prepare.update.NEWMS", "server.update", "Bring NEWMS to CU7", ["NEWMS"], 30,
             requires=["prepare.join.NEWMS"], state="running"),
        step("prepare.agents.TSMS1", "agents.move", "Move 12 agents from TSMS1 to NEWMS", ["TSRMS"], 20,
             requires=["prepare.update.NEWMS"], parameters={"agents": ["b01"], "to": "newms.tailspin.test"}),
        step("prepare.gateway.NEWGW", "gateway.install", "Install the gateway NEWGW", ["NEWGW"], 30, state="ready"),
        step("prepare.database", "database.move", "Move the operational database from TSDB to NEWDB", ["TSDB", "NEWDB"],
             120, mode="manual", downtime=True, reversibility="restorable", undo="Point back to TSDB", state="ready"),
        step("prepare.leave.TSMS1", "server.leave", "Retire TSMS1", ["TSMS1"], 20, requires=["prepare.agents.TSMS1"]),
        step("prepare.leave.TSGW1", "gateway.leave", "Retire TSGW1", ["TSGW1"], 20, requires=["prepare.gateway.NEWGW"]),
        step("pre_upgrade.backup.operational", "backup.database", "Back up the operational database", ["NEWDB"], 25,
             requires=["prepare.database"]),
        step("pre_upgrade.encryption_key", "backup.encryption_key", "Back up the encryption key", ["TSRMS"], 5),
    ]  # fmt: skip
    agents = [f"manual_agents.upgrade.C{n:04}" for n in range(manual)]
    steps += [
        step(name, "agent.upgrade", f"Upgrade the agent on {name[-5:]}", [name[-5:]], 6, state="blocked" if n == 1 else
             "waiting", requires=["pre_upgrade.backup.operational", "pre_upgrade.encryption_key"])
        for n, name in enumerate(agents)
    ]  # fmt: skip
    steps += [
        step("secondary_servers.upgrade.TSMS2", "management_server.upgrade", "Upgrade TSMS2", ["TSMS2"], 45,
             requires=agents or ["pre_upgrade.backup.operational"], reversibility="restorable"),
        step("secondary_servers.upgrade.NEWMS", "management_server.upgrade", "Upgrade NEWMS", ["NEWMS"], 45,
             requires=["secondary_servers.upgrade.TSMS2"], reversibility="restorable"),
        step("gateways.upgrade.NEWGW", "gateway.upgrade", "Upgrade the gateway NEWGW", ["NEWGW"], 20,
             requires=["secondary_servers.upgrade.NEWMS"]),
    ]  # fmt: skip
    batches = [f"pushed_agents.batch.{n + 1:03}" for n in range((pushed + 199) // 200)]
    steps += [
        step(name, "agents.approve", f"Upgrade pushed agents, batch {n + 1}", ["TSMS2"], 15, mode="delegated",
             requires=["gateways.upgrade.NEWGW", *batches[:n][-1:]],
             parameters={"agents": [f"a{i:05}.tailspin.test" for i in range(n * 200, min(n * 200 + 200, pushed))]})
        for n, name in enumerate(batches)
    ]  # fmt: skip
    quiesced = ["quiesce.subscriptions", "quiesce.backup.operational", "quiesce.encryption_key_restore"]
    steps += [
        step(quiesced[0], "subscriptions.disable", "Switch off 2 notification subscriptions", ["TSRMS"], 2,
             requires=batches or ["gateways.upgrade.NEWGW"], downtime=True),
        step(quiesced[1], "backup.database", "Back up the operational database again", ["NEWDB"], 25,
             requires=quiesced[:1], downtime=True),
        step(quiesced[2], "encryption_key.restore", "Restore the encryption key on TSMS2", ["TSMS2"], 5,
             requires=quiesced[:1], downtime=True),
        step("management_group.upgrade", "group.upgrade", "Upgrade the management group from TSMS2", ["TSMS2"], 120,
             requires=quiesced, downtime=True, reversibility="point_of_no_return",
             undo="Only by restoring the operational database and installing the servers again"),
        step("features.reporting.TSDW", "reporting.upgrade", "Upgrade reporting on TSDW", ["TSDW"], 40,
             requires=["management_group.upgrade"]),
        step("post_upgrade.subscriptions", "subscriptions.enable", "Switch the subscriptions on again", ["TSMS2"], 2,
             requires=["features.reporting.TSDW"]),
        step("post_upgrade.leave.TSRMS", "server.leave", "Retire the old root management server", ["TSRMS"], 30,
             mode="manual", requires=["management_group.upgrade"]),
        step("post_upgrade.health", "verify.health", "Verify health", ["localhost"], 10,
             requires=["post_upgrade.subscriptions", "post_upgrade.leave.TSRMS"]),
    ]  # fmt: skip
    return steps


def plan_of(steps: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A plan that holds the steps in phases of their own order."""
    phases: dict[str, list[dict[str, Any]]] = {}
    for one in steps:
        phases.setdefault(one["phase"], []).append(one)
    plan = {
        "schema": 1, "management_group": "TAILSPIN", "path": "distributed_complex", "run_from": "TSMS2",
        "retire": ["TSRMS", "TSMS1", "TSGW1"], "position": {"agents": "before_group"}, "inputs": {"window": 28800},
        "why": COMPLEX_WHY, "phases": [{"name": name, "steps": found} for name, found in phases.items()],
        "hash": "0f" * 32, "estimate": {}, "findings": [],
    }  # fmt: skip
    return {**plan, **more}


def report_of(manual: int = 9, pushed: int = 24, **more: Any) -> dict[str, Any]:
    """A whole report of the complex group."""
    report = {
        "plan": plan_of(complex_steps(manual, pushed)),
        "path": {
            "path": "distributed_complex", "run_from": "TSMS2", "why": COMPLEX_WHY,
            "run_from_why": [{"text": "TSMS2 is a secondary management server that meets the minimum.", "source": "S1"}],
            "replacements": [
                {"machine": "TSDB", "kind": "database", "roles": ["operational_database"], "by": "NEWDB", "new": True,
                 "why": COMPLEX_WHY[1:]},
                {"machine": "TSX", "kind": "gateway", "roles": ["gateway"], "by": None, "new": False, "why": []},
            ],
            "blockers": [{"rule": "R05", "text": "No spare can take over from TSX.", "remedy": "Add one.", "objects": []}],
            "rejected": {
                "single_server_simple": ["roles are spread over 5 servers"],
                "single_server_complex": ["roles are spread over 5 servers"],
                "distributed_simple": COMPLEX_WHY,
            },
        },
        "findings": findings(),
        "snapshot": None,
        "generated": "2012-05-12T18:05:00Z",
        "approval": {"by": "Change board", "time": "2012-05-13T09:00:00Z", "hash": "0f" * 32},
        "journal": [{"time": "2012-05-12T19:00:00Z", "step": "prepare.join.NEWMS", "event": "done", "host": "NEWMS",
                     "by": "ops", "data": {"seconds": 3300}}],
    }  # fmt: skip
    return {**report, **more}
