"""What setup insists on before it touches anything. Each check answers ``Finding``s; none changes anything."""

from __future__ import annotations

from dataclasses import dataclass

from tests.lab.world.errors import WindowsError

from . import footprint
from .names import CUMULATIVE_UPDATES, WEB_SITE_2007, is_2012

COLLATIONS = {
    "en": ("SQL_Latin1_General_CP1_CI_AS",),
    "fr": ("French_CI_AS",),
    "ru": ("Cyrillic_General_CI_AS",),
    "zh": ("Chinese_PRC_CI_AS",),
    "ja": ("Japanese_CI_AS",),
    "es": ("Traditional_Spanish_CI_AS",),
}
OTHER_COLLATIONS = ("Latin1_General_CI_AS",)
LEAST_SQL = (10, 0, 2531)


@dataclass(frozen=True)
class Finding:
    """One unmet condition: ``key`` names the constraint, ``text`` is the line of the log."""

    key: str
    text: str

    def __str__(self):
        return f"{self.key}: {self.text}"


def number(version):
    return tuple(int(p) for p in str(version).split("."))


def administrator(call):
    """Local administrators only."""
    accounts = call.machine.world.accounts
    if accounts.may(call.user, "administrator", call.machine):
        return []
    return [Finding("account", "Setup must be run by a member of the local Administrators group.")]


def operations_account(call, group):
    """SQL sysadmin on the databases and Operations Manager administrator, over a logon that can reach SQL Server."""
    accounts, machine = call.machine.world.accounts, call.machine
    if accounts.builtin(call.user):
        return [
            Finding(
                "account", f"The account {call.user} is not a member of the Operations Manager Administrators role."
            )
        ]
    if not accounts.may(call.user, "opsmgr_admin", machine):
        return [
            Finding(
                "account", f"The account {call.user} is not a member of the Operations Manager Administrators role."
            )
        ]
    found = []
    for place in (group.operational, group.warehouse):
        if place is None:
            continue
        try:
            session = machine.sql(
                place.source if place.server.lower() != machine.name.lower() else local(place), call.user, call.logon
            )
            if not session.instance.is_sysadmin(session.login):
                found.append(
                    Finding("account", f"The account {call.user} is not in the sysadmin role of {place.source}.")
                )
            session.close()
        except WindowsError as error:
            found.append(Finding("account" if error.code == 18456 else "sql", f"{place.source}: {error.message}"))
    return found


def local(place):
    return "." if place.instance.upper() == "MSSQLSERVER" else rf".\{place.instance}"


def platform(machine, what="Management server"):
    """Windows Server 2008 R2 SP1, 64 bit."""
    found, os = [], machine.os
    if os.architecture != "x64":
        found.append(
            Finding("architecture", f"{what}: a 64-bit operating system is required; this one is {os.architecture}.")
        )
    if os.major_minor < (6, 1) or (os.release == "2008 R2" and os.service_pack < 1):
        found.append(Finding("operating_system", f"{what}: Windows Server 2008 R2 with Service Pack 1 is required."))
    return found


def no_reboot_pending(machine):
    if machine.pending_reboot:
        return [Finding("pending_reboot", "A restart of this computer is pending. Restart it and run Setup again.")]
    return []


def cumulative_update(node):
    """CU4 or newer, by the version of the files."""
    if node.new:
        return []
    level = CUMULATIVE_UPDATES[node.cumulative_update][0]
    if number(level) < number(CUMULATIVE_UPDATES[4][0]):
        return [
            Finding(
                "cumulative_update",
                f"Operations Manager 2007 R2 Cumulative Update 4 or later is required; found {level}.",
            )
        ]
    return []


def no_avicode(machine):
    if footprint.has_avicode(machine):
        return [Finding("avicode", "AVIcode 5.7 is installed on this management server. Remove it before the upgrade.")]
    return []


def nothing_pending(group):
    """No pending action, not even one that only the table has."""
    found = group.blocking_pending()
    if found:
        names = ", ".join(sorted({p.agent for p in found})[:5])
        return [
            Finding(
                "pending_actions", f"{len(found)} agents are in Pending Management ({names}). Approve or reject them."
            )
        ]
    return []


def one_at_a_time(group, machine):
    others = [m for m in group.setup_running if m != machine.name]
    if others:
        return [
            Finding(
                "one_at_a_time",
                f"Setup is running on another management server of the group: {', '.join(sorted(others))}.",
            )
        ]
    return []


def manual_agents(group):
    """Manually installed agents that can be reached come before the servers."""
    late = [n.fqdn for n in group.agents if n.install == "manual" and not n.new and n.machine is not None]
    if late:
        return [
            Finding(
                "manual_agents", f"{len(late)} manually installed agents have not been upgraded: {', '.join(late[:5])}."
            )
        ]
    return []


def secondaries(group, but=None):
    """Every secondary management server has been upgraded."""
    late = [n.fqdn for n in group.secondaries if not n.new and n is not but]
    if late:
        return [Finding("secondary_servers", f"These management servers have not been upgraded: {', '.join(late)}.")]
    return []


def gateways(group):
    late = [n.fqdn for n in group.gateways if not n.new]
    if late:
        return [Finding("gateways", f"These gateway servers have not been upgraded: {', '.join(late)}.")]
    return []


def instance_of(group, place):
    """(machine, Instance) of a database's place, or (None, None)."""
    machine = group.world.find(place.server)
    server = machine.extra.get("sql") if machine is not None else None
    instance = server.instances.get(place.instance) if server is not None else None
    return (machine, instance) if instance is not None else (None, None)


def database_of(group, place):
    """The Database at a place, or None."""
    _unused, instance = instance_of(group, place)
    return instance.databases.get(place.name) if instance else None


def sql_server(group, place, *, database=True):
    """SQL Server of a database: version, full text, collation, and whether it answers."""
    machine, instance = instance_of(group, place)
    if instance is None or not instance.running or not machine.up:
        return [Finding("sql", f"Setup could not connect to SQL Server {place.source}.")]
    found = []
    if number(instance.version)[:3] < LEAST_SQL:
        found.append(
            Finding("sql_version", f"SQL Server 2008 SP1 or later is required; {place.source} runs {instance.version}.")
        )
    if not instance.full_text:
        found.append(Finding("full_text", f"Sql Server does not have Full Text Search installed. ({place.source})"))
    wanted = COLLATIONS.get(group.language[:2], OTHER_COLLATIONS)
    collations = {instance.collation}
    if database:
        known = instance.databases.get(place.name)
        if known is None or not known.online:
            return [*found, Finding("sql", f"The database {place.name} on {place.source} cannot be opened.")]
        collations.add(known.collation)
    wrong = [c for c in collations if c.lower() not in [w.lower() for w in wanted]]
    if wrong:
        found.append(
            Finding("collation", f"The collation {wrong[0]} of {place.source} is not supported; expected {wanted[0]}.")
        )
    return found


def credentials(call, pairs):
    """Accounts given on the command line exist and their passwords are right."""
    found = []
    for user, password in pairs:
        try:
            call.machine.world.accounts.check(user, password, call.machine)
        except WindowsError:
            found.append(Finding("credentials", f"The user name or password of {user} is not correct."))
    return found


def web_site(machine, site):
    """The site is there, and is not the one the upgrade deletes."""
    if site.lower() == WEB_SITE_2007.lower():
        return [
            Finding(
                "old_web_site", f"The web site '{site}' of the 2007 web console cannot be used: the upgrade removes it."
            )
        ]
    if site.lower() not in [s.lower() for s in footprint.sites(machine)]:
        return [Finding("web_site", f"There is no web site '{site}' on this computer.")]
    return []


def group_first(group):
    if not group.new:
        return [Finding("group_first", "The management group has not been upgraded.")]
    return []


def all_others(group):
    """Reporting comes last: servers, gateways, consoles and reachable agents before it."""
    late = [
        n.fqdn
        for n in group.nodes.values()
        if not n.new and n.available and (n.kind != "agent" or n.install == "push" or n.machine is not None)
    ]
    if late:
        return [
            Finding("reporting_last", f"{len(late)} servers or agents have not been upgraded: {', '.join(late[:5])}.")
        ]
    for machine in group.world.machines.values():
        for kind in ("console", "web_console"):
            if footprint.has(machine, kind) == "2007" and machine.extra.get("retired") is None:
                return [
                    Finding("reporting_last", f"The {kind.replace('_', ' ')} on {machine.name} has not been upgraded.")
                ]
    return []


def management_server(group, name):
    """A named management server is one, upgraded, and answers."""
    node = group.node(name.split(".")[0]) if group.node(name) is None else group.node(name)
    if node is None or node.kind != "management_server" or not node.new or not is_2012(node.version):
        return [
            Finding("management_server", f"The management server {name} has not been upgraded or cannot be reached.")
        ]
    return []
