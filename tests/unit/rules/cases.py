# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Cases: for every rule what makes it pass, find something, and not know."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.scom.upgrade.plugins.module_utils import facts, inputs, model, path, readiness
from ansible_collections.scom.upgrade.plugins.module_utils.catalog import setup
from ansible_collections.scom.upgrade.plugins.module_utils.rules.engine import Readiness
from tests.unit.decide.estates import Estate, load_estate, snapshot_from_estate

SIMPLE, SINGLE, NOT_READY = "distributed-simple", "single-simple", "not-ready"
COMPLEX, CLUSTER, NO_DW, SINGLE_32 = (
    "distributed-complex-32bit",
    "distributed-complex-clustered-rms",
    "no-warehouse",
    "single-complex-32bit",
)
GONE = object()
GIVEN = {
    "media_path": "C:\\Media",
    "backup_path": "D:\\Backup",
    "account": "LAB\\upgrade",
    "data_access_account": "LAB\\das",
    "data_reader_account": "LAB\\reader",
    "data_writer_account": "LAB\\writer",
}
#: Every account tried on every machine of the simple group that needs it, and nothing lacks.
ACCOUNTS_TRIED = {
    "collected": "2012-05-12T12:00:00Z",
    "accounts": [
        {"host": host, "input": name, "account": GIVEN[name], "logs_on": True, "batch": True, "administrator": True, "error": None,
         "groups": ["BUILTIN\\Administrators", "LAB\\OpsMgr Admins", f"{host}\\Local ones"]}
        for name, hosts in (
            ("account", ("RMS01", "MS02", "MS03", "SQL02", "WEB01", "OPS01", "ADM01")),
            ("data_access_account", ("RMS01", "MS02", "MS03")),
            ("data_reader_account", ("RMS01",)),
        )
        for host in hosts
    ],
    "sql": [
        {"host": host, "instance": instance, "account": GIVEN["account"], "sysadmin": True, "error": None}
        for host, instance in (("SQL01", "MSSQLSERVER"), ("SQL02", "OMDW"))
    ],
}  # fmt: skip
Change = Callable[[Estate], Any]


@dataclass(frozen=True)
class Case:
    """One rule, one outcome, and what brings it about."""

    rule: str
    outcome: str
    estate: str
    put: dict[str, Any] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    change: tuple[Change, ...] = ()
    journal: tuple[dict[str, Any], ...] = ()
    agents: str = "manual"
    says: str = ""

    def run(self) -> Readiness:
        """Judge it, that rule alone."""
        return judged(self.snapshot(), self.given, [self.rule])

    def snapshot(self) -> dict[str, Any]:
        """What it is judged by."""
        return prepared(self.estate, self.put, self.change, self.journal, self.agents)


def judge(
    estate: str,
    put: dict[str, Any],
    given: dict[str, Any],
    change: tuple[Change, ...] = (),
    journal: tuple[dict[str, Any], ...] = (),
    agents: str = "manual",
    wanted: Any = None,
) -> Readiness:
    """Build an estate, change it, change its snapshot, and run rules on it."""
    return judged(prepared(estate, put, change, journal, agents), given, wanted)


def prepared(
    estate: str,
    put: dict[str, Any],
    change: tuple[Change, ...] = (),
    journal: tuple[dict[str, Any], ...] = (),
    agents: str = "manual",
) -> dict[str, Any]:
    """The snapshot of an estate, both of them changed."""
    described = load_estate(estate)
    for one in change:
        one(described)
    snapshot = snapshot_from_estate(described, agent_hosts=agents)
    snapshot["journal"] = list(journal)
    for place, value in put.items():
        set_at(snapshot, place, value if value is GONE else copy.deepcopy(value))
    return snapshot


def judged(snapshot: dict[str, Any], given: dict[str, Any], wanted: Any = None) -> Readiness:
    """Run rules on a snapshot."""
    complete = inputs.normalise({**GIVEN, **{k: v for k, v in given.items() if k in inputs.INPUTS}})
    complete.update(given)
    group = model.build(facts.load(snapshot))
    return readiness.assess_group(group, path.decide(group, complete), complete, wanted=wanted)


#: How a host does not tell: it gave no facts, it gave null for all of them, or each was refused with a reason.
WAYS = ("silent", "null", "refused")


def hidden(snapshot: dict[str, Any], host: str, how: str) -> dict[str, Any]:
    """A snapshot in which a host did not answer, gave facts that are all null, or was refused every fact."""
    known = snapshot["hosts"][host]
    if how == "silent":
        hosts = {name: told for name, told in snapshot["hosts"].items() if name != host}
        return {**snapshot, "hosts": hosts, "unreachable": {**snapshot["unreachable"], host: "no answer"}}
    names = {"name", "fqdn"} if how == "refused" else {"name"}
    told = {key: value if key in names else None for key, value in known.items()}
    told["unknown"] = {key: "access denied" for key in known if key not in names} if how == "refused" else {}
    return {**snapshot, "hosts": {**snapshot["hosts"], host: told}}


def set_at(tree: Any, place: str, value: Any) -> None:
    """Change or remove what stands at a place such as ``hosts/SQL01/sql/0/full_text``."""
    *parents, last = place.split("/")
    for key in parents:
        tree = tree[int(key)] if isinstance(tree, list) else tree[key]
    key = int(last) if isinstance(tree, list) else last
    if value is GONE:
        del tree[key]
    else:
        tree[key] = value


def server(estate: Estate, name: str) -> dict[str, Any]:
    """The entry of a server."""
    return next(one for one in estate["servers"] if one["name"] == name)


def at(name: str, **keys: Any) -> Change:
    """Change keys of a server's entry."""
    return lambda estate: server(estate, name).update(keys)


TICKETS = {"name": "Tickets", "host": "TSRMS", "service": "TicketConnector"}


def connector(host: str) -> Change:
    """A running connector on a machine."""
    return lambda estate: estate.update(connectors=[{**TICKETS, "host": host, "running": True}])


def sql(name: str, **keys: Any) -> Change:
    """Change keys of a server's SQL Server."""
    return lambda estate: server(estate, name)["sql"].update(keys)


def without(*names: str) -> Change:
    """Take servers out."""
    return lambda estate: estate.update(servers=[one for one in estate["servers"] if one["name"] not in names])


def agents(number: int, **keys: Any) -> Change:
    """Change keys of a group of agents."""
    return lambda estate: estate["agents"][number].update(keys)


def every_agent(**keys: Any) -> Change:
    """Change keys of all agents."""
    return lambda estate: [one.update(keys) for one in estate["agents"]]


def one_agent(estate: Estate) -> None:
    """Leave one agent, whose machine is in the inventory."""
    estate["agents"] = [dict(estate["agents"][1], name="FILE01")]


def no_agents(estate: Estate) -> None:
    """Take the agents out."""
    estate["agents"] = []


def to_2012(*names: str) -> Change:
    """Upgrade servers; without names all of them, and the agents."""

    def change(estate: Estate) -> None:
        for one in estate["servers"]:
            if (one["name"] in names) if names else one.get("roles"):
                one["version"] = "7.0.8560.0"
        if not names:
            for one in estate["agents"]:
                one["version"] = "7.0.8560.0"
            for one in estate["subscriptions"]:
                one["enabled"] = False

    return change


X86 = {"release": "2003", "service_pack": 2, "architecture": "x86"}
OLD_OS = {"release": "2008", "service_pack": 2, "architecture": "x64"}
W2000 = {"release": "2000", "service_pack": 4, "architecture": "x86"}
W2012 = {"release": "2012", "service_pack": 0, "architecture": "x64"}
DONE = (to_2012(),)
PACKAGE = "agent\\AMD64\\MOMAgent.msi"
PACKAGE_HERE = f"hosts/OM01/media/files/{PACKAGE}/sha256"
PACKAGE_HASH = {"settings": {"media_hashes": {PACKAGE: "ab"}}}


def by(rule: str) -> dict[str, Any]:
    """Somebody confirmed what a rule asks."""
    return {"confirmed": {rule: {"by": "Ada", "when": "2012-05-10"}}}


def spare(**keys: Any) -> Change:
    """Add a spare machine."""
    base = {"name": "SPARE", "roles": [], "os": {"release": "2008 R2", "service_pack": 1, "architecture": "x64"}}
    return lambda estate: estate["servers"].append({**base, **keys})


def saved(*names: str) -> dict[str, Any]:
    """The journal entry of subscriptions that were switched off."""
    rows = [{"id": None, "name": name} for name in names]
    return {"time": "2012-05-12T10:00:00Z", "step": "quiesce.subscriptions", "event": "saved",
            "data": {"subscriptions": rows}}  # fmt: skip


def backed_up(what: str) -> dict[str, Any]:
    """The journal entry of a verified backup."""
    data = {"backup": what, "file": "x.bak", "verified": True, "finished": "2012-05-12T17:00:00Z"}
    return {"time": "2012-05-12T17:00:00Z", "step": f"pre_upgrade.backup.{what}", "event": "done", "data": data}


#: The journal entry of a backup of the encryption key.
KEY_KEPT = {"time": "2012-05-12T17:00:00Z", "step": "pre_upgrade.encryption_key", "event": "done", "data": {}}
SQL01 = "hosts/SQL01/sql/0/"
OPS = SQL01 + "databases/0/"
NO_DATABASE = (lambda estate: estate.update(databases={"operational": None, "warehouse": None, "audit": None}),)
C = Case
CASES: tuple[Case, ...] = (
    C("R01", "pass", SIMPLE),
    C("R01", "block", NOT_READY, says="9 of 10"),
    C("R01", "block", SIMPLE, change=(agents(2, cumulative_update=3),), says="3 of"),
    C("R01", "block", SIMPLE, put={"hosts/MS02/opsmgr/file_version": "6.1.7221.49"}, says="1 of"),
    C("R01", "block", SIMPLE, change=(agents(0, version="6.0.6278.0"),), says="40 of"),
    C("R01", "manual", SIMPLE, put={"hosts/MS02/opsmgr/file_version": None, "group/servers/1/patch_list": None}),
    C("R01", "manual", SIMPLE, put={"hosts": {}, "group": None}),
    C("R01", "not_applicable", SIMPLE, change=DONE),
    C("R01", "note", SIMPLE, put={"hosts/MS02/opsmgr/file_version": "6.1.7221.0", "inventory/MS02/spare": True}),
    C("R02", "pass", SIMPLE),
    C("R02", "warn", SINGLE_32),
    C("R02", "manual", SIMPLE, put={"hosts/MS02/opsmgr/file_version": None, "group/servers/1/patch_list": None}),
    C("R02", "not_applicable", SIMPLE, change=DONE),
    C("R03", "pass", SIMPLE),
    C("R03", "note", COMPLEX),
    C("R03", "note", SIMPLE, change=(at("OPS01", os=X86),), says="goes on without it"),
    C("R03", "pass", SIMPLE, change=(at("OPS01", os=X86),), put={"hosts/OPS01/os": {
        "caption": "Microsoft Windows 7 Enterprise", "version": "6.1.7601", "release": "2008 R2", "service_pack": 1,
        "architecture": "x86"}}),
    C("R03", "block", SINGLE_32, change=(without("SCOM64", "SQL64"),), says="no machine stands ready"),
    C("R03", "block", COMPLEX, change=(without("NEWMS"),), says="TSMS1"),
    C("R03", "block", COMPLEX, change=(without("NEWGW"),)),
    C("R03", "manual", SIMPLE, put={"hosts/MS02/os/architecture": None}),
    C("R03", "manual", SIMPLE, change=(at("WEB01", winrm=None),), says="WEB01; it could have a system that is not 64-bit"),
    C("R03", "manual", SIMPLE, change=(at("SQL01", winrm=None),), says="Not known of SQL01"),
    C("R04", "pass", SIMPLE),
    C("R04", "note", CLUSTER),
    C("R04", "block", CLUSTER, change=(without("OMMS1", "OMMS2"),)),
    C("R04", "manual", SIMPLE, change=(at("RMS01", winrm=None),)),
    C("R05", "pass", SIMPLE),
    C("R05", "note", COMPLEX),
    C("R05", "block", SIMPLE, change=(at("SQL01", os=OLD_OS),)),
    C("R05", "block", SIMPLE, change=(at("GW01", os={"release": "2008 R2", "service_pack": 0, "architecture": "x64"}),)),
    C("R05", "pass", SIMPLE, change=(at("SQL01", os=OLD_OS),), given={"settings": {"database_os_2008_sp2": True}}),
    C("R05", "pass", SIMPLE, change=(at("OPS01", os=OLD_OS),)),
    C("R05", "note", SIMPLE, change=(at("RMS01", os=OLD_OS),), says="hands the role"),
    C("R05", "manual", SIMPLE, put={"hosts/MS02/os/release": None}),
    C("R06", "pass", SIMPLE),
    C("R06", "note", COMPLEX),
    C("R06", "warn", NO_DW),
    C("R06", "block", SIMPLE, change=(sql("SQL01", version="9.00.5000.00"),)),
    C("R06", "block", SIMPLE, change=(sql("SQL02", version="10.0.1600.22"),)),
    C("R06", "manual", SIMPLE, put={SQL01 + "version": None}),
    C("R07", "pass", SIMPLE),
    C("R07", "block", NOT_READY),
    C("R07", "block", COMPLEX, change=(sql("NEWDB", full_text=False),), says="NEWDB"),
    C("R07", "pass", COMPLEX, change=(sql("TSDB", full_text=False),)),
    C("R07", "manual", SIMPLE, put={SQL01 + "full_text": None}),
    C("R07", "manual", SIMPLE, change=NO_DATABASE),
    C("R07", "not_applicable", SIMPLE, change=DONE),
    C("R08", "pass", SIMPLE),
    C("R08", "block", NOT_READY),
    C("R08", "block", SIMPLE, change=(sql("SQL01", collation="Latin1_General_CI_AS"),)),
    C("R08", "block", SIMPLE, put={"group/language": "fr", OPS + "collation": "Latin1_General_CI_AS"}),
    C("R08", "warn", SIMPLE, put={"group/language": "fr"}),
    C("R08", "manual", SIMPLE, put={SQL01 + "collation": None}),
    C("R08", "not_applicable", SIMPLE, change=DONE),
    C("R09", "pass", SIMPLE),
    C("R09", "block", NOT_READY, says="28 %"),
    C("R09", "block", SIMPLE, put={OPS + "data_used_mb": 30720}, says="50 %"),
    C("R09", "manual", SIMPLE, put={OPS + "data_used_mb": None}),
    C("R09", "not_applicable", SIMPLE, change=DONE),
    C("R10", "pass", SIMPLE),
    C("R10", "warn", NOT_READY),
    C("R10", "manual", SIMPLE, put={OPS + "log_mb": None}),
    C("R10", "not_applicable", SIMPLE, change=DONE),
    C("R11", "pass", SIMPLE),
    C("R11", "block", NOT_READY),
    C("R11", "manual", SIMPLE, put={"hosts/SQL02/memory_mb": None}),
    C("R11", "not_applicable", NO_DW),
    C("R12", "pass", SINGLE),
    C("R12", "note", SIMPLE),
    C("R12", "warn", NOT_READY, says="only in the database"),
    C("R12", "manual", SINGLE, put={"group/pending": None}),
    C("R12", "manual", SINGLE, put={"hosts/OM01/opsdb/pending": None}),
    C("R13", "pass", NOT_READY),
    C("R13", "note", SIMPLE),
    C("R13", "manual", SIMPLE, put={"group/subscriptions": None}),
    C("R13", "not_applicable", SIMPLE, change=DONE),
    C("R14", "pass", SINGLE),
    C("R14", "note", SIMPLE, given={"connectors": [
        {"name": "Service desk connector", "host": "MS03", "service": "HelpdeskConnector"}]}),
    C("R14", "note", COMPLEX, change=(connector("TSRMS"),), given={"connectors": [TICKETS]},
      says="A person first sets up on a machine that stays: Tickets."),
    C("R14", "warn", SIMPLE, says="Service desk connector"),
    C("R14", "manual", SIMPLE, put={"group/connectors": None}),
    C("R14", "manual", SIMPLE, given={"connectors": [{"name": "Service desk connector", "host": "MS03", "service": "X"}]}),
    C("R14", "not_applicable", SIMPLE, change=DONE),
    C("R15", "pass", SIMPLE, journal=(backed_up("operational"), backed_up("warehouse"))),
    C("R15", "note", SIMPLE),
    C("R15", "warn", NOT_READY, says="24 hours"),
    C("R15", "warn", SIMPLE, given={"backup_max_age_hours": 2}),
    C("R15", "manual", SIMPLE, put={"hosts/SQL01/sql": [], "hosts/SQL02/sql": []}),
    C("R15", "manual", SIMPLE, change=NO_DATABASE),
    C("R15", "not_applicable", SIMPLE, change=DONE),
    C("R16", "pass", SIMPLE),
    C("R16", "warn", NOT_READY, says="no copy"),
    C("R16", "warn", SIMPLE, change=(lambda e: e["backups"]["encryption_key"].update(taken_after_cu=3),), says="older"),
    C("R16", "warn", SIMPLE, put={"hosts/RMS01/encryption_key": None}, says="No file is named"),
    C("R16", "pass", SIMPLE, put={"hosts/RMS01/encryption_key": None}, journal=(KEY_KEPT,), says="in this upgrade"),
    C("R16", "manual", SIMPLE, change=(at("RMS01", winrm=None),)),
    C("R16", "manual", CLUSTER),
    C("R16", "not_applicable", SIMPLE, change=DONE),
    C("R17", "pass", SIMPLE),
    C("R17", "warn", NOT_READY),
    C("R17", "warn", SIMPLE, change=(lambda e: e["backups"].update(rms_system_state=500),)),
    C("R17", "manual", SIMPLE, put={"hosts/RMS01/unknown": {"system_state_backup": "no rights"}}),
    C("R17", "not_applicable", SIMPLE, change=DONE),
    C("R18", "pass", SIMPLE, given=by("R18")),
    C("R18", "manual", SIMPLE),
    C("R18", "not_applicable", SIMPLE, change=DONE),
    C("R19", "pass", SIMPLE),
    C("R19", "block", NOT_READY),
    C("R19", "note", COMPLEX, change=(at("TSRMS", software={"avicode": "5.7"}),), says="leaves"),
    C("R19", "manual", SIMPLE, put={"hosts/MS02/software": None}),
    C("R20", "pass", SIMPLE),
    C("R20", "note", SIMPLE, change=(agents(1, software={"avicode": "5.7"}),), says="4 agents"),
    C("R21", "pass", SIMPLE),
    C("R21", "block", NOT_READY),
    C("R21", "manual", SIMPLE, put={SQL01 + "allow_updates": None}),
    C("R22", "pass", SIMPLE),
    C("R22", "warn", SIMPLE, change=(to_2012("MS02"),)),
    C("R22", "not_applicable", SINGLE),
    C("R23", "pass", SIMPLE),
    C("R23", "warn", SIMPLE, change=(to_2012("GW01"),), says="GW01; and not yet so: MS02 and MS03. The plan upgrades these"),
    C("R23", "warn", SIMPLE, change=(agents(0, version="7.0.8560.0"),), says="The plan upgrades these before it goes on"),
    C("R23", "warn", SIMPLE, change=(to_2012("RMS01"),), says="The next steps of the plan upgrade what was left behind"),
    C("R23", "block", SIMPLE, put={"hosts/RMS01/opsmgr/server_version": "7.0.8560.0"}, says="nor are MS02 and MS03"),
    C("R23", "not_applicable", SINGLE),
    C("R24", "pass", SIMPLE),
    C("R24", "warn", SIMPLE, change=(to_2012("RMS01"),), says="The next steps of the plan upgrade what was left behind"),
    C("R24", "block", SIMPLE, put={"hosts/RMS01/opsmgr/server_version": "7.0.8560.0"}, says="nor is GW01"),
    C("R24", "not_applicable", SINGLE),
    C("R25", "pass", SIMPLE),
    C("R25", "block", SIMPLE, put={"hosts/RMS01/opsmgr/server_version": "7.0.8560.0"}, says="not come to an end"),
    C("R25", "block", SINGLE, put={"hosts/OM01/opsmgr/server_version": "7.0.8560.0"}, says="OM01 is at 2012 and the group"),
    C("R25", "warn", SIMPLE, change=(to_2012("RMS01"),), says="MS02 and MS03. The next steps of the plan"),
    C("R25", "manual", SIMPLE, put={"hosts": {}, "group": None}),
    C("R25", "not_applicable", SIMPLE, change=DONE),
    C("R26", "note", COMPLEX),
    C("R26", "note", COMPLEX, change=(no_agents, connector("TSRMS"), lambda e: server(e, "TSGW1").update(
        reports_to="TSMS2", roles=["gateway"])), given={"connectors": [TICKETS]}, says="1 connector runs on a server that leaves."),
    C("R26", "warn", COMPLEX, change=(to_2012("TSMS2"),), put={"group/product": "2012"},
      says="no step of the plan moves what is left"),
    C("R26", "note", COMPLEX, change=(lambda e: [one.update(primary="TSMS2", failover=["TSRMS"]) for one in e["agents"]],),
      says="33 agents fall back on a server that leaves."),
    C("R26", "pass", COMPLEX, change=(
        no_agents, lambda e: server(e, "TSGW1").update(reports_to="TSMS2", roles=["gateway"]))),
    C("R26", "manual", CLUSTER, change=(without("OMMS1", "OMMS2"),)),
    C("R26", "note", CLUSTER, change=(no_agents, at("OMGW1", reports_to="OMMS1", failover=["OMRMSV"])),
      says="1 gateway falls back on a server that leaves."),
    C("R26", "note", CLUSTER, says="36 agents and 1 gateway report to a server that leaves."),
    C("R26", "note", CLUSTER, change=(agents(1, failover=["OMRMSV"]), connector("OMRMSV")),
      given={"connectors": [{**TICKETS, "host": "OMRMSV"}]}, says="36 agents and 1 gateway report to a server that "
      "leaves; 20 agents fall back on one; 1 connector runs on one."),
    C("R26", "not_applicable", SIMPLE),
    C("R27", "note", CLUSTER),
    C("R27", "pass", CLUSTER, journal=(
        {"time": "2012-05-12T12:00:00Z", "step": "quiesce.encryption_key_restore", "event": "done", "data": {}},)),
    C("R27", "not_applicable", SIMPLE),
    C("R28", "pass", SIMPLE),
    C("R28", "block", SIMPLE, change=(to_2012("SQL02"),), says="SQL02 is at 2012 in a group that is not"),
    C("R28", "warn", SIMPLE, change=(to_2012("SQL02", "RMS01"),), says="which the plan upgrades next"),
    C("R28", "pass", SIMPLE, change=(lambda e: server(e, "MS02")["roles"].append("reporting"), to_2012("MS02"))),
    C("R28", "not_applicable", NO_DW),
    C("R28", "manual", NO_DW, change=(at("LWMS1", winrm=None),), says="LWMS1; it could be a reporting server"),
    C("R28", "not_applicable", NO_DW, change=(at("LWMS1", winrm=None),), put={"inventory/LWMS1/role": "management_server"}),
    C("R29", "note", CLUSTER),
    C("R29", "pass", CLUSTER, put={"hosts/OMRPT/opsmgr/reporting/sdk_machine": "omms1.adatum.test"}),
    C("R29", "not_applicable", SIMPLE),
    C("R29", "manual", CLUSTER, change=(at("OMRPT", winrm=None),), says="OMRPT; it could be a reporting server"),
    C("R30", "pass", SINGLE),
    C("R30", "note", SIMPLE),
    C("R30", "manual", SINGLE_32),
    C("R31", "pass", SIMPLE),
    C("R31", "warn", SIMPLE, given={"settings": {"push_batch": 100}}),
    C("R31", "not_applicable", SIMPLE, change=DONE),
    C("R32", "pass", SIMPLE),
    C("R32", "block", SIMPLE, given={"web_console_site": "operations manager 2007 web console"}),
    C("R32", "manual", SIMPLE, put={"hosts/WEB01/opsmgr/web_console/site": None}),
    C("R32", "not_applicable", NOT_READY),
    C("R33", "pass", SIMPLE),
    C("R33", "note", NO_DW),
    C("R33", "manual", NO_DW, put={"group": None}),
    C("R34", "pass", SIMPLE, given=by("R34"), says="Ada, 2012-05-10"),
    C("R34", "pass", SIMPLE, journal=(
        {"time": "2012-05-11T12:00:00Z", "step": "R34", "event": "signed_off", "by": "Ada", "data": {}},)),
    C("R34", "warn", SIMPLE),
    C("R34", "not_applicable", SIMPLE, change=DONE),
    C("R35", "pass", SIMPLE, change=DONE),
    C("R35", "block", SIMPLE, change=DONE, put={"group/rms_emulator": "gone.contoso.test"}),
    C("R35", "manual", SIMPLE, change=DONE, put={"group/rms_emulator": None}),
    C("R35", "not_applicable", SIMPLE),
    C("R36", "pass", SIMPLE),
    C("R36", "note", SIMPLE, put={"hosts/SQL01/opsdb/localized_text_rows": 12700000}),
    C("R36", "warn", SIMPLE, change=DONE),
    C("R36", "manual", SIMPLE, put={"hosts/SQL01/opsdb/localized_text_rows": None}),
    C("R37", "not_applicable", SIMPLE),
    C("R37", "manual", SIMPLE, change=DONE, put={"unreachable/DC01": "no answer"}, says="not known of DC01"),
    C("R37", "warn", SIMPLE, change=(*DONE, agents(1, software={"avicode": "5.7"})), agents="all"),
    C("R37", "pass", SIMPLE, change=(*DONE, agents(1, software={"avicode": "5.7"})), put={"group/management_packs": [
        {"name": "AVIcode.DotNet.SystemCenter.Enterprise.Monitoring", "version": "1", "sealed": True},
        {"name": "AVIcode.DotNet.SystemCenter.Client.Monitoring", "version": "1", "sealed": True}]}),
    C("R38", "pass", SIMPLE),
    C("R38", "block", SIMPLE, given={"etl_cleanup": True}),
    C("R39", "pass", SIMPLE, change=DONE, journal=(saved(),)),
    C("R39", "warn", SIMPLE, change=DONE, journal=(saved("DBA on call"),)),
    C("R39", "manual", SIMPLE, change=DONE),
    C("R39", "not_applicable", SIMPLE),
    C("R40", "pass", SIMPLE),
    C("R40", "manual", SIMPLE, change=(at("MS02", winrm=None),)),
    C("R40", "block", SIMPLE, given={"media_path": "C:\\UnifiedInstaller"}),
    C("R41", "pass", SIMPLE),
    C("R41", "note", CLUSTER, change=(without("OMMS1", "OMMS2"),)),
    C("R41", "block", SIMPLE, put={"group/servers/1/is_root": True}),
    C("R41", "block", SINGLE, given={"avoid_downtime": True}),
    C("R41", "manual", SIMPLE, change=(at("RMS01", winrm=None),), says="planned on RMS01, of which not all is known"),
    C("R41", "manual", SIMPLE, put={"hosts/RMS01/os/service_pack": None}, says="os.service_pack"),
    C("R41", "manual", SIMPLE, put={"hosts": {}, "group": None}),
    C("R41", "not_applicable", SIMPLE, change=DONE),
    C("R42", "pass", SIMPLE),
    C("R42", "manual", SIMPLE, change=(at("WEB01", winrm=None),), says="No facts from WEB01."),
    C("R42", "manual", SIMPLE, put={"hosts/WEB01/opsmgr": None, "hosts/WEB01/unknown": {"registry.setup": "denied"}},
      says="Nobody knows what is on WEB01"),
    C("R42", "pass", SIMPLE, put={"unreachable/APP001": "no answer"}),
    C("R42", "pass", SIMPLE, put={"unreachable/PC9": "no answer", "inventory/PC9": {"role": "agent"}}),
    C("R42", "manual", SIMPLE, change=(at("MS02", winrm=None),)),
    C("R42", "manual", SIMPLE, put={"group": None}),
    C("R43", "pass", SIMPLE),
    C("R43", "manual", SIMPLE, put={"hosts/SQL01": GONE, "inventory/SQL01": GONE}, says="SQL01"),
    C("R43", "manual", SIMPLE, change=(at("WEB01", winrm=None),), says="WEB01"),
    C("R43", "block", SIMPLE, put={"hosts/MS02": GONE, "inventory/MS02": GONE}, says="ms02.contoso.test"),
    C("R43", "warn", SIMPLE, put={"group/servers/1": GONE}),
    C("R43", "manual", SIMPLE, put={"group": None}),
    C("R44", "pass", SIMPLE),
    C("R44", "manual", SIMPLE, put={"hosts/MS02/media": None}, says="MS02"),
    C("R44", "block", SIMPLE, given={"target_version": "7.0.9538.0"}),
    C("R44", "block", SIMPLE, put={"hosts/MS02/media/version": "7.1.10226.0"}),
    C("R45", "pass", SIMPLE),
    C("R45", "warn", NOT_READY),
    C("R45", "manual", SIMPLE, put={"hosts/MS02/memory_mb": None}),
    C("R46", "pass", SIMPLE),
    C("R46", "warn", SIMPLE, change=(at("MS02", free_mb=900),)),
    C("R46", "manual", SIMPLE, put={"hosts/MS02/disks": None}),
    C("R47", "pass", SIMPLE),
    C("R47", "warn", SIMPLE, change=(at("MS02", software={"dotnet": ["2.0"]}),)),
    C("R47", "warn", SIMPLE, change=(at("GW01", powershell="1.0", software={"msxml": 4}),)),
    C("R47", "manual", SIMPLE, put={"hosts/MS02/dotnet": None}),
    C("R47", "warn", COMPLEX, change=(at("NEWMS", software={"dotnet": ["2.0"]}),), says="NEWMS"),
    C("R48", "pass", SIMPLE),
    C("R48", "warn", SIMPLE, put={"hosts/WEB01/iis/features": ["Web-Server"]}),
    C("R48", "manual", SIMPLE, put={"hosts/WEB01/iis": None}),
    C("R48", "manual", SIMPLE, put={"hosts/WEB01/iis/features": []}),
    C("R48", "pass", SIMPLE, put={"hosts/WEB01/iis/features": [one.display for one in setup.IIS_FEATURES]}),
    C("R48", "not_applicable", NOT_READY),
    C("R49", "pass", SIMPLE),
    C("R49", "warn", SIMPLE, change=(sql("SQL01", edition="Express"),)),
    C("R49", "manual", SIMPLE, put={SQL01 + "edition": None}),
    C("R50", "pass", SIMPLE),
    C("R50", "manual", SIMPLE, put={"hosts/MS02/os/release": None}),
    C("R50", "manual", SIMPLE, put={"hosts/SQL01/sql": None}),
    C("R50", "warn", SIMPLE, change=(at("MS02", os=W2012),)),
    C("R50", "warn", SIMPLE, change=(sql("SQL01", version="11.0.2100.60"),)),
    C("R51", "pass", SIMPLE),
    C("R51", "warn", SIMPLE, put={OPS + "broker": False}),
    C("R51", "manual", SIMPLE, put={OPS + "broker": None}),
    C("R52", "pass", SIMPLE),
    C("R52", "block", SIMPLE, put={"hosts/SQL01/opsdb/group_ids/MT_ManagementGroup": "other"}),
    C("R52", "manual", SIMPLE, put={"hosts/SQL01/opsdb/group_ids": None}),
    C("R53", "pass", SIMPLE),
    C("R53", "block", SIMPLE, put={OPS + "state": "SUSPECT"}),
    C("R53", "manual", SIMPLE, put={OPS + "state": None}),
    C("R54", "pass", SIMPLE),
    C("R54", "warn", SIMPLE, given={"backup_path": "C:\\Backup"}),
    C("R54", "manual", SIMPLE, given={"backup_path": "\\\\nas\\backup"}),
    C("R54", "manual", SIMPLE, put={"hosts/SQL01/disks": None}),
    C("R54", "not_applicable", SIMPLE, change=NO_DATABASE),
    C("R55", "pass", SIMPLE, agents="all"),
    C("R55", "note", SIMPLE, change=(agents(0, os=W2012),), agents="all"),
    C("R55", "warn", SIMPLE, change=(agents(0, os=W2000),), agents="all"),
    C("R55", "manual", SIMPLE),
    C("R56", "pass", SIMPLE, agents="all"),
    C("R56", "warn", SIMPLE, change=(agents(0, software={"msxml": 4}),), agents="all"),
    C("R56", "manual", SIMPLE),
    C("R57", "pass", SIMPLE, change=(agents(4, failover=["MS02"]),)),
    C("R57", "warn", SIMPLE),
    C("R57", "not_applicable", SINGLE),
    C("R58", "pass", SIMPLE),
    C("R58", "warn", SIMPLE, put={"group/agents/rows/0/5": False}),
    C("R58", "manual", SIMPLE, put={"group/agents/rows/0/5": None}),
    C("R58", "not_applicable", SIMPLE, change=(no_agents,)),
    C("R59", "pass", SIMPLE),
    C("R59", "manual", SIMPLE, put={"group/agents/rows/0/6": "gone.contoso.test"}),
    C("R59", "not_applicable", SINGLE, change=(no_agents,)),
    C("R60", "pass", SIMPLE),
    C("R60", "manual", SINGLE_32),
    C("R60", "manual", SIMPLE, agents="none"),
    C("R60", "not_applicable", NO_DW),
    C("R61", "pass", SIMPLE),
    C("R61", "manual", SIMPLE, put={"hosts/DC01/opsmgr": None}, says="1 agent of the inventory"),
    C("R61", "note", SIMPLE, put={"hosts/DC01/opsmgr/agent_groups": [
        {"name": "CONTOSO", "parent": "ms03", "port": 5723}, {"name": "B", "parent": "x", "port": 5723}]}),
    C("R61", "warn", SIMPLE, put={"hosts/DC01/opsmgr/agent_groups": [
        {"name": name, "parent": "x", "port": 5723} for name in "ABCDE"]}),
    C("R62", "pass", SIMPLE),
    C("R62", "warn", SIMPLE, put={"hosts/DC01/software": [
        {"name": "System Center Operations Manager 2007 R2 Agent", "version": "6.1.7221.0"}] * 2}),
    C("R62", "manual", SIMPLE, put={"hosts/DC01/software": None}),
    C("R62", "not_applicable", NO_DW),
    C("R63", "pass", SIMPLE),
    C("R63", "warn", SIMPLE, given={"settings": {"limits": {"agents_per_management_server": 10}}}),
    C("R63", "warn", SIMPLE, put={"group/consoles": ["CONTOSO\\a"] * 51}),
    C("R63", "not_applicable", SIMPLE, change=(no_agents,)),
    C("R64", "pass", SIMPLE),
    C("R64", "warn", SIMPLE, put={"hosts/MS02/clock_skew_seconds": -900}),
    C("R64", "manual", SIMPLE, put={"hosts/MS02/clock_skew_seconds": None}),
    C("R65", "pass", SIMPLE),
    C("R65", "warn", SIMPLE, put={"hosts/MS02/pending_reboot": True}),
    C("R65", "manual", SIMPLE, put={"hosts/MS02/pending_reboot": None}),
    C("R66", "pass", SIMPLE),
    C("R66", "warn", SIMPLE, put={"hosts/GW01/certificates/0/not_after": "2012-05-20T00:00:00Z"}),
    C("R66", "warn", SIMPLE, put={"hosts/GW01/certificates/0/not_after": "2012-05-01T00:00:00Z"}, says="GW01"),
    C("R66", "manual", SIMPLE, put={"hosts/GW01/certificates": []}),
    C("R66", "not_applicable", SINGLE),
    C("R67", "pass", SIMPLE, says="on 4 machines; what programs from elsewhere hold open there is not seen."),
    C("R67", "pass", CLUSTER, says="on 3 machines", put={
        "hosts/OMRMSN2/held_open/programs": [{"name": "x.exe", "path": "C:\\P\\x.exe", "id": 7}]}),
    C("R67", "pass", SIMPLE, put={"hosts/MS02/held_open": None}, given=by("R67"), says="Checked: Ada"),
    C("R67", "warn", SIMPLE, given=by("R67"), says="open on MS02 and GW01.", put={
        "hosts/MS02/held_open": {"programs": [{"name": "Microsoft.MOM.UI.Console.exe", "path": "C:\\P\\c.exe", "id": 7}]},
        "hosts/GW01/held_open": {"programs": [], "shares": [{"path": "C:\\P\\Health Service State\\x", "by": "ada"}]}}),
    C("R67", "manual", SIMPLE, put={"hosts/MS02/held_open": None}, says="not all was read on MS02."),
    C("R67", "manual", SIMPLE, put={"hosts/GW01/held_open/shares": None}, says="not all was read on GW01."),
    C("R67", "manual", SIMPLE, change=(at("MS03", winrm=None),), says="not all was read on MS03."),
    C("R67", "manual", SIMPLE, put={"hosts": {}, "group": None}, says="No server of the group is known."),
    C("R67", "not_applicable", SIMPLE, change=DONE),
    C("R67", "not_applicable", SINGLE_32, says="Every server that is not at 2012 leaves."),
    C("R68", "pass", SINGLE, put={"hosts/OM01/media/files/setup.exe/sha256": "ab"},
      given={"settings": {"media_hashes": {"setup.exe": "AB"}}}),
    C("R68", "block", SINGLE, put={"hosts/OM01/media/files/setup.exe/sha256": "cd"},
      given={"settings": {"media_hashes": {"setup.exe": "AB"}}}),
    C("R68", "pass", SINGLE, put={"hosts/OM01/media/files/setup.exe/sha256": "ab"},
      given={"settings": {"media_hashes": {"./SETUP.EXE": "AB", "agent/i386/MOMAgent.msi.x": "0"}}}),
    C("R68", "pass", SINGLE, put={"hosts/OM01/media/files": {"setup.exe": {"sha256": "ab"},
      "Setup\\AMD64\\Server\\OMServer.msi": {"sha256": "cd"}}},
      given={"settings": {"media_hashes": {"setup.exe": "ab", "setup/amd64/server/omserver.msi": "CD"}}}),
    C("R68", "warn", SINGLE, put={"hosts/OM01/media/files/setup.exe/sha256": "ab"},
      given={"settings": {"media_hashes": {"setup.exe": "ab", "Setup/AMD64/Server/OMServer.msi": "CD"}}},
      says="missing on OM01"),
    C("R68", "block", SIMPLE, put={"hosts/GW01/media/files/setup.exe/sha256": "cd"},
      given={"settings": {"media_hashes": {"setup.exe": "ab"}}}, says="GW01"),
    C("R68", "block", SIMPLE, put={"hosts/DC01/media/files/agent\\AMD64\\MOMAgent.msi/sha256": "cd"},
      given={"settings": {"media_hashes": {"agent/AMD64/MOMAgent.msi": "ab"}}}, says="on dc01.contoso.test."),
    C("R68", "manual", SINGLE, change=(one_agent,), put={PACKAGE_HERE: "ab", "hosts/FILE01/media": None},
      given=PACKAGE_HASH, says="Media not read on file01.fabrikam.test."),
    C("R68", "manual", SINGLE, change=(one_agent,), put={PACKAGE_HERE: "ab", "hosts/FILE01/media/present": None},
      given=PACKAGE_HASH, says="Media not read on file01.fabrikam.test."),
    C("R68", "manual", SINGLE, change=(one_agent,), put={PACKAGE_HERE: "ab", "hosts/FILE01/media/files": {},
      "hosts/FILE01/unknown": {"media." + PACKAGE: "x"}}, given=PACKAGE_HASH, says="Media not read on file01.fabrikam.test."),
    C("R68", "pass", SINGLE, change=(one_agent,), put={PACKAGE_HERE: "ab", "hosts/FILE01/media/files": {}},
      given=PACKAGE_HASH),
    C("R68", "manual", SINGLE, given={"settings": {"media_hashes": {"setup.exe": "ab"}}}, says="not read on OM01"),
    C("R68", "manual", SINGLE, put={"hosts/OM01/media/present": None, "hosts/OM01/unknown": {"media.setup.exe": "x"}}),
    C("R68", "manual", SINGLE, put={"hosts/OM01/media/files": {}, "hosts/OM01/unknown": {"media.setup.exe": "x"}},
      given={"settings": {"media_hashes": {"setup.exe": "ab"}}}, says="not read on OM01"),
    C("R68", "warn", SIMPLE, put={"hosts/MS02/media/present": False}),
    C("R68", "warn", SIMPLE, put={"hosts/GW01/media/files": {}}),
    C("R68", "manual", SIMPLE),
    C("R68", "manual", SIMPLE, put={"hosts/MS02/media": None}),
    C("R68", "not_applicable", SIMPLE, change=DONE),
    C("R69", "pass", SIMPLE, given=by("R69")),
    C("R69", "pass", SIMPLE, put={"probes": ACCOUNTS_TRIED}),
    C("R69", "block", SIMPLE, put={"probes": ACCOUNTS_TRIED, "probes/accounts/0/logs_on": False}, says="LAB"),
    C("R69", "warn", SIMPLE, given={"account": None}),
    C("R69", "warn", SIMPLE, put={"probes": ACCOUNTS_TRIED, "probes/sql/0/sysadmin": False}),
    C("R69", "manual", SIMPLE),
    C("R69", "not_applicable", SIMPLE, change=DONE),
    C("R70", "pass", SIMPLE, given=by("R70")),
    C("R70", "warn", SIMPLE, given={"probes": [{"from": "MS02", "to": "SQL01", "port": 1433, "open": False}]}),
    C("R70", "manual", SIMPLE),
    C("R70", "not_applicable", SINGLE, change=(no_agents,)),
    C("R71", "pass", SIMPLE),
    C("R71", "warn", SIMPLE, put={"group/servers/1/available": False}),
    C("R71", "manual", SIMPLE, put={"group/servers/1/health": None}),
    C("R72", "pass", NOT_READY),
    C("R72", "note", SIMPLE),
    C("R72", "manual", SIMPLE, put={"group/consoles": None}),
    C("R72", "not_applicable", SIMPLE, change=DONE),
    C("R73", "pass", SIMPLE, put={"group/management_packs": [
        {"name": "OperationsManager.Upgrade", "version": "7.0.8560.0", "sealed": True}]}),
    C("R73", "note", SIMPLE),
    C("R73", "not_applicable", SINGLE),
    C("R74", "pass", SIMPLE, given=by("R74")),
    C("R74", "manual", SIMPLE),
    C("R74", "not_applicable", SIMPLE, change=DONE),
    C("R75", "pass", SIMPLE, given=by("R75")),
    C("R75", "manual", SIMPLE),
    C("R75", "not_applicable", SIMPLE, change=DONE),
    C("R76", "pass", SIMPLE),
    C("R76", "note", SIMPLE, put={"hosts/MS02/software": [
        {"name": "System Center Configuration Manager 2007", "version": "4.0"}]}),
    C("R77", "pass", NO_DW, given={"warehouse": {"server": "LWSQL", "database": "OperationsManagerDW"}}),
    C("R77", "warn", NO_DW),
    C("R77", "warn", NO_DW, given={"warehouse": {"server": "LWMS1"}}, says="does not suit"),
    C("R77", "manual", NO_DW, given={"warehouse": {"server": "ELSEWHERE"}}),
    C("R77", "not_applicable", SIMPLE),
    C("R78", "note", SIMPLE, says="The queue of 43 agents was not looked at"),
    C("R78", "note", SINGLE, says="2 agents with a queue of less than 76,800 KB; data that does not fit is lost. "
      "The queue of 6 agents was not looked at: the inventory has no such host."),
    C("R78", "note", SINGLE, change=(one_agent,), put={"hosts/FILE01/queue_kb": {"FABRIKAM": None}},
      says="1 agent with a queue of less than"),
    C("R78", "manual", SINGLE, change=(one_agent,), put={"hosts/FILE01/queue_kb": {"OTHER": 99999}},
      says="The queue of 1 agent of the inventory was not read."),
    C("R78", "manual", SINGLE, change=(one_agent,), put={"hosts/FILE01": GONE, "unreachable/FILE01": "no answer"},
      says="The queue of 1 agent of the inventory was not read."),
    C("R78", "pass", SINGLE, change=(one_agent,), given={"settings": {"agent_queue_kb": 15360}}),
    C("R78", "not_applicable", SIMPLE, change=DONE),
    C("R79", "pass", SINGLE),
    C("R79", "note", SIMPLE, agents="all", says="4 agents"),
    C("R79", "manual", SIMPLE),
    C("R80", "pass", SIMPLE),
    C("R80", "manual", SIMPLE, change=(at("MS02", winrm=None), at("MS03", winrm=None)), says="MS02 and MS03"),
    C("R80", "note", SINGLE),
    C("R80", "warn", COMPLEX, change=(without("NEWMS", "NEWGW"),)),
    C("R80", "not_applicable", SIMPLE, put={"hosts": {}, "group": None}),
    C("R81", "note", SINGLE),
    C("R81", "not_applicable", SIMPLE),
    C("R82", "pass", SINGLE_32),
    C("R82", "note", SIMPLE, change=(spare(),)),
    C("R82", "warn", SIMPLE, change=(spare(os=OLD_OS),)),
    C("R82", "manual", SIMPLE, change=(spare(winrm=None),)),
    C("R82", "not_applicable", SIMPLE),
    C("R83", "pass", SIMPLE),
    C("R83", "warn", SIMPLE, put={"hosts/MS02/opsmgr/database_server": "SQL02"}),
    C("R83", "manual", SIMPLE, put={"hosts/MS02/opsmgr/database_name": None}),
)  # fmt: skip
