# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters that the roles use to check and keep evidence. Each has its documentation beside this file."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.module_utils.group_shell import NoServer, choose
from ansible_collections.scom.upgrade.plugins.module_utils.what_if import REASON, is_assumed


def host_answers(hostvars, names):
    """`{hosts: {name: facts}, unreachable: {name: reason}, inventory: {name: entry}}` of these hosts.

    Facts come from the answers of `host_facts`. A host without an answer (left out of the run) is in `inventory` only, and one
    that is assumed for a what-if never has facts here.
    """
    found = {"hosts": {}, "unreachable": {}, "inventory": {}}
    for name in names:
        variables = hostvars.get(name, {})
        found["inventory"][name] = _inventory(variables)
        if is_assumed(variables.get("scom_what_if")):
            found["unreachable"][name] = REASON
            continue
        answer = hostvars[name].get("__scom_upgrade_host") if name in hostvars else None
        if not answer:
            continue
        if answer.get("reachable"):
            found["hosts"][name] = answer["facts"]
        else:
            found["unreachable"][name] = answer.get("reason") or "not reachable"
    return found


def _roles(said):
    """One role or several, as a text or as a list of the inventory."""
    return ", ".join(map(str, said)) if isinstance(said, (list, tuple)) else said


def _inventory(variables):
    """What the inventory says of a host."""
    return {
        "fqdn": variables.get("scom_fqdn"),
        "role": _roles(variables.get("scom_role")),
        "spare": bool(variables.get("scom_spare", False)),
        "replaces": variables.get("scom_replaces"),
        "reachable": bool(variables.get("scom_reachable", True)),
        "delegate": variables.get("scom_delegate"),
    }


def what_if_machines(hostvars, names):
    """What the inventory says of its spare machines, by name; `what_if` is the description of those that are assumed."""
    found = {}
    for name in names:
        variables = hostvars.get(name, {})
        described = variables.get("scom_what_if")
        if is_assumed(described) or variables.get("scom_spare", False):
            found[name] = dict(_inventory(variables), what_if=described)
    return found


def group_shell(answers):
    """The server that is asked about the group, from what `host_answers` gives: `{host, server, product, problem}`.

    Where none fits, `host` is None and `problem` says why and what to do.
    """
    try:
        return dict(choose(answers["hosts"], answers["unreachable"]), problem=None)
    except NoServer as error:
        return {"host": None, "server": None, "product": None, "problem": str(error)}


def backup_entries(results, host):
    """Journal entries for the results of a loop over `database_backup`."""
    entries = []
    for result in results or []:
        if result.get("file") and result.get("verified"):
            entries.append(
                {
                    "step": result["step"],
                    "event": "done",
                    "host": host,
                    "data": {
                        "backup": _what(result),
                        "database": result["database"],
                        "file": result["file"],
                        "verified": True,
                        "finished": result["finished"],
                    },
                }
            )
    return entries


def _what(result):
    """Which database of the group it is: as the step says, else the last part of the step's name."""
    step = result.get("__scom_upgrade_step") or {}
    return (step.get("parameters") or {}).get("what") or result["step"].rpartition(".")[2]


def backup_room(facts, path, databases):
    """Whether the disk of `path` has room for a full backup of these databases: as much as they hold now."""
    drive = path[:2].upper()
    free = [disk["free_mb"] for disk in facts.get("disks") or [] if disk["drive"].upper() == drive]
    needed = sum(
        database.get("data_used_mb") or 0
        for instance in facts.get("sql") or []
        for database in instance["databases"]
        if database["name"] in databases
    )
    return not free or free[0] is None or free[0] > needed


def backups_on_record(facts, results):
    """Whether the server itself has a full backup on record, for each backup that was just taken."""
    last = {
        database["name"]: database["last_full_backup"]
        for instance in facts.get("sql") or []
        for database in instance["databases"]
    }
    return all(last.get(result["database"]) for result in results or [] if result.get("verified"))


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Filters by name."""
        return {
            "host_answers": host_answers,
            "what_if_machines": what_if_machines,
            "group_shell": group_shell,
            "backup_entries": backup_entries,
            "backup_room": backup_room,
            "backups_on_record": backups_on_record,
        }
