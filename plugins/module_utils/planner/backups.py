# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Backups of databases and of the encryption key: only the journal says that one was verified."""

from __future__ import annotations

from typing import Any, Optional

from ..model import Database
from ..names import sql_address
from ..plan import Step
from ..why import Why
from .context import Context, fact, gigabytes, until

NAMES = {
    "operational": "operational database",
    "warehouse": "data warehouse",
    "audit": "audit database",
    "reporting": "report server's database",
}


def backup(
    context: Context,
    phase: str,
    what: str,
    why: list[Why],
    moved_to: Optional[str] = None,
    coming: Optional[Database] = None,
) -> Step:
    """A full, verified backup of one database.

    ``moved_to`` is where a step of this plan moves it first; ``coming`` the database where the group has none yet.
    """
    database = coming or context.database(what)
    host = moved_to or (database.server if database else "")
    parameters: dict[str, Any] = {"what": what, "instance": ".", "database": database.name if database else None}
    if database and not moved_to:
        parameters["instance"] = database.address
    elif moved_to:
        parameters["instance"] = address_on(context, moved_to)
    mode, through = context.mode_of(host)
    name = f"{phase}.backup.{what}"
    if not host:
        text = f"Nobody says where the {NAMES[what]} is, so a person finds it, backs it up and signs this off."
        why = [*why, Why(text, "hosts.*.sql", None, "R42", "inferred", "-")]
    return context.step(
        name,
        "backup.database",
        f"Back up the {NAMES[what]} and verify it",
        [host],
        why=why,
        done_when=[
            until("The journal has a verified backup of this step, new enough.", f"journal[{name}].verified", True)
        ],
        parameters={**parameters, **through},
        mode=mode,
        size=gigabytes(database),
    )


def address_on(context: Context, host: str) -> str:
    """The SQL Server instance of a machine that takes over databases, as the machine itself calls it."""
    sql = context.group.machines[host].sql
    name = str(sql[0].get("instance") or "") if sql else ""
    bare = name.rsplit("\\", 1)[-1]
    return "." if bare.upper() in ("", ".", "MSSQLSERVER", host.upper()) else ".\\" + bare


def present(context: Context, what: str) -> bool:
    """Whether the group has a database, be it that only what works with it is known and not its place."""
    if what == "operational" or context.database(what) is not None:
        return True
    user = {"audit": "acs_collector", "reporting": "reporting"}.get(what)
    return user is not None and bool(context.group.with_role(user))


def target_of(context: Context, what: str) -> Optional[str]:
    """Where this plan moves a database before it is backed up; None where it stays."""
    database = context.database(what)
    pair = context.decision.replacement(database.server, "database") if database else None
    role = {"operational": "operational_database", "warehouse": "data_warehouse", "audit": "acs_database"}.get(
        what, what
    )
    return pair.by if pair is not None and role in pair.roles and context.old_group else None


def place_of(context: Context, what: str) -> Optional[dict[str, str]]:
    """Host, instance and name of a database once the steps of this plan that move it are done."""
    database = context.database(what)
    if database is None:
        return None
    moved = target_of(context, what)
    instance = address_on(context, moved) if moved else database.address
    return {"host": moved or database.server, "instance": instance, "name": database.name}


def pre_upgrade(context: Context, servers_follow: bool) -> list[Step]:
    """Verified backups before the first secondary management server (O12), and of the audit database before ACS."""
    found = []
    hours = context.inputs["backup_max_age_hours"]
    for what in ("operational", "warehouse"):
        name = f"pre_upgrade.backup.{what}"
        if not present(context, what) or not servers_follow or context.begun or not context.old_group:
            continue
        if not context.backed_up(name, hours):
            found.append(backup(context, "pre_upgrade", what, [_age(context, what, hours)], target_of(context, what)))
    if present(context, "audit") and collectors(context) and not context.begun and not _audit_kept(context):
        found.append(
            backup(context, "pre_upgrade", "audit", [_age(context, "audit", hours)], target_of(context, "audit"))
        )
    return found


def _audit_kept(context: Context) -> bool:
    return any(context.backed_up(f"{phase}.backup.audit") for phase in ("pre_upgrade", "features"))


def collectors(context: Context) -> list[str]:
    """Machines whose audit collector is below the target."""
    return [one.name for one in context.group.with_role("acs_collector") if context.part_behind(one, "acs_collector")]


def quiesce(context: Context) -> list[Step]:
    """Fresh backups right before the group upgrade (C7): what the agents' upgrade brought is in them."""
    if not context.old_group:
        return []
    found = []
    hours = context.inputs["quiesce_backup_max_age_hours"]
    wanted = ["operational", "warehouse"]
    reporting = present(context, "reporting")
    if reporting and _upgraded_by_server(context) and not target_of(context, "reporting"):
        wanted.append("reporting")
    for what in wanted:
        name = f"quiesce.backup.{what}"
        if present(context, what) and not context.backed_up(name, hours):
            why = [_age(context, what, hours)]
            found.append(backup(context, "quiesce", what, why, target_of(context, what)))
    return found


def _upgraded_by_server(context: Context) -> bool:
    """Whether Reporting is on a management server, whose own setup run upgrades it."""
    return any(one.is_server and one.name not in context.retire for one in context.group.with_role("reporting"))


def features(context: Context, reporting_steps: bool, acs_steps: bool) -> list[Step]:
    """Backups before Reporting and ACS (O12), as far as none was taken earlier in this upgrade."""
    found = []
    if acs_steps and context.begun and present(context, "audit") and not _audit_kept(context):
        found.append(backup(context, "features", "audit", [_age(context, "audit", None)]))
    if reporting_steps and present(context, "reporting"):
        hours = context.inputs["backup_max_age_hours"]
        if not context.backed_up("features.backup.reporting", hours):
            why = [_age(context, "reporting", hours)]
            found.append(backup(context, "features", "reporting", why, target_of(context, "reporting")))
    return found


def coming_warehouse(context: Context) -> Optional[Database]:
    """The data warehouse that setup adds, where the group has none and the inputs say where it goes, known machine or not."""
    given = context.inputs["warehouse"]
    if not context.old_group or not given or "warehouse" in context.group.databases:
        return None
    address, instance = sql_address(given["server"])
    machine = context.group.machine(address)
    return Database("warehouse", machine.name if machine else address.upper(), instance, str(given["database"]))


def post_upgrade(context: Context, more: bool) -> list[Step]:
    """Backups of the upgraded databases (3.6 item 13), once, after an upgrade that this collection carries out."""
    if not (context.old_group or context.ours):
        return []
    found = []
    for what in ("operational", "warehouse"):
        coming = coming_warehouse(context) if what == "warehouse" else None
        if not present(context, what) and coming is None:
            continue
        name = f"post_upgrade.backup.{what}"
        if context.done(name) is None and (more or context.ours):
            text = f"The upgraded {NAMES[what]} is backed up once the upgrade is over."
            why = [Why(text, f"journal[{name}]", None, "", "field", "S35")]
            found.append(backup(context, "post_upgrade", what, why, target_of(context, what), coming))
    return found


def _age(context: Context, what: str, hours: Optional[float]) -> Why:
    database = context.database(what)
    last = (database.facts or {}).get("last_full_backup") if database else None
    place = f"hosts.{database.server}.sql.databases[{database.name}].last_full_backup" if database else "group"
    text = f"The last full backup of the {NAMES[what]} is of {last or 'no known time'}, and none is verified"
    text += f" and newer than {hours:g} hours." if hours else "."
    return fact(text, place, last, "R15", "later guide", "S19a")


def encryption_key(context: Context, prepare: bool) -> list[Step]:
    """A backup of the encryption key that is newer than the last update of the RMS (O13)."""
    group = context.group
    root = group.machines.get(group.rms or "")
    if not context.old_group or root is None:
        return []
    holder = root if root.in_inventory or not group.nodes else group.nodes[0]
    facts = (holder.facts or {}).get("encryption_key") or {}
    updated = holder.opsmgr.get("installed_at")
    path = context.inputs["encryption_key_path"] or facts.get("path")
    if facts.get("exists") and facts.get("modified") and (not updated or str(facts["modified"]) >= str(updated)):
        return []
    names = ("prepare.encryption_key", "pre_upgrade.encryption_key")
    if any(context.done(name) for name in names):
        return []
    seen = "cannot be looked at" if facts.get("exists") is None else "is older than the last update" \
        if facts.get("exists") else "is missing"  # fmt: skip
    mode, parameters = context.mode_of(holder.name)
    return [
        context.step(
            names[0] if prepare else names[1],
            "backup.encryption_key",
            f"Back up the encryption key of {holder.name}",
            [holder.name],
            why=[fact(f"The key file {path or '(no path given)'} {seen}.", f"hosts.{holder.name}.encryption_key",
                      facts.get("modified"), "R16", "field", "S24")],
            done_when=[until("The key file is newer than the last update.", f"hosts.{holder.name}.encryption_key.modified",
                             updated)],
            parameters={"path": path, **parameters},
            mode=mode,
        )
    ]  # fmt: skip
