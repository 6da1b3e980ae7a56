# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The reports whose pages are looked at in a browser: real plans of 56 agents, of a complex group, and of 6,200 agents."""

from __future__ import annotations

from typing import Any

from ansible_collections.scom.upgrade.plugins.module_utils.render.compose import compose
from tests.unit.decide.estates import inputs_from_estate, load_estate, snapshot_from_estate


def real(name: str) -> dict[str, Any]:
    """A public estate as it is."""
    return compose(snapshot_from_estate(name), inputs_from_estate(name, window=8 * 3600))


def simple_report() -> dict[str, Any]:
    """56 agents, nine servers."""
    return real("distributed-simple")


def complex_report() -> dict[str, Any]:
    """32-bit servers, a database that moves; with a waiver and a journal, so that every part of the page shows."""
    inputs = inputs_from_estate("distributed-complex-32bit", window=8 * 3600)
    inputs["waivers"] = [
        {
            "rule": "R57",
            "owner": "ops@tailspin.test",
            "reason": "the branch may be blind that night",
            "expires": "2012-06-30",
        }
    ]
    snapshot = snapshot_from_estate("distributed-complex-32bit")
    snapshot["journal"] = [{"time": "2012-05-12T17:00:00Z", "step": "prepare.backup.operational", "event": "started"}]
    return compose(snapshot, inputs)


def large_report() -> dict[str, Any]:
    """6,200 agents under twelve servers and forty gateways, a fifth of them installed by hand."""
    estate = load_estate("distributed-simple")
    server = dict(estate["servers"][1])
    gateway = dict(estate["servers"][3])
    names = [f"MS{number:02}" for number in range(4, 13)]
    estate["servers"] += [{**server, "name": name} for name in names]
    gates = [f"GW{number:02}" for number in range(2, 41)]
    parents = ["MS02", "MS03", *names]
    estate["servers"] += [
        {
            **gateway,
            "name": name,
            "reports_to": parents[n % len(parents)],
            "failover": [parents[(n + 1) % len(parents)]],
        }
        for n, name in enumerate(gates)
    ]
    pushed, manual = estate["agents"][0], estate["agents"][2]
    for n, parent in enumerate(parents):
        last = 451 if n else 474
        estate["agents"] += [{**pushed, "name": f"P{n:02}X[0001:{last:04}]", "primary": parent}]
    for n, parent in enumerate(["GW01", *gates]):
        estate["agents"] += [{**manual, "name": f"M{n:02}X[0001:0029]", "primary": parent, "failover": []}]
    return compose(snapshot_from_estate(estate), inputs_from_estate(estate, window=24 * 3600))
