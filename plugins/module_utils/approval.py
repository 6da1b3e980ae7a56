# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who approved which plan, who signed a manual step off, and the evidence a step demands that cannot be taken back.

Entries are for the journal. An approval names the hash of a plan, so another plan is not approved by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Optional

from .catalog import Settings
from .media import FITS, judged
from .model import Machine, ManagementGroup
from .plan import MANUAL, Plan, Step
from .planner.backups import NAMES
from .planner.context import age_in_hours
from .what_if import said

Entry = dict[str, Any]


class ApprovalError(ValueError):
    """An approval or a sign-off that cannot be given; the message says why."""


def approve(plan: Plan, by: str, time: str, note: Optional[str] = None) -> Entry:
    """The journal entry by which somebody approves a plan. ``time`` is ISO 8601 UTC."""
    if not str(by or "").strip():
        raise ApprovalError("An approval needs the name of who gives it (scom_upgrade_approver).")
    if plan.assumed:
        raise ApprovalError(f"{said(plan.assumed)} Plan again without scom_what_if once the machines stand ready.")
    if plan.blockers:
        raise ApprovalError(
            "This plan cannot be approved: {}".format(" ".join(str(one["text"]) for one in plan.blockers))
        )
    data = {
        "hash": plan.hash,
        "path": plan.path,
        "run_from": plan.run_from,
        "retire": list(plan.retire),
        "former_rms": plan.decision.get("former_rms"),
        "replacements": [
            {"machine": one["machine"], "kind": one["kind"], "by": one["by"], "new": one["new"]}
            for one in plan.decision.get("replacements") or ()
        ],
    }
    if note:
        data["note"] = note
    return {"time": time, "step": None, "event": "approved", "host": None, "data": data, "by": by.strip()}


def approval_of(plan_hash: str, journal: Iterable[Mapping[str, Any]]) -> Optional[Mapping[str, Any]]:
    """The newest approval of a plan, by its hash or the first twelve digits of it or more."""
    found = None
    for entry in journal:
        data = entry.get("data")
        named = str(data.get("hash") or "") if entry.get("event") == "approved" and isinstance(data, Mapping) else ""
        if len(named) >= 12 and (plan_hash.startswith(named) or named.startswith(plan_hash)):
            found = entry
    return found


def sign_off(plan: Plan, step: str, by: str, time: str, note: Optional[str] = None) -> Entry:
    """The journal entry by which somebody says that a manual step is done. The facts still have to show it."""
    if not str(by or "").strip():
        raise ApprovalError(f"{step}: a sign-off needs the name of who gives it (scom_upgrade_approver).")
    found = plan.step(step)
    if found is None:
        raise ApprovalError(f"{step}: there is no such step in the plan, or it is done.")
    if found.mode != MANUAL:
        raise ApprovalError(f"{step}: this step is not done by hand; run it.")
    return {"time": time, "step": step, "event": "signed_off", "host": found.hosts[0] if found.hosts else None,
            "data": {"note": note} if note else {}, "by": by.strip()}  # fmt: skip


def signed_off(journal: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The newest sign-off of each step."""
    return {str(entry["step"]): entry for entry in journal if entry.get("event") == "signed_off" and entry.get("step")}


@dataclass(frozen=True)
class Evidence:
    """One thing that must be there before a point of no return; ``text`` says what was seen, ``remedy`` what to do."""

    name: str
    holds: bool
    text: str
    remedy: str

    def to_dict(self) -> dict[str, Any]:
        """The evidence as data."""
        return {"name": self.name, "holds": self.holds, "text": self.text, "remedy": self.remedy}


def evidence(group: ManagementGroup, inputs: Mapping[str, Any], step: Step) -> list[Evidence]:
    """What the group upgrade demands: verified fresh backups, the encryption key, the media. Nothing for other kinds."""
    if step.kind != "group.upgrade":
        return []
    host = group.machines.get(step.hosts[0]) if step.hosts else None
    wanted = ["operational", *(["warehouse"] if "warehouse" in group.databases else [])]
    found = [_backup(group, inputs, what) for what in wanted]
    found.append(_key(group))
    found += _media(host, inputs)
    return found


def _backup(group: ManagementGroup, inputs: Mapping[str, Any], what: str) -> Evidence:
    hours = float(inputs["quiesce_backup_max_age_hours"])
    best: Optional[float] = None
    for entry in group.journal:
        if _is_backup(entry, what):
            data = entry["data"] if isinstance(entry.get("data"), Mapping) else {}
            age = age_in_hours(group.collected, str(data.get("finished") or entry.get("time") or ""))
            if age is not None and (best is None or age < best):
                best = age
    holds = best is not None and best <= hours
    seen = f"is {best:.1f} hours old" if best is not None else "is not in the journal"
    return Evidence(
        f"backup.{what}",
        holds,
        f"A verified backup of the {NAMES[what]} {seen}; it must not be older than {hours:g} hours.",
        "Run playbooks/quiesce.yml.",
    )


def _is_backup(entry: Mapping[str, Any], what: str) -> bool:
    """Whether an entry tells of a verified backup: carried out by a role, or by a person who signed it off."""
    if entry.get("event") == "signed_off":
        return str(entry.get("step") or "").endswith(f".backup.{what}")
    data = entry.get("data")
    if entry.get("event") != "done" or not isinstance(data, Mapping):
        return False
    return data.get("backup") == what and bool(data.get("verified"))


def _key(group: ManagementGroup) -> Evidence:
    root = group.machines.get(group.rms or "")
    holder = root if root is None or root.in_inventory or not group.nodes else group.nodes[0]
    facts = ((holder.facts or {}) if holder else {}).get("encryption_key") or {}
    updated = holder.opsmgr.get("installed_at") if holder else None
    kept = any(
        group.entries(event, f"{phase}.encryption_key")
        for event in ("done", "signed_off")
        for phase in ("prepare", "pre_upgrade")
    )
    fresh = bool(facts.get("exists")) and (not updated or str(facts.get("modified") or "") >= str(updated))
    seen = "is newer than the last update" if fresh else "was made in this upgrade" if kept else "is missing or too old"
    return Evidence(
        "encryption_key",
        fresh or kept,
        f"The backup of the encryption key {seen}.",
        "Run playbooks/pre_upgrade.yml, with scom_upgrade_encryption_key_path on the root management server itself or on a"
        " share, and sign the step off where the file cannot be looked at.",
    )


def _media(host: Optional[Machine], inputs: Mapping[str, Any]) -> list[Evidence]:
    media = ((host.facts or {}) if host else {}).get("media") or {}
    name = host.name if host else "the server"
    there = bool(media.get("present"))
    found = [
        Evidence(
            "media",
            there,
            f"setup.exe of 2012 is {'there' if there else 'not seen'} on {name} ({media.get('path') or 'no path given'}).",
            "Copy the media there, and set scom_upgrade_media_path.",
        )
    ]
    hashes = Settings(inputs.get("settings"))["media_hashes"]
    for file in judged(host.facts if host else None, hashes, [*(host.roles if host else ()), "management_server"]):
        found.append(
            Evidence(
                f"media.{file.path}",
                file.state == FITS,
                file.text(name),
                "Copy the media again, or correct the setting media_hashes.",
            )
        )
    return found
