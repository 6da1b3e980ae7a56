# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the accounts of the upgrade need, and what ``playbooks/probe.yml`` found out about them (``probes`` of the snapshot).

Each function gives rows of input, account, where and finding. Rule R69 says what they amount to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Optional

from .text import Row
from .view import Machine, View

ADMINISTRATORS = "builtin\\administrators"
#: Accounts that only have to log on: setup itself gives them their rights in the databases.
READERS = ("data_reader_account", "data_writer_account")
SERVERS = frozenset({"root_management_server", "management_server"})


def described(known: View) -> dict[str, str]:
    """The inputs that name accounts, and what each account needs."""
    found = {
        "account": "local administrator, Operations Manager administrator, sysadmin on every instance",
        "data_access_account": "local administrator on management servers; its database rights come from setup",
        "data_reader_account": "read access to the data warehouse",
    }
    if known.database("warehouse") is None:
        found["data_writer_account"] = "write access to the new data warehouse"
    return found


def installers(known: View) -> list[Machine]:
    """The machines on which setup runs under the account."""
    return [one for one in known.media_hosts if "setup.exe" in known.media_needed(one)]


def refused(known: View) -> list[Row]:
    """Log-ons that Windows refused."""
    return [
        (name, account, str(entry["host"]), f"cannot log on: {entry.get('error') or 'refused'}")
        for name, account in _named(known)
        for entry in _tried(known, name)
        if entry.get("logs_on") is False
    ]


def powerless(known: View) -> list[Row]:
    """Where setup runs under an account that is no local administrator there."""
    names = {one.name for one in installers(known)}
    return [row for row in _no_administrator(known, "account") if row[2] in names]


def lacking(known: View) -> list[Row]:
    """What else is known to lack: rights on other machines, in SQL Server, in the group."""
    names = {one.name for one in installers(known)}
    rows = [row for row in _no_administrator(known, "account") if row[2] not in names]
    rows += _no_administrator(known, "data_access_account")
    rows += [
        ("data_access_account", str(entry["account"]), str(entry["host"]), "no batch job, as local administrators have")
        for entry in _tried(known, "data_access_account")
        if entry.get("batch") is False
    ]
    account = _name(known, "account")
    rows += [
        ("account", account, place, "not sysadmin") for place, answer, _why in _instances(known) if answer is False
    ]
    if _group_administrator(known) is False:
        rows.append(("account", account, known.group_name, "not Operations Manager administrator"))
    return rows


def untried(known: View) -> list[Row]:
    """What nobody tried, or what could not be read."""
    rows = [*_unknown_log_ons(known, "account", installers(known))]
    servers = [one for one in installers(known) if SERVERS & known.media_roles(one)]
    rows += _unknown_log_ons(known, "data_access_account", servers)
    for name, account in _named(known):
        if name in READERS and not any(_password_is_right(entry) for entry in _tried(known, name)):
            reasons = [str(entry["error"]) for entry in _tried(known, name) if entry.get("error")]
            if not any(entry.get("logs_on") is False for entry in _tried(known, name)):
                rows.append((name, account, "", reasons[0] if reasons else "log-on not tried"))
    account = _name(known, "account")
    rows += [("account", account, place, why) for place, answer, why in _instances(known) if answer is None]
    if known.database("operational") is None:
        rows.append(("account", account, "operational database", "nobody says where it is"))
    if _group_administrator(known) is None:
        rows.append(("account", account, known.group_name, _administrator_doubt(known)))
    return rows


def _name(known: View, name: str) -> str:
    return str(known.inputs.get(name) or "")


def _named(known: View) -> list[tuple[str, str]]:
    return [(name, _name(known, name)) for name in described(known) if _name(known, name)]


def _tried(known: View, name: str) -> list[Mapping[str, Any]]:
    """The trials of an input, as long as it names the account that was tried."""
    account = _name(known, name).lower()
    return [
        entry
        for entry in known.probed.get("accounts") or ()
        if entry.get("input") == name and str(entry.get("account")).lower() == account
    ]


def _password_is_right(entry: Mapping[str, Any]) -> bool:
    """Windows says that an account may not run batch jobs only once it has accepted the password."""
    return bool(entry.get("logs_on")) or entry.get("batch") is False


def _no_administrator(known: View, name: str) -> list[Row]:
    return [
        (name, _name(known, name), str(entry["host"]), "not local administrator")
        for entry in _tried(known, name)
        if entry.get("logs_on") and entry.get("administrator") is False
    ]


def _unknown_log_ons(known: View, name: str, machines: list[Machine]) -> Iterator[Row]:
    """Machines where a log-on, or whether the account is an administrator, is not known."""
    if not _name(known, name):
        return
    entries = {str(entry["host"]).lower(): entry for entry in _tried(known, name)}
    for one in machines:
        entry = entries.get(one.name.lower())
        if entry is None:
            yield name, _name(known, name), one.name, "log-on not tried"
        elif entry.get("logs_on") is None and not _password_is_right(entry):
            yield name, _name(known, name), one.name, str(entry.get("error") or "log-on not tried")
        elif entry.get("logs_on") and entry.get("administrator") is None:
            yield name, _name(known, name), one.name, str(entry.get("error") or "its groups were not read")


def _instances(known: View) -> Iterator[tuple[str, Optional[bool], str]]:
    """Each instance that will hold a database of the group: whether the account is sysadmin there, and why not known."""
    account = _name(known, "account").lower()
    answers = {
        (str(entry["host"]).lower(), str(entry["instance"]).upper()): entry
        for entry in known.probed.get("sql") or ()
        if str(entry.get("account")).lower() == account
    }
    for host, instance in dict.fromkeys((one.effective_host, one.effective_instance) for one in known.databases):
        entry = answers.get((host.lower(), instance.upper())) or {}
        why = str(entry.get("error") or "whether it is sysadmin was not asked")
        yield f"{host}\\{instance}", entry.get("sysadmin"), why


def _group_administrator(known: View) -> Optional[bool]:
    """Whether the account is Operations Manager administrator: by its name, by a group, or as the root server's administrator."""
    members = (known.group.snapshot.get("group") or {}).get("administrators")
    entries = [entry for entry in _tried(known, "account") if entry.get("logs_on")]
    if members is None:
        return None
    role = {str(name).lower() for name in members}
    root = known.root_machine.name.lower() if known.root_machine else ""
    if _name(known, "account").lower() in role or any(role & _groups(entry, root) for entry in entries):
        return True
    here = [entry.get("administrator") for entry in entries if str(entry["host"]).lower() == root]
    if ADMINISTRATORS in role:
        return here[0] if here else None
    # A group of the role may be one of the root server's own, so that only the groups there rule it out.
    read = any(entry.get("groups") for entry in entries if str(entry["host"]).lower() == root)
    return False if read else None


def _administrator_doubt(known: View) -> str:
    """Why it is not known whether the account is Operations Manager administrator."""
    members = (known.group.snapshot.get("group") or {}).get("administrators")
    if members is None:
        return "who is Operations Manager administrator was not read"
    if known.root_machine is None:
        return "Operations Manager administrator: the account's groups are not known"
    if ADMINISTRATORS in {str(name).lower() for name in members}:
        return f"Operations Manager administrator as local administrator of {known.root_machine.name}: not tried there"
    return f"Operations Manager administrator: the account's groups on {known.root_machine.name} are not known"


def _groups(entry: Mapping[str, Any], root: str) -> set[str]:
    """The groups of an account that mean the same to the root management server: local ones of other machines do not."""
    found = {str(name).lower() for name in entry.get("groups") or ()}
    if str(entry["host"]).lower() == root:
        return found
    domain = str(entry["account"]).rpartition("\\")[0].lower() + "\\"
    return {name for name in found if name.startswith(domain)}
