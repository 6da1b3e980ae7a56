# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The facts that a plan is made from, without those that change by themselves: what its hash covers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HOST_KEYS = ("name", "fqdn", "domain", "domain_joined", "os", "opsmgr", "cluster", "memory_mb")
SQL_KEYS = ("instance", "version", "edition", "collation", "full_text", "allow_updates")
DATABASE_KEYS = ("name", "state", "collation", "broker")
OPSDB_KEYS = ("instance", "database", "group_name", "group_ids", "pending")
GROUP_KEYS = (
    "name", "product", "language", "root_management_server", "rms_emulator", "pending", "subscriptions", "connectors",
    "warehouse", "management_packs",
)  # fmt: skip
SERVER_KEYS = ("name", "version", "patch_list", "is_root", "is_gateway", "primary", "failover")
AGENT_KEYS = ("name", "version", "patch_list", "manual", "primary", "failover")
#: Lists whose order means nothing.
_SORTED = ("pending", "subscriptions", "connectors", "management_packs")


def relevant(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a snapshot that decides: no times, no free space, no health, no open sessions, no journal.

    Equal facts give an equal result, whatever order the lists came in.
    """
    group = snapshot.get("group")
    return {
        "hosts": {name: _host(facts) for name, facts in snapshot["hosts"].items()},
        "unreachable": sorted(snapshot.get("unreachable") or ()),
        "inventory": dict(snapshot.get("inventory") or {}),
        "group": _group(group) if group else None,
    }


def _host(facts: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: facts.get(key) for key in HOST_KEYS}
    found["sql"] = [
        {
            **{key: one.get(key) for key in SQL_KEYS},
            "databases": _ordered([{key: row.get(key) for key in DATABASE_KEYS} for row in one.get("databases") or ()]),
        }
        for one in facts.get("sql") or ()
    ]
    opsdb = facts.get("opsdb")
    found["opsdb"] = {key: opsdb.get(key) for key in OPSDB_KEYS} if opsdb else None
    key = facts.get("encryption_key") or {}
    found["encryption_key"] = [key.get("path"), key.get("exists"), key.get("modified")]
    found["software"] = _ordered(facts.get("software") or ())
    return found


def _group(group: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: group.get(key) for key in GROUP_KEYS}
    for key in _SORTED:
        found[key] = _ordered(found[key] or ())
    found["servers"] = _ordered([{key: row.get(key) for key in SERVER_KEYS} for row in group["servers"]])
    columns = list(group["agents"]["columns"])
    places = [columns.index(key) for key in AGENT_KEYS if key in columns]
    found["agents"] = sorted(
        ([row[place] for place in places] for row in group["agents"]["rows"]), key=lambda row: row[0]
    )
    return found


def _ordered(rows: Any) -> list[Any]:
    return sorted(
        rows, key=lambda row: [str(row[key]) for key in sorted(row)] if isinstance(row, Mapping) else str(row)
    )
