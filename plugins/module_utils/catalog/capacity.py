# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Capacity limits of 2012, and what an agent's queue holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from .settings import Settings

#: What an agent keeps back for a group that its registry names no size for: `later guide`, scripting-reference 2.6.
DEFAULT_QUEUE_KB = 15360


@dataclass(frozen=True)
class Limit:
    """How many of something 2012 carries."""

    name: str
    text: str
    number: int
    evidence: str = "recalled"
    source: str = "product-reference 1.3"


LIMITS: dict[str, Limit] = {
    row.name: row
    for row in (
        Limit("agents_per_management_server", "agents per management server", 3000),
        Limit("agents_per_gateway", "agents per gateway", 2000),
        Limit("agents_per_group", "agents and UNIX computers per group, with up to 25 consoles", 15000),
        Limit("agents_per_group_50_consoles", "agents and UNIX computers per group, with up to 50 consoles", 6000),
        Limit("consoles_per_group_15000", "open consoles with more than 6,000 agents", 25),
        Limit("consoles", "open consoles", 50),
        Limit("groups_per_agent", "management groups per agent", 4),
        Limit("agentless_per_server", "agentless computers per management server", 10),
        Limit("agentless_per_group", "agentless computers per group", 60),
        Limit("network_devices", "network devices, in a pool of three or more management servers", 1000),
        Limit("unix_per_server", "UNIX and Linux computers per dedicated management server", 500),
        Limit("unix_per_gateway", "UNIX and Linux computers per gateway", 100),
        Limit("apm_agents", "agents with application monitoring", 700),
        Limit("urls_per_server", "URLs per dedicated management server", 3000),
    )
}


def limit(name: str, settings: Optional[Settings] = None) -> int:
    """A limit's number, overridden through the setting ``limits``."""
    given = (settings or Settings())["limits"].get(name)
    return int(given) if given is not None else LIMITS[name].number
