"""The step that changes the databases: what the group upgrade does, in the order of its scripts."""

from __future__ import annotations

from tests.lab.world.errors import WindowsError

from . import checks, databases, footprint, packs
from .names import RTM_2012
from .status import database as database_state

SCRIPTS = (("build_mom_db_admin.sql", 90.0), ("build_mom_db.sql", 600.0), ("build_momv3_localization.sql", 180.0))
LATER = (("Build_mom_db_postMPimport.sql", 120.0), ("Build_om_db_ConfigSvcRole.sql", 90.0))


def check_new_warehouse(call, group, place):
    """SQL Server for a data warehouse that setup adds."""
    found = checks.sql_server(group, place, database=False)
    if found:
        return found
    _unused, instance = checks.instance_of(group, place)
    if place.name in instance.databases:
        return [checks.Finding("warehouse", f"A database {place.name} exists on {place.source} already.")]
    try:
        session = call.machine.sql(
            place.source if place.server.lower() != call.machine.name.lower() else checks.local(place),
            call.user,
            call.logon,
        )
        if not session.instance.is_sysadmin(session.login):
            return [
                checks.Finding("account", f"The account {call.user} is not in the sysadmin role of {place.source}.")
            ]
    except WindowsError as error:
        return [checks.Finding("account", f"{place.source}: {error.message}")]
    return []


def note(group, database, change, detail):
    """A `database` event, on the database's own host."""
    group.touched()
    database.instance.server.machine.record(
        "database", name=database.name, change=change, detail=detail, instance=database.instance.name
    )


def mark(group, database, state):
    """Say in the database itself how far its conversion is."""
    before = database.content.get("conversion", "")
    if before == state:
        return
    if state:
        database.content["conversion"] = state
    else:
        database.content.pop("conversion", None)
    group.converting = state
    note(group, database, "conversion", {"from": before or None, "to": state or None})


def convert(setup, node, new_place):
    """Convert the operational database, import management packs, upgrade or add the warehouse."""
    from .setup2012 import Failure

    group = setup.group
    database = checks.database_of(group, group.operational)
    _unused, instance = checks.instance_of(group, group.operational)
    factor = 1.0 + database.used_mb / 51200 + 0.05 * len(group.sessions)
    stop_all(group)
    yield 30.0
    if instance.configuration["allow updates"][1]:
        restart(group)
        raise Failure("allow_updates", "Ad hoc update to system catalogs is not supported. SQL error 0x80131904.")
    mark(group, database, "running")
    for name, seconds in SCRIPTS:
        setup.log(f"Executing {name}")
        yield seconds * factor
        if name == "build_mom_db.sql":
            bad = next((p for p in group.packs if not p.consistent), None)
            if bad is not None:
                broken(setup, database, f"management pack {bad.name}")
                raise Failure(
                    "inconsistent_pack",
                    f"The conversion failed at an element of the management pack {bad.name} ({bad.id}).",
                )
            if database.used_percent >= 50:
                broken(setup, database, "no space")
                raise Failure(
                    "free_space",
                    f"Could not allocate space in database '{database.name}' because the 'PRIMARY' filegroup is full.",
                )
            if database.log_mb < database.data_mb / 2:
                setup.log(f"The transaction log of {database.name} is smaller than half of the database.", "Warning")
    packs.upgraded(group)
    setup.log("Management packs have been imported.")
    yield 300.0
    for name, seconds in LATER:
        setup.log(f"Executing {name}")
        yield seconds * factor
    if group.warehouse is not None:
        place = group.warehouse
        store = checks.database_of(group, place)
        machine, _unused = checks.instance_of(group, place)
        setup.log(f"Upgrading the data warehouse {place.name}")
        yield 300.0 + 300.0 * store.used_mb / 102400
        if machine.spec.memory_mb <= 2048:
            broken(setup, database, "data warehouse")
            raise Failure("memory", "The data warehouse could not be upgraded: there is not enough memory.")
        set_version(group, store)
    else:
        yield 400.0
        add_warehouse(group, new_place)
    set_version(group, database)
    databases.converted(database, group)
    mark(group, database, "")


def set_version(group, database):
    before = database.content.get("version")
    if before != RTM_2012:
        database.content["version"] = RTM_2012
        table = database.find("dbo", "SqlPatchVersion")
        if table is not None:
            database.instance.connection.execute(f"UPDATE `{table.stored}` SET Version = ?", (RTM_2012,))
        note(group, database, "version", {"from": before, "to": RTM_2012})


def stop_all(group):
    """The root's services stop; consoles lose their connection."""
    for machine in group.machines_of_root():
        for name in ("OMCFG", "OMSDK", "HealthService"):
            if footprint.running_service(machine, name):
                machine.services.stop(name, force=True)


def restart(group):
    """Nothing was changed: the root works again."""
    for machine in group.machines_of_root():
        for name in ("HealthService", "OMSDK", "OMCFG"):
            service = machine.services.get(name)
            if service is not None and not service.running and service.start_mode != "disabled":
                machine.services.start(name)


def broken(setup, database, why):
    """The conversion failed half-way: neither version works with this database."""
    mark(setup.group, database, f"broken: {why}")


def add_warehouse(group, place):
    """The data warehouse that the group did not have."""
    _unused, instance = checks.instance_of(group, place)
    database = instance.add_database(place.name, data_mb=1000, used_percent=20, log_mb=500, role="warehouse")
    database.content["version"] = RTM_2012
    database.users |= {a.lower() for a in group.accounts.values()}
    databases.attach(database, group)
    note(group, database, "created", database_state(database))
    group.set_place("warehouse", place)


def hand_over(setup, node, from_root):
    """Roles after the upgrade: all servers are peers, one holds the RMS emulator."""
    group = setup.group
    old_root = group.root_node
    group.set_group_version(RTM_2012)
    group.root = None
    group.emulator = node.fqdn
    group.role(old_root.name, "root_management_server", "lost")
    if from_root:
        group.role(node.name, "management_server", "gained")
    else:
        group.remove(old_root)
        group.cluster = None
        for machine in [
            m for m in group.world.machines.values() if m is old_root.machine or m.extra.get("cluster_node_of")
        ]:
            machine.extra["retired"] = True
        if old_root.available:
            group.record("health", None, of=old_root.fqdn, from_=old_root.color, to=None)
    group.role(node.name, "rms_emulator", "gained")


__all__ = ["add_warehouse", "check_new_warehouse", "convert", "hand_over"]
