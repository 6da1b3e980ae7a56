# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The inputs of a plan: what the operator decides, each from a variable ``scom_upgrade_<name>``.

No secret is an input: passwords go to the roles, never into a plan.
"""

from __future__ import annotations

import datetime
import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable, Optional

from .catalog import TARGET, Settings, UnknownSetting, parse_version
from .estimate import problem_of_durations, problem_of_estimates
from .times import moment

PREFIX = "scom_upgrade_"
MOST_IN_A_BATCH = 200
#: Variables of the same prefix that are no inputs of a plan: secrets, and how a run behaves.
NOT_INPUTS = (
    "account_password",
    "data_access_account_password",
    "data_reader_account_password",
    "data_writer_account_password",
    "encryption_key_password",
    "poll_seconds",
    "reboot",
    "report_directory",
    "snapshot",
    "announce",
    "position",
)


class InputError(ValueError):
    """Inputs that cannot be used. ``problems`` has one text for each, which names the variable and the remedy."""

    def __init__(self, problems: Sequence[str]) -> None:
        """Join the problems into one message."""
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


def _text(value: Any) -> Optional[str]:
    return None if isinstance(value, str) and value.strip() else "a text"


def _flag(value: Any) -> Optional[str]:
    return None if isinstance(value, bool) else "true or false"


def _version(value: Any) -> Optional[str]:
    good = isinstance(value, str) and len(parse_version(value) or ()) == 4
    return None if good else "a version of four numbers, such as 7.0.8560.0"


def _hours(value: Any) -> Optional[str]:
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 24 * 365
    return None if good else "a number of hours, more than 0"


def _batch(value: Any) -> Optional[str]:
    good = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_IN_A_BATCH
    return None if good else f"a whole number from 1 to {MOST_IN_A_BATCH}"


def _account(value: Any) -> Optional[str]:
    good = isinstance(value, str) and ("\\" in value.strip("\\") or "@" in value or value == "LocalSystem")
    return None if good else "an account as DOMAIN\\name"


def _position(value: Any) -> Optional[str]:
    return None if value in ("auto", "before_group", "after_group") else "auto, before_group or after_group"


def _names(value: Any) -> Optional[str]:
    good = isinstance(value, (list, tuple)) and all(isinstance(name, str) and name for name in value)
    return None if good else "a list of names"


def _mapping(value: Any) -> Optional[str]:
    return None if isinstance(value, Mapping) else "a mapping"


def _sequence(value: Any) -> Optional[str]:
    return None if isinstance(value, (list, tuple)) else "a list"


def _selection(value: Any) -> Optional[str]:
    return None if isinstance(value, (str, list, tuple, Mapping)) else "a selection such as [all, '!R34']"


def _confirmed(value: Any) -> Optional[str]:
    good = isinstance(value, Mapping) and all(
        isinstance(one, Mapping)
        and isinstance(one.get("by"), str)
        and one.get("by")
        and not set(one) - {"by", "when", "note"}
        for one in value.values()
    )
    return None if good else "{rule: {by: name, when: day, note: text}}"


def _probes(value: Any) -> Optional[str]:
    good = isinstance(value, (list, tuple)) and all(
        isinstance(one, Mapping) and {"from", "to", "port", "open"} <= set(one) and isinstance(one["open"], bool)
        for one in value
    )
    return None if good else "a list of {from, to, port, open}"


def _connectors(value: Any) -> Optional[str]:
    good = isinstance(value, (list, tuple)) and all(
        isinstance(one, Mapping)
        and all(isinstance(one.get(key), str) and one.get(key) for key in ("host", "service"))
        and not set(one) - {"host", "service", "name"}
        for one in value
    )
    return None if good else "a list of {host, service, name}"


def _warehouse(value: Any) -> Optional[str]:
    good = (
        isinstance(value, Mapping)
        and isinstance(value.get("server"), str)
        and bool(value.get("server"))
        and not set(value) - {"server", "database"}
    )
    return None if good else "{server: HOST or HOST\\INSTANCE, database: name}"


def _window(value: Any) -> Optional[str]:
    if not isinstance(value, Mapping):
        return None if _seconds(value) else "the seconds of the window, more than 0, or {start, end} as ISO 8601 times"
    if set(value) == {"seconds"}:
        return None if _seconds(value["seconds"]) else "seconds of more than 0"
    if set(value) != {"start", "end"}:
        return "start and end, or seconds alone"
    start, end = moment(value["start"]), moment(value["end"])
    if start is None or end is None:
        return "start and end as ISO 8601 times such as 2012-05-12T18:00:00Z"
    return None if start < end else "an end after its start"


def _seconds(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < math.inf


@dataclass(frozen=True)
class Input:
    """One input: its default, what it must be, what it is for."""

    name: str
    default: Any
    check: Callable[[Any], Optional[str]]
    text: str
    evidence: str = "inferred"
    source: str = "-"


INPUTS: dict[str, Input] = {
    row.name: row
    for row in (
        Input("target_version", TARGET, _version, "The build that 2012 setup brings.", "field", "product-reference 1.5"),
        Input("media_path", None, _text, "Folder of the 2012 media, the same on every host."),
        Input("account", None, _account, "Account that runs the installers.", "later guide", "S19b, S19e"),
        Input("data_access_account", None, _account, "Account of the Data Access service.", "later guide", "S19b"),
        Input("data_reader_account", None, _account, "Account that reads the warehouse.", "later guide", "S19b"),
        Input("data_writer_account", None, _account, "Account that writes to the warehouse.", "recalled", "S14"),
        Input("encryption_key_path", None, _text, "File of the encryption key's backup.", "kb", "cc540390"),
        Input("backup_path", None, _text, "Folder for database backups, as the SQL hosts see it."),
        Input("backup_max_age_hours", 24, _hours, "Age at which a verified backup no longer counts before servers are"
              " upgraded.", "inferred", "O12"),
        Input("quiesce_backup_max_age_hours", 12, _hours, "Age at which the backup taken right before the group upgrade"
              " no longer counts.", "inferred", "C7"),
        Input("push_batch", MOST_IN_A_BATCH, _batch, "Agents approved in one batch.", "later guide", "S19c"),
        Input("connectors", [], _connectors, "Services of product connectors that stand still during the group upgrade.",
              "later guide", "S19a"),
        Input("warehouse", None, _warehouse, "The data warehouse setup adds where the group has none.", "documented", "S1"),
        Input("avoid_downtime", False, _flag, "Upgrade a single server by way of a second management server, so that"
              " monitoring goes on.", "documented", "S6"),
        Input("agents_position", "auto", _position, "Where agents stand, where the procedure leaves it open (M3).",
              "documented", "S3"),
        Input("late_agents", [], _names, "Agents, by inventory name or FQDN, that are left for after the group upgrade.",
              "inferred", "R22"),
        Input("return_agents", True, _flag, "Give agents that were moved off the root management server their parents"
              " back.", "inferred", "O5"),
        Input("web_console_site", "Default Web Site", _text, "Site for the web console; the 2007 site is deleted by setup"
              " and cannot be it.", "field", "S14"),
        Input("rebuild_former_rms", False, _flag, "Plan a new management server under the name of the old root management"
              " server.", "documented", "S1"),
        Input("window", None, _window, "The maintenance window."),
        Input("estimates", {}, problem_of_estimates, "Durations by kind of step, which take the place of the model's."),
        Input("settings", {}, _mapping, "Figures that differ from the catalogue of settings."),
        Input("tolerances", {}, _mapping, "What may differ when two snapshots are compared."),
        Input("rules", ["all"], _selection, "Which readiness rules run. What blocks and cannot be waived always does."),
        Input("repairs", [], _selection, "Rules whose documented repair becomes part of the plan."),
        Input("confirmed", {}, _confirmed, "What no fact tells and somebody answers for: {rule: {by, when, note}}."),
        Input("probes", [], _probes, "Ports that were tried: {from, to, port, open}.", "later guide", "product-reference 9"),
        Input("etl_cleanup", False, _flag, "Asks for the clean-up of EntityTransactionLog, which rule R38 refuses on"
              " 2007 R2.", "later guide", "S19a"),
        Input("waivers", [], _sequence, "Findings that somebody answers for: rule, owner, reason, expires."),
    )
}  # fmt: skip


def normalise(given: Optional[Mapping[str, Any]]) -> dict[str, Any]:
    """Complete inputs from what was given, with or without the prefix ``scom_upgrade_``; defaults for the rest.

    A value of null counts as not given. Raises :class:`InputError`, which names every wrong variable and its remedy.
    """
    if given is not None and not isinstance(given, Mapping):
        raise InputError(["inputs: expected a mapping of names to values."])
    problems: list[str] = []
    found: dict[str, Any] = {name: _copy(row.default) for name, row in INPUTS.items()}
    for key in sorted(given or {}, key=str):
        name = str(key)[len(PREFIX) :] if str(key).startswith(PREFIX) else str(key)
        value = (given or {})[key]
        if name in NOT_INPUTS or value is None:
            continue
        row = INPUTS.get(name)
        if row is None:
            close = difflib.get_close_matches(name, INPUTS, 1)
            hint = f"did you mean {PREFIX}{close[0]}?" if close else "known: " + ", ".join(sorted(INPUTS)) + "."
            problems.append(f"{PREFIX}{name}: no such input; {hint}")
            continue
        expected = row.check(value)
        if expected:
            problems.append(f"{PREFIX}{name}: expected {expected}, found {_shown(value)}. {row.text}")
        else:
            found[name] = _copy(value)
    problems += _settings(found["settings"])
    if problems:
        raise InputError(problems)
    if found["warehouse"] is not None:
        found["warehouse"].setdefault("database", "OperationsManagerDW")
    return found


def _settings(given: Mapping[str, Any]) -> list[str]:
    try:
        chosen = Settings(given)
    except UnknownSetting as error:
        return [f"{PREFIX}settings: {error}"]
    problems = []
    expected = problem_of_durations(chosen["durations"])
    if expected:
        problems.append(f"{PREFIX}settings: durations: expected {expected}. docs/estimates.md lists the figures.")
    if not chosen["most_correction"] >= 1:
        problems.append(f"{PREFIX}settings: most_correction: expected a factor of 1 or more.")
    return problems


def from_variables(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The complete inputs from all variables of a host: those that begin with ``scom_upgrade_`` and name an input."""
    return normalise(
        {name: value for name, value in variables.items() if name.startswith(PREFIX) and name[len(PREFIX) :] in INPUTS}
    )


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _copy(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_copy(item) for item in value]
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value) if isinstance(value, str) else value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
