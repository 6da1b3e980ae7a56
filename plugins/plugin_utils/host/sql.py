# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What SQL Server says: the instances of a host with their databases, and the operational database."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils.host.answers import boolean, utc

INVALID_OBJECT = 208  # SQL Server: the table is not in this database, so it is not the operational database
PENDING_TYPES = {
    0: "ManualApproval",
    1: "PushInstall",
    2: "UpdateAgent",
    10: "RepairFailed",
    17: "PushInstallFailed",
    18: "UpdateFailed",
}  # numbers seen in databases (scripting reference 2.4); others are told as "unknown (n)"


def instances(answers):
    """The SQL Server instances of the machine with their databases."""
    found = []
    for answer in (answers.value("sql", "sql") or {}).get("results") or []:
        if answer.get("error") or not answer.get("rows"):
            answers.unknown["sql." + answer["instance"]] = (answer.get("error") or {}).get("message", "no answer")
            continue
        row = dict(zip(answer["columns"], answer["rows"][0]))
        found.append(
            {
                "instance": answer["instance"],
                "version": row["version"],
                "edition": row["edition"],
                "collation": row["collation"],
                "full_text": boolean(row["full_text"]),
                "allow_updates": row["allow_updates"],
                "clustered": boolean(row["clustered"]),
                "databases": databases(answers, answer["instance"]),
            }
        )
    return found


def databases(answers, instance):
    """User databases of one instance, with sizes in MB."""
    sizes = {}
    for answer in (answers.value("files") or {}).get("results") or []:
        if answer["instance"] == instance and not answer.get("error"):
            sizes[answer["database"]] = {row[0]: row[1:] for row in answer["rows"]}
    found = []
    for answer in (answers.value("databases") or {}).get("results") or []:
        if answer["instance"] != instance or answer.get("error"):
            continue
        for values in answer["rows"]:
            row = dict(zip(answer["columns"], values))
            if row["name"] in ("master", "model", "msdb", "tempdb"):
                continue
            size = sizes.get(row["name"], {})
            data, log = size.get("ROWS", (None, None)), size.get("LOG", (None, None))
            found.append(
                {
                    "name": row["name"],
                    "state": row["state_desc"],
                    "collation": row["collation_name"],
                    "broker": boolean(row["broker"]),
                    "recovery": row["recovery_model_desc"],
                    "data_mb": data[0],
                    "data_used_mb": data[1],
                    "log_mb": log[0],
                    "last_full_backup": utc(row["last_full_backup"]),
                    "last_backup_file": None,
                    "last_backup_verified": None,
                }
            )
    return found


def in_database(answers, name, instance, database):
    """Rows of a query in one database as dictionaries; None when it could not be asked there."""
    for answer in (answers.value(name) or {}).get("results") or []:
        if (answer["instance"], answer["database"]) == (instance, database):
            error = answer.get("error")
            if error:
                if error.get("number") != INVALID_OBJECT:
                    answers.unknown["opsdb." + name] = error.get("message", "")
                return None
            return [dict(zip(answer["columns"], row)) for row in answer["rows"]]
    return None


def opsdb(answers):
    """The operational database, where it is on this machine: the database that has a management group's record."""
    for answer in (answers.value("opsdb", "opsdb") or {}).get("results") or []:
        if answer.get("error") or not answer.get("rows"):
            continue
        instance, database = answer["instance"], answer["database"]
        info = dict(zip(answer["columns"], answer["rows"][0]))
        types = in_database(answers, "opsdb_id", instance, database) or [{}]
        pending = in_database(answers, "pending", instance, database)
        texts = (in_database(answers, "texts", instance, database) or [{}])[0]
        return {
            "instance": instance,
            "database": database,
            "group_name": info.get("ManagementGroupName"),
            "group_id": info.get("ManagementGroupId"),
            "version": info.get("DBVersion"),
            "group_ids": {
                "MT_ManagementGroup": types[0].get("ManagementGroupId"),
                "__MOMManagementGroupInfo__": info.get("ManagementGroupId"),
            },
            "pending": None
            if pending is None
            else [
                {
                    "id": row["AgentPendingActionId"],
                    "agent": (row["AgentName"] or "").lower(),
                    "type": PENDING_TYPES.get(row["PendingActionType"], f"unknown ({row['PendingActionType']})"),
                    "server": (row["ManagementServerName"] or "").lower() or None,
                }
                for row in pending
            ],
            "localized_text_rows": texts.get("localized_text_rows"),
            "publisher_message_rows": texts.get("publisher_message_rows"),
        }
    return None
