# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which server is asked about the management group, and in which of the two shells.

In 2007 R2 the Data Access service runs on the root management server only; in 2012 it runs on every management server
(scripting reference 1.1, 2.5). While secondaries are upgraded before the group, the root management server is still the one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional


class NoServer(ValueError):
    """No host can be asked about the group; the message says why and what to do."""


def choose(hosts: Mapping[str, Mapping[str, Any]], unreachable: Mapping[str, str]) -> dict[str, str]:
    """`{host, server, product}`: inventory name, FQDN, and `2007` or `2012`.

    `hosts` are facts by inventory name (HOST of docs/snapshot.md), `unreachable` the reasons of those that gave none.
    Raises NoServer where none fits.
    """
    roots, servers = [], []
    for name, facts in sorted(hosts.items()):
        product = facts.get("opsmgr") or {}
        groups = product.get("server_groups") or []
        if not groups or product.get("gateway_version") or not product.get("server_version"):
            continue
        running = ((facts.get("services") or {}).get("OMSDK") or {}).get("state") == "running"
        upgraded = _major(product.get("server_version")) >= 7
        if any(group.get("is_root") and not group.get("has_parent") for group in groups):
            roots.append((upgraded, not facts.get("cluster"), running, name, facts))
        elif upgraded:
            servers.append((len(facts.get("journal") or []), running, name, facts))
    old_roots = [item for item in roots if not item[0]]
    virtual = [item for item in old_roots if _is_virtual(item[4])]
    for found, product in ((virtual or old_roots, "2007"), ([item for item in roots if item[0]], "2012")):
        if found:
            best = sorted(found, key=lambda item: (not item[2], item[3]))[0]
            return _answer(best[3], best[4], product)
    if servers:
        # The server with the journal is the one that ran the upgrade of the group: stay with it.
        best_server = sorted(servers, key=lambda item: (-item[0], not item[1], item[2]))[0]
        return _answer(best_server[2], best_server[3], "2012")
    reasons = "; ".join(f"{name}: {reason}" for name, reason in sorted(unreachable.items())[:5])
    raise NoServer(
        "No host of the inventory can be asked about the management group: none of those that answered is a root management "
        "server of 2007 R2 or a management server of 2012. Put it into the inventory's group scom, and make sure that it can "
        "be reached." + (f" Not reached: {reasons}" if reasons else "")
    )


def _answer(name: str, facts: Mapping[str, Any], product: str) -> dict[str, str]:
    return {"host": name, "server": str(facts.get("fqdn") or name).lower(), "product": product}


def _is_virtual(facts: Mapping[str, Any]) -> bool:
    """Whether the machine is the network name of a clustered root management server, and not one of its nodes."""
    cluster = facts.get("cluster") or {}
    return bool(cluster) and str(cluster.get("virtual_name") or "").lower() == str(facts.get("name") or "").lower()


def _major(version: Optional[str]) -> int:
    first = str(version or "0").partition(".")[0]
    return int(first) if first.isdigit() else 0
