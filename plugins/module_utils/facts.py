# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The snapshot: its schema, what is wrong with one, how one is put together, and its canonical form.

``docs/snapshot.md`` describes the content. Everything that decides takes a snapshot that went through :func:`load`.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, Union

SCHEMA = 1
MOST_PROBLEMS = 25
AGENT_COLUMNS = (
    "name",
    "version",
    "patch_list",
    "manual",
    "health",
    "available",
    "primary",
    "failover",
    "domain",
    "install_time",
)  # fmt: skip
EVENTS = ("saved", "done", "failed", "signed_off", "approved", "started")
Snapshot = dict[str, Any]


@dataclass(frozen=True)
class Problem:
    """One mistake in a snapshot: where it is, what is wrong, what to do."""

    place: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        """The mistake as one line."""
        return f"{self.place}: {self.problem} {self.remedy}".rstrip()


class SnapshotError(ValueError):
    """A snapshot that cannot be used. ``problems`` names every mistake and its place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep the mistakes; the message shows the first of them."""
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems[:MOST_PROBLEMS]]
        more = len(self.problems) - MOST_PROBLEMS
        super().__init__("; ".join(lines) + (f"; and {more} more" if more > 0 else ""))


class Leaf:
    """A single value of the schema: what it must be, in words and as a test."""

    def __init__(self, name: str, types: tuple[type, ...], choices: tuple[str, ...] = ()) -> None:
        """Name it as a message shows it."""
        self.name, self.types, self.choices = name, types, choices

    def fits(self, value: Any) -> bool:
        """Whether a value is of this kind. A truth value is never a number, and neither is NaN, which JSON readers let in."""
        if isinstance(value, float) and not math.isfinite(value):
            return False
        if isinstance(value, bool) and bool not in self.types:
            return False
        return isinstance(value, self.types) and (not self.choices or value in self.choices)


class Data(Leaf):
    """Any data, as long as each number in it is one."""

    def fits(self, value: Any) -> bool:
        """Whether no number in it is infinite or not a number at all, which JSON does not know."""
        if isinstance(value, Mapping):
            return all(map(self.fits, value.values()))
        if isinstance(value, (list, tuple)):
            return all(map(self.fits, value))
        return not isinstance(value, float) or math.isfinite(value)


class Named:
    """A mapping from any name to values of one kind."""

    def __init__(self, value: Any) -> None:
        """Take the kind of the values."""
        self.value = value


TEXT = Leaf("a text", (str,))
BOOL = Leaf("true or false", (bool,))
WHOLE = Leaf("a whole number", (int,))
NUMBER = Leaf("a number", (int, float))
ANY = Leaf("any value", (object,))
DATA = Data("data without infinite numbers", (object,))
VERSION_BOX = {"version": TEXT}

#: A key that ends in ``!`` must be there and must not be null; every other key may be absent or null (unknown).
HOST: dict[str, Any] = {
    "name!": TEXT,
    "fqdn": TEXT,
    "domain": TEXT,
    "domain_joined": BOOL,
    "collected": TEXT,
    "clock_skew_seconds": NUMBER,
    "os": {
        "caption": TEXT,
        "version": TEXT,
        "release": TEXT,
        "service_pack": WHOLE,
        "architecture": TEXT,
    },
    "memory_mb": NUMBER,
    "processors": WHOLE,
    "boot_time": TEXT,
    "pending_reboot": BOOL,
    "disks": [{"drive": TEXT, "size_mb": NUMBER, "free_mb": NUMBER, "file_system": TEXT, "system": BOOL}],
    "powershell": TEXT,
    "clr": TEXT,
    "winrm": TEXT,
    "dotnet": [TEXT],
    "msxml6": BOOL,
    "windows_installer": TEXT,
    "services": Named({"state": TEXT, "start_mode": TEXT, "account": TEXT}),
    "opsmgr": {
        "product": TEXT,
        "current_version": TEXT,
        "server_version": TEXT,
        "agent_version": TEXT,
        "ui_version": TEXT,
        "gateway_version": TEXT,
        "file_version": TEXT,
        "installed_2012": BOOL,
        "install_directory": TEXT,
        "installed_at": TEXT,
        "agent_groups": [{"name": TEXT, "parent": TEXT, "port": WHOLE}],
        "server_groups": [{"name": TEXT, "is_root": BOOL, "has_parent": BOOL}],
        "database_server": TEXT,
        "database_name": TEXT,
        "warehouse_server": TEXT,
        "warehouse_name": TEXT,
        "reporting": {"sdk_machine": TEXT, "instance": TEXT, "version": TEXT},
        "web_console": {"site": TEXT, "version": TEXT},
        "console": VERSION_BOX,
        "acs_collector": VERSION_BOX,
        "acs_forwarder": {"start_mode": TEXT, "state": TEXT},
    },
    "held_open": {
        "programs": [{"name": TEXT, "path": TEXT, "id": WHOLE}],
        "shares": [{"path": TEXT, "by": TEXT}],
    },
    "queue_kb": Named(WHOLE),
    "sql": [
        {
            "instance": TEXT,
            "version": TEXT,
            "edition": TEXT,
            "collation": TEXT,
            "full_text": BOOL,
            "allow_updates": WHOLE,
            "clustered": BOOL,
            "databases": [
                {
                    "name": TEXT,
                    "state": TEXT,
                    "collation": TEXT,
                    "broker": BOOL,
                    "recovery": TEXT,
                    "data_mb": NUMBER,
                    "data_used_mb": NUMBER,
                    "log_mb": NUMBER,
                    "last_full_backup": TEXT,
                    "last_backup_file": TEXT,
                    "last_backup_verified": BOOL,
                }
            ],
        }
    ],
    "opsdb": {
        "instance": TEXT,
        "database": TEXT,
        "group_name": TEXT,
        "group_id": TEXT,
        "group_ids": Named(TEXT),
        "version": TEXT,
        "pending": [{"id": TEXT, "agent": TEXT, "type": TEXT, "server": TEXT}],
        "localized_text_rows": WHOLE,
        "publisher_message_rows": WHOLE,
    },
    "software": [{"name": TEXT, "version": TEXT}],
    "cluster": {"virtual_name": TEXT, "nodes": [TEXT], "services": [TEXT]},
    "iis": {"version": TEXT, "sites": [{"name": TEXT, "path": TEXT}], "features": [TEXT]},
    "certificates": [{"thumbprint": TEXT, "subject": TEXT, "not_after": TEXT, "serial": TEXT}],
    "channel_certificate_serial": TEXT,
    "media": {
        "path": TEXT,
        "present": BOOL,
        "version": TEXT,
        "files": Named({"size": WHOLE, "sha256": TEXT}),
    },
    "encryption_key": {"path": TEXT, "exists": BOOL, "modified": TEXT},
    "system_state_backup": TEXT,
    "unknown": Named(TEXT),
}
GROUP: dict[str, Any] = {
    "name!": TEXT,
    "version": TEXT,
    "product!": Leaf("'2007 R2' or '2012'", (str,), ("2007 R2", "2012")),
    "language": TEXT,
    "collected_from": TEXT,
    "root_management_server": TEXT,
    "rms_emulator": TEXT,
    "servers!": [
        {
            "name!": TEXT,
            "version": TEXT,
            "patch_list": TEXT,
            "file_version": TEXT,
            "is_root": BOOL,
            "is_gateway": BOOL,
            "health": TEXT,
            "available": BOOL,
            "primary": TEXT,
            "failover": [TEXT],
            "action_account": TEXT,
        }
    ],
    "agents!": {"columns!": [TEXT], "rows!": ANY},
    "pending": [{"agent": TEXT, "type": TEXT, "server": TEXT}],
    "subscriptions": [{"id": TEXT, "name!": TEXT, "enabled": BOOL}],
    "connectors": [{"id": TEXT, "name": TEXT, "initialized": BOOL}],
    "consoles": [TEXT],
    "administrators": [TEXT],
    "management_packs": [{"name": TEXT, "version": TEXT, "sealed": BOOL}],
    "resource_pools": [{"name": TEXT, "members": [TEXT]}],
    "alerts": {"open": WHOLE, "critical": WHOLE},
    "warehouse": {"server": TEXT, "database": TEXT},
    "unknown": Named(TEXT),
}
ENTRY: dict[str, Any] = {
    "time": TEXT,
    "step": TEXT,
    "event!": Leaf("one of " + ", ".join(EVENTS), (str,), EVENTS),
    "host": TEXT,
    "data": DATA,
    "by": TEXT,
}
#: What reading alone cannot tell, and was tried: see docs/snapshot.md.
PROBES: dict[str, Any] = {
    "collected": TEXT,
    "ports": [{"from!": TEXT, "to!": TEXT, "port!": WHOLE, "open": BOOL, "error": TEXT}],
    "accounts": [
        {
            "host!": TEXT,
            "input!": TEXT,
            "account!": TEXT,
            "logs_on": BOOL,
            "batch": BOOL,
            "administrator": BOOL,
            "groups": [TEXT],
            "error": TEXT,
        }
    ],
    "sql": [{"host!": TEXT, "instance!": TEXT, "account!": TEXT, "sysadmin": BOOL, "error": TEXT}],
}
INVENTORY: dict[str, Any] = {
    "fqdn": TEXT,
    "role": TEXT,
    "spare": BOOL,
    "replaces": TEXT,
    "reachable": BOOL,
    "delegate": TEXT,
    "what_if": BOOL,
}
SNAPSHOT: dict[str, Any] = {
    "schema!": WHOLE,
    "collected": TEXT,
    "collection_version": TEXT,
    "hosts!": Named(HOST),
    "unreachable": Named(TEXT),
    "inventory": Named(INVENTORY),
    "group": GROUP,
    "probes": PROBES,
    "journal": [ENTRY],
}
REDISCOVER = "Run playbooks/discover.yml again, or correct the file by docs/snapshot.md."


def validate(snapshot: Any) -> list[Problem]:
    """Every mistake in a snapshot, with its place; an empty list when there is none."""
    if not isinstance(snapshot, Mapping):
        return [Problem("snapshot", f"expected a mapping, found {_kind(snapshot)}.", REDISCOVER)]
    version = snapshot.get("schema")
    if isinstance(version, int) and not isinstance(version, bool) and version != SCHEMA:
        older = version < SCHEMA
        remedy = "Run playbooks/discover.yml again." if older else "Use the version of the collection that wrote it."
        return [Problem("schema", f"version {version} is not known here, only {SCHEMA} is.", remedy)]
    problems: list[Problem] = []
    _check(snapshot, SNAPSHOT, "", problems)
    if not problems and snapshot.get("group") is not None:
        _check_agents(snapshot["group"]["agents"], problems)
    return problems


def load(snapshot: Any) -> Snapshot:
    """A checked snapshot with every optional part present. Raises :class:`SnapshotError`."""
    problems = validate(snapshot)
    if problems:
        raise SnapshotError(problems)
    filled = dict(snapshot)
    filled.setdefault("collected", None)
    filled.setdefault("collection_version", None)
    filled.setdefault("group", None)
    filled.setdefault("probes", None)
    for key in ("unreachable", "inventory"):
        filled[key] = dict(filled.get(key) or {})
    filled["journal"] = list(filled.get("journal") or [])
    return filled


def parse(text: str, name: str = "snapshot") -> Snapshot:
    """A checked snapshot from the text of its file. ``name`` is what an error calls the file."""
    try:
        return load(json.loads(text))
    except json.JSONDecodeError as error:
        place = f"{name}, line {error.lineno}"
        raise SnapshotError([Problem(place, f"is no JSON: {error.msg}.", REDISCOVER)]) from error


def assemble(
    hosts: Mapping[str, Any],
    group: Optional[Mapping[str, Any]],
    unreachable: Optional[Mapping[str, str]] = None,
    inventory: Optional[Mapping[str, Any]] = None,
    journal: Iterable[Mapping[str, Any]] = (),
    collected: Optional[str] = None,
    collection_version: Optional[str] = None,
    probes: Optional[Mapping[str, Any]] = None,
) -> Snapshot:
    """One snapshot from what the hosts and the group said, checked. Raises :class:`SnapshotError`.

    Hosts come in by inventory name, ``unreachable`` gives reasons by inventory name, ``collected`` is ISO 8601 UTC,
    ``probes`` is what was tried, None where nothing was. A host that is both is taken by its facts. Journals are
    merged: equal entries once, in the order of their times.
    """
    missing = {name: str(why) for name, why in (unreachable or {}).items() if name not in hosts}
    return load(
        {
            "schema": SCHEMA,
            "collected": collected,
            "collection_version": collection_version,
            "hosts": {name: dict(facts) for name, facts in sorted(hosts.items())},
            "unreachable": dict(sorted(missing.items())),
            "inventory": {name: dict(entry) for name, entry in sorted((inventory or {}).items())},
            "group": None if group is None else dict(group),
            "probes": None if probes is None else dict(probes),
            "journal": merge_journals(journal),
        }
    )


def merge_journals(*journals: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The entries of all journals, each once, by time; entries of one time keep the order they came in."""
    seen: dict[str, dict[str, Any]] = {}
    for journal in journals:
        for entry in journal:
            seen.setdefault(canonical(entry), dict(entry))
    return sorted(seen.values(), key=lambda entry: str(entry.get("time") or ""))


def canonical(data: Any) -> str:
    """JSON in its one canonical form: sorted keys, no spaces, ASCII. Equal data gives equal text."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest(data: Any) -> str:
    """SHA-256 of the canonical form, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(data).encode("ascii")).hexdigest()


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    return (
        "a mapping"
        if isinstance(value, Mapping)
        else "a list"
        if isinstance(value, (list, tuple))
        else "something else"
    )


def _check(value: Any, spec: Any, place: str, problems: list[Problem]) -> None:
    """Compare one value with its schema, and go on below it."""
    if isinstance(spec, Leaf):
        if not spec.fits(value):
            problems.append(Problem(place, f"expected {spec.name}, found {_kind(value)}.", REDISCOVER))
    elif isinstance(spec, list):
        if not isinstance(value, (list, tuple)):
            problems.append(Problem(place, f"expected a list, found {_kind(value)}.", REDISCOVER))
            return
        for number, item in enumerate(value):
            _check(item, spec[0], f"{place}[{number}]", problems)
    elif not isinstance(value, Mapping):
        problems.append(Problem(place or "snapshot", f"expected a mapping, found {_kind(value)}.", REDISCOVER))
    elif isinstance(spec, Named):
        for name, item in value.items():
            if not isinstance(name, str):
                problems.append(Problem(place, f"the name {name!r} is no text.", REDISCOVER))
            elif item is not None or not isinstance(spec.value, Leaf):
                _check(item, spec.value, _join(place, name), problems)
    else:
        _check_keys(value, spec, place, problems)


def _check_keys(value: Mapping[Any, Any], spec: Mapping[str, Any], place: str, problems: list[Problem]) -> None:
    known = {key.rstrip("!"): key for key in spec}
    for name in value:
        if name not in known:
            close = difflib.get_close_matches(str(name), known, 1)
            hint = f"Did you mean {close[0]}?" if close else REDISCOVER
            problems.append(Problem(_join(place, str(name)), "this key is not known.", hint))
    for name, key in known.items():
        item = value.get(name)
        if item is None:
            if key.endswith("!"):
                problems.append(Problem(_join(place, name), "is missing, and nothing can do without it.", REDISCOVER))
            continue
        _check(item, spec[key], _join(place, name), problems)


def _check_agents(agents: Mapping[str, Any], problems: list[Problem]) -> None:
    """The agents are columnar; a row is checked by the place of its columns."""
    columns, rows = agents["columns"], agents["rows"]
    missing = [name for name in ("name", "version", "manual", "primary") if name not in columns]
    unknown = [name for name in columns if name not in AGENT_COLUMNS]
    if missing or unknown or len(set(columns)) != len(columns):
        what = "columns {} are missing.".format(", ".join(missing)) if missing else "unknown or doubled columns."
        problems.append(Problem("group.agents.columns", what, "Known: {}.".format(", ".join(AGENT_COLUMNS))))
        return
    if not isinstance(rows, (list, tuple)):
        problems.append(Problem("group.agents.rows", f"expected a list, found {_kind(rows)}.", REDISCOVER))
        return
    width, first = len(columns), columns.index("name")
    texts = [i for i, name in enumerate(columns) if name not in ("manual", "available", "failover")]
    flags = [i for i, name in enumerate(columns) if name in ("manual", "available")]
    lists = [i for i, name in enumerate(columns) if name == "failover"]
    for number, row in enumerate(rows):
        if not isinstance(row, (list, tuple)) or len(row) != width:
            problems.append(Problem(f"group.agents.rows[{number}]", f"expected {width} values in a list.", REDISCOVER))
            continue
        wrong: Union[int, None] = None
        if not isinstance(row[first], str) or not row[first]:
            wrong = first
        for i in texts:
            if row[i] is not None and not isinstance(row[i], str):
                wrong = i
        for i in flags:
            if row[i] is not None and row[i] is not True and row[i] is not False:
                wrong = i
        for i in lists:
            if row[i] is not None and not (
                isinstance(row[i], (list, tuple)) and all(isinstance(name, str) for name in row[i])
            ):
                wrong = i
        if wrong is not None:
            place = f"group.agents.rows[{number}].{columns[wrong]}"
            problems.append(Problem(place, f"does not fit, found {_kind(row[wrong])}.", REDISCOVER))
        if len(problems) > 4 * MOST_PROBLEMS:
            return


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
