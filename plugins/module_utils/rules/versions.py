# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules about the product's version: where the upgrade starts and where it goes."""

from __future__ import annotations

from typing import NamedTuple

from ..catalog import TARGET, is_2012
from .engine import BLOCK, BREAKS, MANUAL, NOT_APPLICABLE, NOTE, PASS, WARN, Context, Finding, rule
from .text import every
from .unseen import could_have
from .view import Row, agent_rows, counted, listed, view

_SERVERS = ("group.servers[].patch_list", "group.servers[].file_version", "hosts[].opsmgr.file_version")

#: What every build of 2012 RTM begins with, its update rollups included.
RELEASE = TARGET.rsplit(".", 1)[0]


class _Levels(NamedTuple):
    low: list[Row]
    joining: list[Row]
    unknown: list[Row]
    asked: int


def _levels(context: Context, least: int, agents: bool = True) -> _Levels:
    known = view(context)
    low: list[Row] = []
    joining: list[Row] = []
    unknown: list[Row] = []
    asked = 0
    for one in known.members + (known.agents if agents else []):
        if is_2012(one.version):
            continue
        asked += 1
        row: Row = (one.name, one.kind_text, one.version or "unknown", one.level_text)
        if one.version and not one.is_2007_r2:
            low.append(row)
        elif one.update is None or not one.version:
            unknown.append(row)
        elif one.update < least:
            (joining if known.joining(one) else low).append(row)
    return _Levels(low, joining, unknown, asked)


@rule(
    "R01",
    "Every server and agent is at 2007 R2 CU4 or later",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, NOTE, BLOCK, MANUAL, NOT_APPLICABLE),
    columns=("object", "kind", "version", "level"),
    remedy="""Install the latest cumulative update of 2007 R2 on the servers and then on the agents, restart, and check
        the file version of MonitoringHost.exe: 6.1.7221.61 is CU4, 6.1.7221.81 is CU5.""",
    evidence="documented",
    source="S1 (E1); build S41",
    tags=("server", "agent", "gateway", "version"),
    facts=(*_SERVERS, "group.agents[].patch_list"),
    options=("minimum_update",),
    setup=("checks", "Setup is reported to ask for CU5 (S17); what it compares is not known."),
)
def source_level(context: Context) -> list[Finding]:
    """The upgrade starts from 2007 R2 with CU4 or a later update, nowhere else.

    The level comes from the file version where it is known and from the patch list otherwise; the version the console
    shows stays 6.1.7221.0 whatever is installed. Servers and agents that are at 2012 already are left out, and a machine
    that the plan has just added gets its update from the plan.
    """
    least = int(context.settings["minimum_update"])
    found = _levels(context, least)
    if not found.asked:
        done = bool(view(context).members)
        text = "No server or agent is at 2007 R2 any more." if done else "The group has named no server or agent."
        return [Finding(NOT_APPLICABLE if done else MANUAL, text)]
    findings = []
    if found.low:
        text = f"{len(found.low)} of {counted(found.asked, 'server or agent', 'servers and agents')} below CU{least}."
        findings.append(Finding(BLOCK, text, agent_rows(found.low)))
    if found.joining:
        names = listed([str(row[0]) for row in found.joining])
        findings.append(
            Finding(NOTE, f"Just added by the plan, which brings the update: {names}.", tuple(found.joining))
        )
    if found.unknown:
        text = f"Update level not read: {counted(len(found.unknown), 'server or agent', 'servers and agents')}."
        findings.append(Finding(MANUAL, text, agent_rows(found.unknown)))
    who = every(found.asked, "server or agent", "servers and agents", ("is", "are"))
    return findings or [Finding(PASS, f"{who} at CU{least} or later.")]


@rule(
    "R02",
    "Every server is at CU5 or later",
    severity="warn",
    impact=BREAKS,
    outcomes=(PASS, WARN, MANUAL, NOT_APPLICABLE),
    columns=("object", "kind", "version", "level"),
    remedy="Install CU5 or a later update before the upgrade: setup at RTM was reported to ask for it.",
    evidence="field",
    source="S17 (E1a, C1)",
    tags=("server", "gateway", "version"),
    facts=_SERVERS,
    options=("safe_update",),
    setup=("checks", "One report of the RTM checker names CU5 as its requirement (S17), where the guide says CU4."),
)
def safe_level(context: Context) -> list[Finding]:
    """CU4 is what the guide asks for; the checker of setup was seen to ask for CU5.

    So a group at CU4 may be stopped by setup itself. CU4 is also known to restart unrelated services on agents.
    """
    wanted = int(context.settings["safe_update"])
    found = _levels(context, wanted, agents=False)
    if not found.asked:
        return [Finding(NOT_APPLICABLE, "No server is at 2007 R2.")]
    findings = []
    if found.low:
        them = "it" if len(found.low) == 1 else "them"
        text = f"{len(found.low)} of {counted(found.asked, 'server')} below CU{wanted}; setup may refuse {them}."
        findings.append(Finding(WARN, text, tuple(found.low)))
    if found.unknown:
        text = f"Update level not read: {counted(len(found.unknown), 'server')}."
        findings.append(Finding(MANUAL, text, tuple(found.unknown)))
    return findings or [
        Finding(PASS, f"{every(found.asked, 'server', 'servers', ('is', 'are'))} at CU{wanted} or later.")
    ]


@rule(
    "R44",
    "The target is System Center 2012 RTM",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, BLOCK, MANUAL),
    columns=("setting", "value"),
    remedy="""Upgrade to 2012 RTM first and go on from there: 2007 R2, 2012 RTM, SP1, R2. No hop may be left out, and the
        version of SQL Server must be a legal one on both sides of each hop.""",
    evidence="documented",
    source="S8 (E11)",
    tags=("version", "media"),
    facts=("inputs.target_version", "hosts[].media.version"),
    setup=("unknown", "No source tells what setup of a later release does with a 2007 R2 group."),
)
def no_hop_left_out(context: Context) -> list[Finding]:
    """From 2007 R2 only 2012 RTM can be reached. Media of SP1 or R2, or such a target, end in a wrong hop."""
    target = str(context.inputs.get("target_version") or TARGET)
    rows: list[Row] = []
    if not target.startswith(RELEASE):
        rows.append(("target_version", target))
    known = view(context)
    for one in known.machines:
        version = one.get("media.version")
        if version and not str(version).startswith(RELEASE):
            rows.append((f"media on {one.name}", str(version)))
    findings = [Finding(BLOCK, "The chosen target or media is not 2012 RTM.", tuple(rows))] if rows else []
    unread = [
        one.name for one in known.media_hosts if not one.get("media.version") and context.inputs.get("media_path")
    ]
    if unread:
        text = f"The version of the media was not read on {listed(unread)}."
        findings.append(Finding(MANUAL, text, tuple((name, "unknown") for name in unread)))
    if known.path_kind != "none":
        findings = could_have(context, "media of another release", 2, findings)
    return findings or [Finding(PASS, "The target is 2012 RTM.")]
