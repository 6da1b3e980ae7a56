# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules about what the way back rests on: backups, the encryption key, exports, the rehearsal."""

from __future__ import annotations

from .engine import (
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
from .view import Row, listed, view


@rule(
    "R15",
    "Verified backups of the databases",
    severity="warn",
    impact=NONE,
    outcomes=(PASS, NOTE, WARN, MANUAL, NOT_APPLICABLE),
    columns=("host", "database", "last full backup", "verified"),
    remedy="""The plan takes and verifies full backups before the first management server and again before the group's
        upgrade; the repair of this rule takes them at once, before anything else.""",
    evidence="later guide",
    source="S19a (O12, C7)",
    tags=("backup", "database", "sql"),
    facts=("hosts[].sql[].databases[].last_full_backup", "journal", "inputs.backup_max_age_hours"),
    repair="repair.backup_now",
    setup=("not checked", "Setup takes no backup and asks for none."),
)
def database_backups(context: Context) -> list[Finding]:
    """A failed conversion ends in a restore of the operational database, so a verified recent backup comes first.

    That a backup is still to be taken does not block: taking it is a step of the plan, and the point of no return
    demands it. Whether one was verified only the journal knows.
    """
    known = view(context)
    hours = float(context.inputs.get("backup_max_age_hours") or 24)
    old: list[Row] = []
    unverified: list[Row] = []
    unread: list[Row] = []
    targets = []
    for one in known.databases:
        if one.what not in ("operational", "warehouse"):
            continue
        age, verified = known.backup_age(one), known.backup_verified(one)
        shown = "unknown" if one.facts is None else str(one.fact("last_full_backup") or "never")
        row: Row = (one.host, one.name, shown, "yes" if verified else "no")
        if one.facts is None:
            unread.append(row)
            continue
        if age is None or age > hours:
            old.append(row)
        elif not verified:
            unverified.append(row)
        else:
            continue
        targets.append({"host": one.host, "instance": one.instance, "database": one.name, "what": one.what})
    repair = Repair("repair.backup_now", "take and verify full backups now", tuple(targets)) if targets else None
    findings = []
    if old:
        text = f"No full backup of the last {hours:.0f} hours: {listed([str(row[1]) for row in old])}."
        findings.append(Finding(WARN, text, tuple(old), repair=repair))
    if unverified:
        text = (
            f"No verified backup is known of {listed([str(row[1]) for row in unverified])}; the plan takes one of each."
        )
        findings.append(Finding(NOTE, text, tuple(unverified), repair=repair))
    if unread:
        findings.append(Finding(MANUAL, f"Backups not read: {listed([str(row[1]) for row in unread])}.", tuple(unread)))
    if known.is_2012 and not unread:
        return [Finding(NOT_APPLICABLE, "The group is converted; the plan backs up what the upgrade left.")]
    if not findings and known.database("operational") is None:
        return [Finding(MANUAL, "It is not known where the databases are.")]
    return findings or [Finding(PASS, "Operational database and data warehouse have verified backups.")]


@rule(
    "R16",
    "The encryption key was saved after the last update",
    severity="warn",
    impact=NONE,
    outcomes=(PASS, WARN, MANUAL, NOT_APPLICABLE),
    columns=("host", "file", "saved", "last update"),
    remedy="""Run SecureStorageBackup.exe Backup <file> on the root management server, from the program folder, with the
        input encryption_key_path naming the file. The tool asks for a password; keep both where the group is not.""",
    evidence="field",
    source="S24 (O13, O14)",
    tags=("backup", "server"),
    facts=("hosts[].encryption_key", "hosts[].opsmgr.installed_at"),
    repair="repair.encryption_key",
    setup=(
        "not checked",
        "Setup does not ask for the key; a server rebuilt without it cannot read the group's secrets.",
    ),
)
def encryption_key(context: Context) -> list[Finding]:
    """Without the key a rebuilt or other server cannot read the secrets in the database.

    A key that was saved before the last cumulative update is worthless. Where the group's upgrade runs on another
    server than the root management server, the key is restored there, so the plan waits for it.
    """
    known = view(context)
    if known.is_2012:
        return [Finding(NOT_APPLICABLE, "The management group is at 2012 already.")]
    kept = known.key_kept
    if kept is not None:
        return [Finding(PASS, f"The encryption key was saved in this upgrade, on {kept}.")]
    key, root = known.encryption_key, known.root_machine
    if key is None and root is not None and not known.key_file_named:
        text = "No file is named for the encryption key (input encryption_key_path), and this upgrade has not saved it yet."
        return [Finding(WARN, text, ((root.name, "not named", "never", root.get("opsmgr.installed_at") or "unknown"),))]
    if key is None or key.exists is None:
        place = f" ({key.path})" if key and key.path else ""
        return [Finding(MANUAL, f"Whether the encryption key was saved could not be seen{place}.")]
    row: Row = (key.host, key.path, key.modified or "never", key.updated or "unknown")
    target = {"host": key.host, "path": key.path}
    repair = Repair("repair.encryption_key", "save the encryption key", (target,))
    needed = " The group's upgrade runs on another server and needs it there." if known.from_secondary else ""
    if not key.exists:
        return [Finding(WARN, f"There is no copy of the encryption key.{needed}", (row,), repair=repair)]
    if key.fresh is None:
        return [Finding(MANUAL, "Whether the key was saved after the last update is not known.", (row,))]
    if not key.fresh:
        text = f"The copy of the encryption key is older than the last update.{needed}"
        return [Finding(WARN, text, (row,), repair=repair)]
    return [Finding(PASS, f"The encryption key was saved on {key.modified}.")]


@rule(
    "R17",
    "System-state backup of the root management server",
    severity="warn",
    impact=OUTAGE,
    outcomes=(PASS, WARN, MANUAL, NOT_APPLICABLE),
    columns=("host", "last system-state backup"),
    remedy="Take a full and a system-state backup of the root management server with what your house uses.",
    evidence="field",
    source="S14, S24 (O13)",
    tags=("backup", "server"),
    facts=("hosts[].system_state_backup",),
    options=("system_state_max_age_hours",),
    repair="repair.system_state",
    setup=("not checked", "Setup takes no backup and asks for none."),
)
def system_state(context: Context) -> list[Finding]:
    """After a failed upgrade the root management server is rebuilt; its system state makes that possible."""
    known = view(context)
    if known.is_2012:
        return [Finding(NOT_APPLICABLE, "The management group is at 2012 already.")]
    one = known.root_machine
    if one is None or one.silent or "system_state_backup" in one.unknown:
        return [Finding(MANUAL, "Nothing is known of backups of the root management server.")]
    age, hours = known.age_hours(one.get("system_state_backup")), float(context.settings["system_state_max_age_hours"])
    row: Row = (one.name, str(one.get("system_state_backup") or "never"))
    if age is None or age > hours:
        target = {"host": one.name}
        repair = Repair("repair.system_state", f"back up the system state of {one.name}", (target,))
        text = f"{one.name} has no system-state backup" + (" at all." if age is None else " of the last days.")
        return [Finding(WARN, text, (row,), repair=repair)]
    return [Finding(PASS, f"{one.name} has a system-state backup of {row[1]}.")]


@rule(
    "R18",
    "Subscriptions and the administrator role are exported",
    severity="manual",
    impact=OUTAGE,
    outcomes=(PASS, MANUAL, NOT_APPLICABLE),
    columns=("what", "count"),
    remedy="""Export the notification management pack and write down the members of the administrator role: both are reset
        when a failed upgrade is recovered. Confirm it in the input confirmed: {R18: {by, when}}.""",
    evidence="field",
    source="S15 (3.2.4, 3.4)",
    tags=("backup", "notification"),
    facts=("inputs.confirmed", "journal"),
    setup=("not checked", "Setup does not export anything."),
)
def exports(context: Context) -> list[Finding]:
    """A recovery from a failed conversion resets subscriptions and the administrator role."""
    known = view(context)
    if known.is_2012:
        return [Finding(NOT_APPLICABLE, "The management group is at 2012 already.")]
    confirmed = known.confirmed("R18")
    if confirmed:
        return [Finding(PASS, f"Exported: {confirmed}.")]
    count = len(known.subscriptions or [])
    members = (known.group.snapshot.get("group") or {}).get("administrators")
    rows: tuple[Row, ...] = (
        ("notification subscriptions", count),
        ("members of the administrator role", "not read" if members is None else len(members)),
    )
    return [Finding(MANUAL, "Nobody has confirmed an export of subscriptions and of the administrator role.", rows)]


@rule(
    "R34",
    "The database upgrade was rehearsed on a copy",
    severity="warn",
    impact=NONE,
    outcomes=(PASS, WARN, NOT_APPLICABLE),
    columns=("what",),
    remedy="""Restore a copy of the operational database on a spare instance and run the media's build_mom_db_admin.sql,
        build_mom_db.sql and build_momv3_localization.sql in this order; remove the management packs they stumble over,
        and repeat. Confirm it in the input confirmed: {R34: {by, when}}.""",
    evidence="field",
    source="S15 (5.1)",
    tags=("database", "management_pack"),
    facts=("inputs.confirmed", "journal"),
    setup=("fails later", "An inconsistent management pack stops the conversion half-way."),
)
def rehearsal(context: Context) -> list[Finding]:
    """The strongest check there is: inconsistent management packs break the conversion, and only a rehearsal finds them.

    No fact tells that one took place; whoever did it confirms it by name.
    """
    known = view(context)
    if known.is_2012:
        return [Finding(NOT_APPLICABLE, "The operational database is converted already.")]
    confirmed = known.confirmed("R34")
    if confirmed:
        return [Finding(PASS, f"Rehearsed: {confirmed}.")]
    packs = f"{len(known.management_packs)} management packs"
    return [Finding(WARN, "Nobody has confirmed a rehearsal of the database upgrade.", ((packs,),))]


@rule(
    "R36",
    "LocalizedText is cleaned after the upgrade",
    severity="warn",
    impact=NONE,
    outcomes=(PASS, NOTE, WARN, MANUAL),
    columns=("table", "rows"),
    remedy="""After the upgrade run Microsoft's clean-up query on the operational database (its text is Microsoft's; it takes
        hours, much log and TEMPDB), rebuild the indexes, and confirm it in the input confirmed: {R36: {by, when}}.""",
    evidence="field",
    source="S14, S18 (3.6 item 4)",
    tags=("database", "after"),
    facts=("hosts[].opsdb.localized_text_rows", "hosts[].opsdb.publisher_message_rows"),
    options=("localized_text_rows",),
    setup=("not checked", "It is a task after the upgrade."),
)
def localized_text(context: Context) -> list[Finding]:
    """Rows that were never groomed make the database large and its conversion long; a one-off query removes them."""
    known = view(context)
    rows = known.localized_rows
    if rows is None:
        return [Finding(MANUAL, "The size of LocalizedText was not read.")]
    normal = int(context.settings["localized_text_rows"])
    table: tuple[Row, ...] = (
        ("LocalizedText", rows[0]),
        ("PublisherMessages", rows[1] if rows[1] is not None else "?"),
    )
    confirmed = known.confirmed("R36")
    if confirmed or (rows[0] <= normal and not known.is_2012):
        return [Finding(PASS, f"Cleaned: {confirmed}." if confirmed else f"LocalizedText has {rows[0]:,} rows.", table)]
    if known.is_2012:
        return [Finding(WARN, "Nobody has confirmed the clean-up after the upgrade.", table)]
    return [Finding(NOTE, f"LocalizedText has {rows[0]:,} rows; the conversion takes longer for it.", table)]
