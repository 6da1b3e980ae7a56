# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Repairs: what the procedure documents as the cure of a finding, as steps a plan can take over.

A repair happens only where it was opted in by rule id. Every step says how it is undone and what is observed when it is
done. The planner places the steps; all of them belong to the phase ``pre_upgrade``, before anything else in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Callable

from ..selection import Wanted
from .engine import repairs_opted_in
from .text import counted, sizes_text

Target = Mapping[str, Any]


@dataclass(frozen=True)
class Template:
    """What is the same for every step of one kind."""

    kind: str
    rules: tuple[str, ...]
    title: Callable[[Target], str]
    name: Callable[[Target], str]
    mode: str
    reversibility: str
    undo: str
    done_when: Callable[[Target], dict[str, Any]]
    evidence: str
    source: str


def _until(text: str, place: str, value: Any) -> dict[str, Any]:
    return {"text": text, "fact": place, "value": value}


def _database(target: Target) -> str:
    return f"{target.get('host')}.{target.get('database')}"


TEMPLATES: dict[str, Template] = {
    row.kind: row
    for row in (
        Template(
            kind="repair.database_grow",
            rules=("R09", "R10"),
            title=lambda t: f"Grow {t.get('database')} on {t.get('host')} to {sizes_text(t)}",
            name=_database,
            mode="automatic",
            reversibility="reversible",
            undo="Shrink the files with DBCC SHRINKFILE once the upgrade is verified; growing them changes no data.",
            done_when=lambda t: _until(
                f"The files of {t.get('database')} have {sizes_text(t)}, or more.",
                f"hosts.{t.get('host')}.sql.databases[{t.get('database')}]",
                {name: t[name] for name in ("data_mb", "log_mb") if name in t},
            ),
            evidence="field",
            source="S14, S19a (3.2.7)",
        ),
        Template(
            kind="repair.allow_updates",
            rules=("R21",),
            title=lambda t: f"Set allow updates to 0 on {t.get('host')}\\{t.get('instance')}",
            name=lambda t: f"{t.get('host')}.{t.get('instance')}",
            mode="automatic",
            reversibility="reversible",
            undo="EXEC sp_configure 'allow updates', 1; RECONFIGURE WITH OVERRIDE",
            done_when=lambda t: _until(
                "The option allow updates is 0.", f"hosts.{t.get('host')}.sql[{t.get('instance')}].allow_updates", 0
            ),
            evidence="kb",
            source="S22 (KB 2713047)",
        ),
        Template(
            kind="repair.pending_rows",
            rules=("R12",),
            title=lambda t: (
                f"Delete {counted(len(t.get('rows') or ()), 'orphaned pending row')} from {t.get('database')}"
            ),
            name=_database,
            mode="automatic",
            reversibility="restorable",
            undo="Restore the operational database from the backup taken before it; the agents can be discovered again.",
            done_when=lambda t: _until("The table has none of these rows.", f"hosts.{t.get('host')}.opsdb.pending", []),
            evidence="kb",
            source="S21 (KB 2626752)",
        ),
        Template(
            kind="repair.backup_now",
            rules=("R15",),
            title=lambda t: f"Back up and verify {t.get('database')} on {t.get('host')} now",
            name=_database,
            mode="automatic",
            reversibility="reversible",
            undo="Delete the backup file; it is a copy-only backup and leaves the house's own chain alone.",
            done_when=lambda t: _until(
                f"The journal has a verified backup of {t.get('database')}, new enough.",
                f"journal[backup={t.get('what')}].verified",
                True,
            ),
            evidence="later guide",
            source="S19a (O12)",
        ),
        Template(
            kind="repair.encryption_key",
            rules=("R16",),
            title=lambda t: f"Save the encryption key on {t.get('host')}",
            name=lambda t: str(t.get("host")),
            mode="manual",
            reversibility="reversible",
            undo="Delete the file; the key itself stays where it is.",
            done_when=lambda t: _until(
                "The key file exists and is newer than the last update.",
                f"hosts.{t.get('host')}.encryption_key.modified",
                "newer than opsmgr.installed_at",
            ),
            evidence="field",
            source="S24 (O13)",
        ),
        Template(
            kind="repair.system_state",
            rules=("R17",),
            title=lambda t: f"Back up the system state of {t.get('host')}",
            name=lambda t: str(t.get("host")),
            mode="manual",
            reversibility="reversible",
            undo="Delete the backup.",
            done_when=lambda t: _until(
                "A system-state backup is newer than the threshold.",
                f"hosts.{t.get('host')}.system_state_backup",
                "newer than system_state_max_age_hours",
            ),
            evidence="field",
            source="S14 (O13)",
        ),
    )
}


def repair_steps(findings: Iterable[Mapping[str, Any]], opted_in: Wanted) -> list[dict[str, Any]]:
    """The steps for the repairs that were opted in, from the findings as they stand in every report.

    One step a thing that is repaired: two rules that ask for the same one share it, and both stand in its ``why``.
    """
    wanted = repairs_opted_in(opted_in)
    steps: dict[str, dict[str, Any]] = {}
    for finding in findings:
        repair = finding.get("repair")
        if not isinstance(repair, Mapping) or finding.get("id") not in wanted:
            continue
        template = TEMPLATES[str(repair["kind"])]
        for target in repair.get("targets") or ():
            step = _step(template, target)
            known = steps.setdefault(step["id"], step)
            known["why"].append(
                {
                    "rule": finding["id"],
                    "fact": template.done_when(target)["fact"],
                    "value": None,
                    "text": finding["message"],
                    "evidence": finding["evidence"],
                    "source": finding["source"],
                }
            )
    for step in steps.values():
        if step["kind"] == "repair.pending_rows":
            _after_backup(step, steps.values())
    return [steps[name] for name in sorted(steps)]


def _after_backup(step: dict[str, Any], steps: Iterable[Mapping[str, Any]]) -> None:
    """Rows are deleted after a backup: the one that was asked for too, or one the step takes itself."""
    name = step["parameters"].get("database")
    backups = [one for one in steps if one["kind"] == "repair.backup_now" and one["parameters"]["database"] == name]
    step["requires"] = [str(one["id"]) for one in backups]
    step["parameters"]["backup_first"] = not backups


def _step(template: Template, target: Target) -> dict[str, Any]:
    host = target.get("host")
    return {
        "id": f"pre_upgrade.{template.kind}.{template.name(target)}",
        "phase": "pre_upgrade",
        "kind": template.kind,
        "title": template.title(target),
        "hosts": [str(host)] if host else [],
        "requires": [],
        "why": [],
        "mode": template.mode,
        "reversibility": template.reversibility,
        "undo": template.undo,
        "done_when": [template.done_when(target)],
        "downtime": False,
        "parameters": {name: value for name, value in target.items() if name != "host"},
    }
