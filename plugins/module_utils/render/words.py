# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every view calls things: names of paths, phases, outcomes and kinds, and how a number of seconds is said."""

from __future__ import annotations

import math

PATHS = {
    "single_server_simple": "Single-server upgrade (simple)",
    "single_server_complex": "Single-server upgrade (complex)",
    "distributed_simple": "Distributed upgrade (simple)",
    "distributed_complex": "Distributed upgrade (complex)",
    "none": "Nothing to upgrade",
}

PATH_MEANINGS = {
    "single_server_simple": (
        "Every feature is on one server that meets the 2012 minimum, so one setup run upgrades it in place."
    ),
    "single_server_complex": (
        "Every feature is on one server that does not meet the 2012 minimum. A supported server joins the group first, "
        "takes over, and runs the upgrade."
    ),
    "distributed_simple": (
        "The features are spread over several servers and all of them meet the 2012 minimum, so each is upgraded where it "
        "stands; the group itself is upgraded on the root management server."
    ),
    "distributed_complex": (
        "The features are spread over several servers and not all of them can be upgraded where they stand. Supported "
        "machines take over from those that cannot, before or during the upgrade."
    ),
    "none": "The management group has nothing left to upgrade.",
}

PHASES = {
    "prepare": "Prepare servers",
    "pre_upgrade": "Before the upgrade",
    "manual_agents": "Manual agents",
    "secondary_servers": "Secondary servers",
    "gateways": "Gateways",
    "pushed_agents": "Pushed agents",
    "quiesce": "Quiesce",
    "management_group": "Management group",
    "features": "Features",
    "post_upgrade": "After the upgrade",
}

PHASE_MEANINGS = {
    "prepare": "supported machines join, and take over from those that cannot be upgraded",
    "pre_upgrade": "pending actions cleared, databases and keys backed up",
    "manual_agents": "agents that were installed by hand, each on its own host",
    "secondary_servers": "management servers other than the one that runs the group upgrade, one at a time",
    "gateways": "gateways, those nearest to the management servers first",
    "pushed_agents": "agents that were pushed from the console, approved in batches",
    "quiesce": "consoles closed, notifications and connectors stopped, fresh backups",
    "management_group": "the databases are converted; this is what cannot be taken back",
    "features": "consoles, web consoles, audit collection, and reporting last",
    "post_upgrade": "notifications and connectors on again, old machines retired, health verified",
}

NO_RETURN = {
    "group.upgrade": (
        "setup converts the databases of the group to 2012 where they are. A server of 2007 R2 cannot use them any more, and "
        "nothing converts them back."
    ),
}

DEMANDED = {
    "group.upgrade": (
        "A verified backup of the operational database, and of the data warehouse where there is one, not older than the "
        "plan allows.",
        "A backup of the encryption key, newer than the last update or made in this upgrade.",
        "setup.exe of 2012 on the server that runs it, and every file with the hash that is expected.",
    ),
}


def demands(by_hand: bool) -> str:
    """Who makes sure that the evidence of a point of no return is there."""
    if by_hand:
        return "A person runs this step, so a person has to see that it is there:"
    return "The gate reads it right before the step and starts nothing without it:"


OUTCOMES = {
    "block": "Blocks",
    "error": "Check failed",
    "manual": "Check by hand",
    "warn": "Warns",
    "note": "Note",
    "pass": "Passes",
    "not_applicable": "Not applicable",
}

OUTCOME_COUNTS = {
    "block": "blocking",
    "error": "failed to run",
    "manual": "to check by hand",
    "warn": "warning",
    "note": "noted",
    "pass": "passed",
    "not_applicable": "not applicable",
    "waived": "waived",
}

IMPACTS = {
    "breaks_upgrade": "breaks the upgrade",
    "causes_outage": "causes an outage",
    "none": "",
}

STATES = {
    "done": "done",
    "running": "running",
    "failed": "failed",
    "ready": "ready",
    "waiting": "waiting",
    "blocked": "blocked",
    "planned": "planned",
}

MODES = {"automatic": "automatic", "delegated": "through another host", "manual": "by hand"}

MODE_FLAGS = {"automatic": "", "delegated": "via", "manual": "by hand"}

REVERSIBILITY = {
    "reversible": "can be undone",
    "restorable": "restore or reinstall",
    "point_of_no_return": "no way back",
}

ROLES = {
    "root_management_server": "root management server",
    "management_server": "management server",
    "gateway": "gateway",
    "operational_database": "operational database",
    "data_warehouse": "data warehouse",
    "reporting": "reporting",
    "web_console": "web console",
    "console": "console",
    "acs_collector": "audit collector",
    "acs_database": "audit database",
}

EVIDENCE = {
    "documented": "Microsoft's text for this product or this upgrade",
    "later guide": "Microsoft's text for a later upgrade that descends from the same topic",
    "kb": "Microsoft support article or reference page",
    "field": "practitioners' reports",
    "inferred": "follows from other facts",
    "recalled": "general knowledge, not confirmed",
    "measured": "tried in a simulation",
}


def label(table: dict[str, str], key: object) -> str:
    """The word for ``key``; a key that nobody gave a word to stands for itself, underscores as spaces."""
    text = "" if key is None else str(key)
    return table.get(text, text.replace("_", " "))


def duration(seconds: object) -> str:
    """Seconds as people say them: ``45 s``, ``12 min``, ``2 h 05 min``, ``1 d 3 h``; ``?`` for what is no number."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or math.isnan(seconds) or seconds < 0:
        return "?"
    if seconds < 60:
        return f"{round(seconds)} s"
    minutes = round(min(seconds, 1e12) / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        hours, rest = divmod(minutes, 60)
        return f"{hours} h {rest:02d} min" if rest else f"{hours} h"
    days, hours = divmod(round(minutes / 60), 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def count(number: int, one: str, many: str = "") -> str:
    """``1 agent``, ``6,200 agents``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def between(spent: object) -> str:
    """A range of seconds: ``2 h 05 min (1 h to 4 h)``."""
    low, likely, high = (getattr(spent, name) for name in ("low", "likely", "high"))
    if not high:
        return "none"
    return f"{duration(likely)} ({duration(low)} to {duration(high)})"


def outcome_counts(outcomes: dict[str, int]) -> list[str]:
    """``["1 blocking", "3 warning", ...]``."""
    said = {**OUTCOME_COUNTS, "warn": "warnings"}
    return [f"{number:,} {label(OUTCOME_COUNTS if number == 1 else said, name)}" for name, number in outcomes.items()]
