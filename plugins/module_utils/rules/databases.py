# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules about the databases and the SQL Server under them."""

from __future__ import annotations

import math
from typing import Optional

from ..catalog import collations
from ..names import sql_address
from .engine import (
    BLOCK,
    BREAKS,
    MANUAL,
    NONE,
    NOT_APPLICABLE,
    NOTE,
    OUTAGE,
    PASS,
    WARN,
    Context,
    Finding,
    Repair,
    rule,
)
from .text import sizes_text
from .view import Database, Row, listed, view

#: The databases the group upgrade converts.
CONVERTED = ("operational", "warehouse")


def _converted(context: Context) -> list[Database]:
    return [one for one in view(context).databases if one.what in CONVERTED]


def _hosts(rows: list[Row]) -> str:
    return listed(sorted({str(row[0]) for row in rows}))


@rule(
    "R07",
    "Full-text search is installed under the databases",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, BLOCK, MANUAL, NOT_APPLICABLE),
    columns=("host", "instance", "database", "full-text search"),
    remedy="""Add the Full-Text Search feature to the instance with SQL Server's own setup. If the check keeps failing,
        look at the collation (R08): a wrong one was seen to cause exactly that.""",
    evidence="field",
    source="S17, S19e (E5, C13)",
    tags=("database", "sql"),
    facts=("hosts[].sql[].full_text",),
    setup=("checks", "The 2012 checker blocks without it (S17)."),
)
def full_text(context: Context) -> list[Finding]:
    """The instances of the operational database and of the data warehouse need full-text search."""
    if view(context).is_2012:
        return [Finding(NOT_APPLICABLE, "The databases are converted already.")]
    rows: list[Row] = []
    unread: list[Row] = []
    for one in _converted(context):
        installed = one.effective("full_text")
        row: Row = (one.effective_host, one.effective_instance, one.title, "unknown" if installed is None else "absent")
        if installed is None:
            unread.append(row)
        elif not installed:
            rows.append(row)
    findings = []
    if rows:
        findings.append(Finding(BLOCK, f"No full-text search on {_hosts(rows)}.", tuple(rows)))
    if unread:
        findings.append(Finding(MANUAL, f"Full-text search not read on {_hosts(unread)}.", tuple(unread)))
    return findings or _nothing(context, "Full-text search is installed under every database.")


def _nothing(context: Context, good: str) -> list[Finding]:
    if _converted(context):
        return [Finding(PASS, good)]
    return [Finding(MANUAL, "It is not known where the databases are.")]


@rule(
    "R08",
    "The collation is a supported one",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, WARN, BLOCK, MANUAL, NOT_APPLICABLE),
    columns=("host", "object", "collation", "expected"),
    remedy="""Move the databases to an instance with the right collation, by Microsoft's procedures for moving the
        operational database and the data warehouse; a collation cannot be changed in place. For English it is
        SQL_Latin1_General_CP1_CI_AS.""",
    evidence="field",
    source="S17 (E6)",
    tags=("database", "sql", "collation"),
    facts=("hosts[].sql[].collation", "hosts[].sql[].databases[].collation", "group.language"),
    options=("collations",),
    setup=("fails later", "A wrong collation shows as full-text search that is reported missing (S17)."),
)
def collation(context: Context) -> list[Finding]:
    """For English one collation is supported. The list for other languages is recalled, so a likely one only warns.

    Instance and database are judged both. Where the plan moves a database to another machine, that machine's instance
    counts, since moving is the cure.
    """
    known = view(context)
    if known.is_2012:
        return [Finding(NOT_APPLICABLE, "The databases are converted already.")]
    language = known.language
    bad: list[Row] = []
    doubtful: list[Row] = []
    unread: list[Row] = []
    evidence = None
    for one in _converted(context):
        pairs = [("instance " + one.effective_instance, one.effective("collation"))]
        if not one.moves:
            pairs.append((one.name, one.fact("collation")))
        for place, found in pairs:
            if not isinstance(found, str):
                unread.append((one.effective_host, place, "unknown", collations.row_of(language).collation))
                continue
            verdict = collations.judge(found, language, context.settings)
            row: Row = (one.effective_host, place, found, verdict.expected)
            if verdict.outcome == "wrong":
                bad.append(row)
            elif verdict.outcome == "doubtful":
                doubtful.append(row)
            if verdict.outcome != "supported":
                evidence = verdict.evidence
    findings = []
    if bad:
        text = f"Unsupported collation for language {language or 'en'} on {_hosts(bad)}."
        findings.append(Finding(BLOCK, text, tuple(dict.fromkeys(bad)), evidence=evidence))
    if doubtful:
        text = f"The sources disagree about the collation for language {language} on {_hosts(doubtful)}."
        remedy = "Confirm the collation with Microsoft's table; accept it through the setting collations."
        findings.append(Finding(WARN, text, tuple(dict.fromkeys(doubtful)), remedy=remedy, evidence=evidence))
    if unread:
        findings.append(Finding(MANUAL, f"Collation not read on {_hosts(unread)}.", tuple(dict.fromkeys(unread))))
    return findings or _nothing(context, "Every collation is supported.")


#: The documented repair makes the data files half as large again.
RAISE = 1.5
#: New data that must not bring the finding back, as a share of what is used.
HEADROOM = 1.02
#: Sizes are whole gigabytes, so that a few megabytes change no plan.
UNIT_MB = 1024


def _whole(size: float) -> int:
    return math.ceil(size / UNIT_MB) * UNIT_MB


def grown_size(size_mb: float, used_mb: float, percent: float) -> int:
    """The size of data files after the documented repair, at which more than *percent* of them is free and stays so."""
    return _whole(max(size_mb * RAISE, used_mb * HEADROOM / (1 - percent / 100)))


def _grow(context: Context, one: Database, rule_id: str) -> dict[str, int]:
    """Sizes of data and log after the repairs of a rule and of those that were asked for; nothing else is touched."""
    data, used, log = (float(one.fact(name) or 0) for name in ("data_mb", "data_used_mb", "log_mb"))
    least, share = (float(context.settings[name]) for name in ("database_free_percent", "log_percent"))
    wanted = {rule_id} | context.repairs
    found: dict[str, int] = {}
    if "R09" in wanted and data and (data - used) / data * 100 <= least:
        found["data_mb"] = grown_size(data, used, least)
    goal = found.get("data_mb", data) * share / 100
    if "R10" in wanted and log < goal:
        found["log_mb"] = _whole(goal)
    return found


def _grow_repair(context: Context, one: Database, rule_id: str) -> Repair:
    sizes = _grow(context, one, rule_id)
    needed = sum(size - int(one.fact(name) or 0) for name, size in sizes.items())
    room = one.largest_free_mb
    return Repair(
        kind="repair.database_grow",
        title=f"grow the files of {one.name} to {sizes_text(sizes)}",
        targets=(
            {
                "host": one.effective_host,
                "instance": one.effective_instance,
                "database": one.name,
                **sizes,
                "needs_mb": needed,
                "free_mb": room,
            },
        ),
        complete=room is None or room > needed,
    )


@rule(
    "R09",
    "More than half of the operational database is free",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, BLOCK, MANUAL, NOT_APPLICABLE),
    columns=("host", "database", "size MB", "used MB", "free %", "must exceed %"),
    remedy="""Raise the size of the data file (MOM_DATA) by half, or further until more than 50 % is free. The repair of this
        rule does it, in whole gigabytes, and leaves the log to that of R10.""",
    evidence="field",
    source="S14, S19a (O11)",
    tags=("database", "sql", "disk"),
    facts=("hosts[].sql[].databases[].data_mb", "hosts[].sql[].databases[].data_used_mb"),
    options=("database_free_percent", "log_percent"),
    repair="repair.database_grow",
    setup=("fails later", "The conversion runs out of space; nothing says that setup looks beforehand."),
)
def database_free(context: Context) -> list[Finding]:
    """The conversion of the operational database needs more than 50 % free space in the data files."""
    known = view(context)
    one = known.database("operational")
    if known.is_2012:
        return [Finding(NOT_APPLICABLE, "The operational database is converted already.")]
    least = float(context.settings["database_free_percent"])
    size, used = (one.fact("data_mb"), one.fact("data_used_mb")) if one else (None, None)
    if one is None or not size or used is None:
        name = one.name if one else "the operational database"
        return [Finding(MANUAL, f"The size and use of {name} were not read.")]
    free = (size - used) / size * 100
    row: Row = (one.host, one.name, size, used, round(free, 1), least)
    if free > least:
        return [Finding(PASS, f"{one.name} has {free:.0f} % free.")]
    text = f"{one.name} has {free:.0f} % free; the conversion needs more than {least:.0f} %."
    return [Finding(BLOCK, text, (row,), repair=_grow_repair(context, one, "R09"))]


@rule(
    "R10",
    "The transaction log is half the size of the operational database",
    severity="warn",
    impact=BREAKS,
    outcomes=(PASS, WARN, MANUAL, NOT_APPLICABLE),
    columns=("host", "database", "data MB", "log MB", "wanted MB"),
    remedy="""Set the size of the log file (MOM_LOG) to 50 % of the database. The repair of this rule does it, in whole
        gigabytes, and leaves the data file to that of R09.""",
    evidence="field",
    source="S14, S19a (O11, C14)",
    tags=("database", "sql", "disk"),
    facts=("hosts[].sql[].databases[].log_mb", "hosts[].sql[].databases[].data_mb"),
    options=("log_percent", "database_free_percent"),
    repair="repair.database_grow",
    setup=("fails later", "The conversion stops when the log is full; nothing says that setup looks beforehand."),
)
def log_size(context: Context) -> list[Finding]:
    """A database of 100 GB wants a log of 50 GB. The sources take the share of the data or of the whole; data counts."""
    known = view(context)
    one = known.database("operational")
    if known.is_2012:
        return [Finding(NOT_APPLICABLE, "The operational database is converted already.")]
    size, log = (one.fact("data_mb"), one.fact("log_mb")) if one else (None, None)
    if one is None or not size or log is None:
        return [Finding(MANUAL, "The size of the transaction log was not read.")]
    wanted = math.ceil(size * float(context.settings["log_percent"]) / 100)
    if log >= wanted:
        return [Finding(PASS, f"The log of {one.name} has {log} MB.")]
    row: Row = (one.host, one.name, size, log, wanted)
    text = f"The log of {one.name} has {log} MB; half of the database is {wanted} MB."
    return [Finding(WARN, text, (row,), repair=_grow_repair(context, one, "R10"))]


@rule(
    "R11",
    "The data warehouse server has more than 2 GB of memory",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, BLOCK, MANUAL, NOT_APPLICABLE),
    columns=("host", "memory MB", "must exceed MB"),
    remedy="Add memory to the server of the data warehouse; 4 GB is what the 2012 table asks for.",
    evidence="field",
    source="S14 (E9)",
    tags=("database", "hardware"),
    facts=("hosts[].memory_mb",),
    options=("warehouse_memory_mb",),
    setup=("fails later", "The upgrade of the data warehouse was seen to fail with 2 GB."),
)
def warehouse_memory(context: Context) -> list[Finding]:
    """The upgrade of the data warehouse was seen to fail on a machine with 2 GB of memory."""
    one = view(context).database("warehouse")
    if one is None or view(context).is_2012:
        return [Finding(NOT_APPLICABLE, "No data warehouse is left to upgrade.")]
    least, memory = int(context.settings["warehouse_memory_mb"]), one.effective_memory
    if memory is None:
        return [Finding(MANUAL, f"The memory of {one.effective_host} was not read.")]
    row: Row = (one.effective_host, memory, least)
    if memory <= least:
        text = f"{one.effective_host}, which holds the data warehouse, has {memory} MB of memory."
        return [Finding(BLOCK, text, (row,))]
    return [Finding(PASS, f"{one.effective_host} has {memory} MB of memory.")]


@rule(
    "R21",
    "SQL Server does not allow updates of system catalogues",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, BLOCK, MANUAL),
    columns=("host", "instance", "allow updates"),
    remedy="EXEC sp_configure 'allow updates', 0; RECONFIGURE. The repair of this rule does it.",
    evidence="kb",
    source="S22 (KB 2713047); for upgrades inferred",
    tags=("database", "sql"),
    facts=("hosts[].sql[].allow_updates",),
    repair="repair.allow_updates",
    setup=("fails later", "Setup ends with 0x80131604, ad hoc update to system catalogs is not supported (S22)."),
)
def allow_updates(context: Context) -> list[Finding]:
    """With the option ``allow updates`` set, the scripts of setup end with an error about system catalogues."""
    rows: list[Row] = []
    unread: list[Row] = []
    targets = []
    for one in _converted(context):
        value = one.effective("allow_updates")
        row: Row = (one.effective_host, one.effective_instance, "unknown" if value is None else value)
        if value is None:
            unread.append(row)
        elif value and row not in rows:
            rows.append(row)
            targets.append({"host": one.effective_host, "instance": one.effective_instance, "value": 0})
    findings = []
    if rows:
        repair = Repair("repair.allow_updates", f"set allow updates to 0 on {_hosts(rows)}", tuple(targets))
        findings.append(Finding(BLOCK, f"allow updates is on at {_hosts(rows)}.", tuple(rows), repair=repair))
    if unread:
        text = f"The option allow updates was not read on {_hosts(unread)}."
        findings.append(Finding(MANUAL, text, tuple(dict.fromkeys(unread))))
    return findings or _nothing(context, "allow updates is off everywhere.")


@rule(
    "R33",
    "The group has a data warehouse",
    severity="note",
    impact=NONE,
    outcomes=(PASS, NOTE, MANUAL),
    columns=("database", "will be on", "data writer account"),
    remedy="""Decide where the new data warehouse goes, under which accounts, and give both in the inputs: setup adds one,
        because 2012 cannot do without.""",
    evidence="documented",
    source="S1 (1.2, M14)",
    tags=("database", "warehouse"),
    facts=("group.warehouse",),
    setup=("checks", "Setup adds the missing data warehouse by itself."),
)
def warehouse_exists(context: Context) -> list[Finding]:
    """2012 needs a data warehouse. Where the group never had one, setup adds it during the group's upgrade."""
    known = view(context)
    one = known.database("warehouse")
    if one is not None:
        return [Finding(PASS, f"The data warehouse is {one.name} on {one.host}.")]
    if not known.group_read:
        return [Finding(MANUAL, "Whether the group has a data warehouse was not read.")]
    target = context.inputs.get("warehouse") or {}
    place = str(target.get("server") or "not decided")
    account = str(context.inputs.get("data_writer_account") or "not named")
    row: Row = (str(target.get("database") or "OperationsManagerDW"), place, account)
    return [Finding(NOTE, "The group has no data warehouse; the upgrade adds one.", (row,))]


@rule(
    "R77",
    "The place of a new data warehouse is decided",
    severity="warn",
    impact=BREAKS,
    outcomes=(PASS, WARN, MANUAL, NOT_APPLICABLE),
    columns=("input", "value", "finding"),
    remedy="""Name the server in the input warehouse (server, database), and the data reader and data writer accounts; it
        needs SQL Server 2008 SP1 or later with full-text search, and more than 2 GB of memory.""",
    evidence="inferred",
    source="S1 (1.2)",
    tags=("database", "warehouse", "inputs"),
    facts=("inputs.warehouse", "group.warehouse"),
    setup=("checks", "The wizard asks for it; an unattended run needs it on the command line."),
)
def warehouse_target(context: Context) -> list[Finding]:
    """An unattended upgrade that adds a data warehouse has to be told the instance, the database and the accounts."""
    known = view(context)
    if known.database("warehouse") is not None:
        return [Finding(NOT_APPLICABLE, "The group has a data warehouse.")]
    if not known.group_read:
        return [Finding(MANUAL, "Whether the group has a data warehouse was not read.")]
    target = context.inputs.get("warehouse") or {}
    name = target.get("server")
    if not name:
        text = "No server is named for the new data warehouse."
        return [Finding(WARN, text, (("warehouse.server", "", "missing"),))]
    one = known.machine(sql_address(str(name))[0])
    if one is None or one.facts is None:
        return [Finding(MANUAL, f"Nothing is known of {name}.", (("warehouse.server", str(name), "no facts"),))]
    rows: list[Row] = []
    for reason in one.reasons("data_warehouse", context.settings):
        rows.append(("warehouse.server", one.name, reason.text))
    if not one.get("sql"):
        rows.append(("warehouse.server", one.name, "no SQL Server"))
    memory = one.get("memory_mb")
    if memory is not None and memory <= int(context.settings["warehouse_memory_mb"]):
        rows.append(("warehouse.server", one.name, f"{memory} MB of memory"))
    if one.get("sql") and not any(instance.get("full_text") for instance in one.get("sql")):
        rows.append(("warehouse.server", one.name, "no full-text search"))
    if rows:
        return [Finding(WARN, f"{one.name} does not suit a data warehouse.", tuple(rows))]
    return [Finding(PASS, f"The new data warehouse goes to {one.name}.")]


@rule(
    "R38",
    "The clean-up of EntityTransactionLog is not run on 2007 R2",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, BLOCK),
    columns=("input", "value"),
    remedy="""Take etl_cleanup out of the inputs: the script belongs to the 2012 line, and nothing shows that its
        function and tables exist in a 2007 R2 database.""",
    evidence="inferred",
    source="S19a, S19m (3.2.11)",
    tags=("database", "sql", "inputs"),
    facts=("inputs.etl_cleanup", "group.product"),
    setup=("not checked", "Setup of later releases does this clean-up itself."),
)
def etl_cleanup(context: Context) -> list[Finding]:
    """The later guide cleans a change-log table before the upgrade; for a 2007 R2 database nobody has shown it works."""
    if context.inputs.get("etl_cleanup") and not view(context).is_2012:
        text = "The inputs ask for a clean-up that no source applies to a 2007 R2 database."
        return [Finding(BLOCK, text, (("etl_cleanup", True),))]
    return [Finding(PASS, "No such clean-up is asked for.")]


@rule(
    "R49",
    "The edition of SQL Server is one 2012 supports",
    severity="warn",
    impact=BREAKS,
    outcomes=(PASS, WARN, MANUAL),
    columns=("host", "instance", "edition"),
    remedy="Move to Standard or Enterprise, 64-bit, before the upgrade.",
    evidence="recalled",
    source="product-reference 1.2",
    tags=("database", "sql"),
    facts=("hosts[].sql[].edition",),
    setup=("checks", "The SQL Server check of setup is known; what it says of editions is recalled."),
)
def sql_edition(context: Context) -> list[Finding]:
    """Express and 32-bit editions are recalled as unsupported, so they warn."""
    rows: list[Row] = []
    unread: list[Row] = []
    for one in view(context).databases:
        edition = one.effective("edition")
        row: Row = (one.effective_host, one.effective_instance, str(edition or "unknown"))
        if edition is None:
            unread.append(row)
        elif any(word in str(edition).lower() for word in ("express", "workgroup", "web edition", "compact")):
            rows.append(row)
    findings = []
    if rows:
        findings.append(Finding(WARN, f"Unsuitable edition on {_hosts(rows)}.", tuple(dict.fromkeys(rows))))
    if unread:
        findings.append(Finding(MANUAL, f"Edition not read on {_hosts(unread)}.", tuple(dict.fromkeys(unread))))
    return findings or _nothing(context, "Every edition of SQL Server is a supported one.")


@rule(
    "R51",
    "The service broker of the operational database is on",
    severity="warn",
    impact=OUTAGE,
    outcomes=(PASS, WARN, MANUAL),
    columns=("host", "database", "broker"),
    remedy="""ALTER DATABASE ... SET SINGLE_USER WITH ROLLBACK IMMEDIATE; SET ENABLE_BROKER; SET MULTI_USER, while the
        services are stopped.""",
    evidence="kb",
    source="cc540401, S19n",
    tags=("database", "sql"),
    facts=("hosts[].sql[].databases[].broker",),
    setup=("unknown", "No source tells."),
)
def broker(context: Context) -> list[Finding]:
    """Tasks and configuration changes of the group travel over the service broker; a move of the database loses it."""
    one = view(context).database("operational")
    state = one.fact("broker") if one else None
    if one is None or state is None:
        return [Finding(MANUAL, "The state of the service broker was not read.")]
    if state:
        return [Finding(PASS, f"The service broker of {one.name} is on.")]
    return [Finding(WARN, f"The service broker of {one.name} is off.", ((one.host, one.name, "off"),))]


@rule(
    "R52",
    "Both records of the management group's identity agree",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, BLOCK, MANUAL),
    columns=("table", "id"),
    remedy="""Have Microsoft's article for error 0x80ff0032 applied before the upgrade: it arises in groups whose database
        was made with DBCreateWizard.exe.""",
    evidence="kb",
    source="product-reference 1.5",
    tags=("database", "sql"),
    facts=("hosts[].opsdb.group_ids",),
    setup=("fails later", "Shows after the upgrade as 0x80ff0032."),
)
def group_ids(context: Context) -> list[Finding]:
    """The id in ``MT_ManagementGroup`` and the one in ``__MOMManagementGroupInfo__`` must be the same."""
    ids = view(context).group_ids
    if ids is None or any(not value for value in ids.values()) or len(ids) < 2:
        return [Finding(MANUAL, "The ids of the management group were not read from the database.")]
    if len({str(value).strip("{}").lower() for value in ids.values()}) > 1:
        rows: tuple[Row, ...] = tuple((name, str(value)) for name, value in sorted(ids.items()))
        return [Finding(BLOCK, "The two records of the management group's id differ.", rows)]
    return [Finding(PASS, "Both records hold the same id.")]


@rule(
    "R53",
    "The databases are online",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, BLOCK, MANUAL),
    columns=("host", "database", "state"),
    remedy="Bring the database online, and find out why it was not, before anything else.",
    evidence="inferred",
    source="S1",
    tags=("database", "sql"),
    facts=("hosts[].sql[].databases[].state",),
    setup=("fails later", "Setup cannot connect to a database that is offline."),
)
def online(context: Context) -> list[Finding]:
    """A database that is suspect, restoring or offline can neither be backed up nor converted."""
    rows: list[Row] = []
    unread: list[Row] = []
    for one in _converted(context):
        state = one.fact("state")
        if state is None:
            unread.append((one.host, one.name, "unknown"))
        elif str(state).upper() != "ONLINE":
            rows.append((one.host, one.name, str(state)))
    findings = []
    if rows:
        findings.append(Finding(BLOCK, f"Not online: {listed([str(row[1]) for row in rows])}.", tuple(rows)))
    if unread:
        findings.append(Finding(MANUAL, f"State not read: {listed([str(row[1]) for row in unread])}.", tuple(unread)))
    return findings or _nothing(context, "The databases are online.")


@rule(
    "R54",
    "Room for the backups",
    severity="warn",
    impact=NONE,
    outcomes=(PASS, WARN, MANUAL, NOT_APPLICABLE),
    columns=("host", "databases", "needed MB", "largest free MB"),
    remedy="Make room on the drive the backups go to, or set backup_path to a place that has it.",
    evidence="inferred",
    source="O12",
    tags=("database", "backup", "disk"),
    facts=("hosts[].disks", "inputs.backup_path"),
    options=("backup_space_percent",),
    setup=("not checked", "Setup takes no backup."),
)
def backup_room(context: Context) -> list[Finding]:
    """The plan takes full backups on each database server; a backup is at most about as large as the data in use."""
    share = float(context.settings["backup_space_percent"]) / 100
    directory = str(context.inputs.get("backup_path") or "")
    if directory.startswith("\\\\"):
        return [Finding(MANUAL, f"Backups go to {directory}; its free space cannot be seen.")]
    needed: dict[str, tuple[list[str], Optional[float], Database]] = {}
    for one in _converted(context):
        names, total, _first = needed.get(one.host, ([], 0.0, one))
        used = one.fact("data_used_mb")
        sure = None if used is None or total is None else total + float(used) * share
        needed[one.host] = ([*names, one.name], sure, one)
    rows: list[Row] = []
    unread: list[Row] = []
    for host, (names, total, one) in sorted(needed.items()):
        room = one.free_on(directory)
        if room is None or total is None:
            unread.append((host, listed(names), "unknown" if total is None else round(total), "unknown"))
        elif room < total:
            rows.append((host, listed(names), round(total), room))
    findings = []
    if rows:
        findings.append(Finding(WARN, f"Too little room for backups on {_hosts(rows)}.", tuple(rows)))
    if unread:
        text = f"Free space, or what the databases hold, was not read on {_hosts(unread)}."
        findings.append(Finding(MANUAL, text, tuple(unread)))
    if findings or needed:
        return findings or [Finding(PASS, "Every database server has room for its backups.")]
    return [Finding(NOT_APPLICABLE, "No database is known.")]
