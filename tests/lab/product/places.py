"""Where the product's databases are, as servers' registries say."""

from __future__ import annotations

from .group import DatabasePlace
from .names import SETUP


def parse_source(world, source, name):
    """A DatabasePlace of ``HOST\\INSTANCE`` or ``HOST,port``."""
    host, _unused, instance = source.partition("\\")
    host = host.partition(",")[0].strip()
    machine = world.find(host)
    return DatabasePlace(machine.name if machine else host, instance.partition(",")[0].strip() or "MSSQLSERVER", name)


def named_by(group, machine):
    """The operational database a server's registry names, when it is there and online; else None."""
    registry = machine.registry
    place = parse_source(
        group.world, registry.get(SETUP, "DatabaseServerName") or "", registry.get(SETUP, "DatabaseName") or ""
    )
    host = group.world.find(place.server)
    sql = host.extra.get("sql") if host is not None and host.running_windows else None
    instance = sql.instances.get(place.instance) if sql is not None else None
    database = instance.databases.get(place.name) if instance is not None and instance.running else None
    return place if database is not None and database.online and database.role == "operational" else None
