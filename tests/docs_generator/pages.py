# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Write the pages of `docs/` that come from the rules and tables themselves.

    python -m tests.docs_generator           writes them
    python -m tests.docs_generator --check   says which are not current, and fails

One page a rule, the comparison with Microsoft's setup, the supported configurations, the decision table of the paths, the
figures of estimates. The examples on a rule's page are what the rule really says of the cases in `tests/unit/rules/cases.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.scom.upgrade.plugins.module_utils import path
from ansible_collections.scom.upgrade.plugins.module_utils.catalog import (
    BUILDS,
    ROLE_NAMES,
    SETTINGS,
    capacity,
    collations,
    configurations,
    durations,
    network,
    setup,
    sources,
)
from ansible_collections.scom.upgrade.plugins.module_utils.rules.book import Rule, ordered
from ansible_collections.scom.upgrade.plugins.module_utils.rules.engine import IMPACTS, OUTCOMES
from ansible_collections.scom.upgrade.plugins.module_utils.rules.repairs import TEMPLATES
from ansible_collections.scom.upgrade.plugins.module_utils.rules.servers import COMPONENTS
from tests.unit.rules.cases import CASES

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
NOTICE = "<!-- Written by `python -m tests.docs_generator` from the source; edit that instead. -->"
SETUP_WORDS = {
    "checks": "checks it",
    "fails later": "fails later",
    "not checked": "does not look",
    "unknown": "not known",
}


def cell(value: Any) -> str:
    """A value inside a table: no border of the table can come out of it."""
    return str(value).replace("\n", " ").replace("|", "\\|").replace("<", "&lt;").strip() or "-"


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _head in head) + " |"]
    return lines + ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows] + [""]


def page(title: str, *lines: str) -> str:
    """A page with its title and the notice that it is written by a program."""
    text = "\n".join([f"# {title}", "", NOTICE, "", *lines])
    return text.rstrip("\n") + "\n"


def citation(text: str) -> str:
    """A source as it stands in a rule, with the keys spelled out."""
    found = [f"{key}: {name} ({where})" for key, name, where in sources.cited(text)]
    return text + (" - " + "; ".join(found) if found else "")


def examples(one: Rule) -> list[tuple[str, str]]:
    """What the rule says, once for each of its outcomes, the gravest first."""
    rows = []
    for outcome in OUTCOMES:
        for case in CASES:
            if case.rule == one.id and case.outcome == outcome:
                (result,) = case.run().results
                rows.append((outcome, result.message))
                break
    return rows


def rule_page(one: Rule) -> str:
    """The page of one rule."""
    waivable = "yes, with owner, reason and expiry" if one.waivable else "no, it breaks the upgrade"
    lines = [one.about, ""]
    lines += table(
        ["", ""],
        [
            (
                "what it finds",
                IMPACTS[one.impact] if one.impact != "none" else "neither breaks the upgrade nor an outage",
            ),
            ("outcomes", ", ".join(f"`{outcome}`" for outcome in OUTCOMES if outcome in one.outcomes)),
            ("can be waived", waivable),
            ("tags", ", ".join(f"`@{tag}`" for tag in one.tags)),
            ("reads", ", ".join(f"`{fact}`" for fact in one.facts)),
            ("evidence", f"`{one.evidence}`: {sources.EVIDENCE[one.evidence]}"),
            ("source", citation(one.source)),
        ],
    )
    lines += ["## Remedy", "", one.remedy, ""]
    if one.repair:
        template = TEMPLATES[one.repair]
        lines += ["## Repair", ""]
        lines += [
            f"Opted in with `scom_upgrade_repairs: [{one.id}]`, a step `{one.repair}` of the phase `pre_upgrade` cures it "
            f"({'a person does it' if template.mode == 'manual' else 'done automatically'}, {template.reversibility}).",
            "",
            f"Undo: {template.undo} Source: `{template.evidence}`, {template.source}.",
            "",
        ]
    if one.options:
        lines += ["## Options", ""]
        rows = [(f"`{name}`", f"`{SETTINGS[name].default}`", SETTINGS[name].text) for name in one.options]
        lines += table(["option", "default", "what it is"], rows)
        lines += [f"For this rule alone: `- {one.id}: {{{one.options[0]}: ...}}` in the selection; for all: "
                  f"`scom_upgrade_settings: {{{one.options[0]}: ...}}`.", ""]  # fmt: skip
    lines += ["## What it says", ""]
    lines += table(["outcome", "for example"], [(f"`{outcome}`", text) for outcome, text in examples(one)])
    lines += [f"Affected objects come as a table of {', '.join(one.columns)}.", ""]
    lines += ["## Microsoft's setup", "", f"{SETUP_WORDS[one.setup[0]].capitalize()}. {one.setup[1]}", ""]
    lines += ["[All rules](README.md)"]
    return page(f"{one.id}: {one.title}", *lines)


def rule_index(rules: Sequence[Rule]) -> str:
    """The list of all rules."""
    tags = sorted({tag for one in rules for tag in one.tags})
    lines = [
        "Every rule runs, whatever came of the others. A rule that cannot know answers `manual`, one that fails answers",
        "`error`. R01 to R40 are the rule base of the upgrade procedure; the others follow from its sections and from the",
        "product's tables. Select with ids, `@tag`, `!` to leave out, and `{R09: {option: value}}`.",
        "",
        "Tags: " + ", ".join(f"`@{tag}`" for tag in tags) + ".",
        "",
    ]
    rows = [
        (
            f"[{one.id}]({one.id}.md)",
            one.title,
            next(outcome for outcome in OUTCOMES if outcome in one.outcomes and outcome != "manual")
            if set(one.outcomes) - {"pass", "not_applicable", "manual"}
            else "manual",
            IMPACTS[one.impact],
            one.evidence,
            one.repair or "",
        )
        for one in rules
    ]
    lines += table(["rule", "asks", "at worst", "what it finds", "evidence", "repair"], rows)
    lines += ["How this compares with what Microsoft's setup looks at: [comparison](comparison-with-setup.md)."]
    return page("Readiness rules", *lines)


def comparison(rules: Sequence[Rule]) -> str:
    """Our rules beside what Microsoft's own setup does."""
    counts = {word: sum(1 for one in rules if one.setup[0] == word) for word in SETUP_WORDS}
    lines = [
        "Microsoft's setup wizard has a prerequisite page and does not continue until every issue on it is cleared (S1). It",
        "looks at one machine, when that machine's turn has come. The rules look at the whole group weeks before.",
        "",
        "How much of the wizard's own list is known is limited: Microsoft's page of system requirements is a gap of the",
        "sources, so `not known` stands wherever no source tells.",
        "",
    ]
    lines += table(["Microsoft's setup", "rules"], [(SETUP_WORDS[word], number) for word, number in counts.items()])
    rows = [(f"[{one.id}]({one.id}.md)", one.title, SETUP_WORDS[one.setup[0]], one.setup[1]) for one in rules]
    lines += table(["rule", "asks", "Microsoft's setup", "what is known of it"], rows)
    return page("The rules and what Microsoft's setup checks", *lines)


def supported_configurations() -> str:
    """The reference tables."""
    rows = []
    for one in configurations.CONFIGURATIONS.values():
        needs = ", ".join(COMPONENTS[need] for need in one.requires)
        rows.append(
            (
                ROLE_NAMES[one.role],
                f"Windows Server {one.release} SP{one.service_pack}",
                ", ".join(one.architectures),
                f"{one.memory_mb} MB" if one.memory_mb else "",
                f"{one.disk_mb} MB" if one.disk_mb else "",
                needs + (", SQL Server" if one.sql else ""),
                f"{one.evidence}, {one.source}; details {one.details_evidence}",
            )
        )
    lines = [
        "What stands here is data of the collection (`plugins/module_utils/catalog`), and these tables are made from it. What",
        "is `recalled` or `inferred` is a setting or only warns. Grades: "
        + "; ".join(f"`{name}` {text}" for name, text in sources.EVIDENCE.items()) + ".",
        "",
        "## Roles",
        "",
    ]  # fmt: skip
    lines += table(["role", "system, at least", "architecture", "memory", "disk", "needs", "evidence"], rows)
    lines += ["## Agents", ""]
    lines += table(
        ["Windows Server", "service pack, at least", "architectures", "evidence"],
        [(one.release, one.service_pack, ", ".join(one.architectures), f"{one.evidence}, {one.source}")
         for one in configurations.AGENT_SYSTEMS],
    )  # fmt: skip
    lines += ["## SQL Server", ""]
    lines += table(
        ["release", "supported from", "evidence"],
        [
            (
                one.name,
                "never" if one.minimum is None else one.minimum_name if one.listed else "not listed at RTM (R50 warns)",
                f"{one.evidence}, {one.source}",
            )
            for one in configurations.SQL_VERSIONS
        ],
    )
    lines += ["## Collations", ""]
    lines += table(
        ["language", "collation", "evidence"],
        [(one.language, one.collation, f"{one.evidence}, {one.source}") for one in collations.COLLATIONS],
    )
    lines += ["## Builds", ""]
    lines += table(
        ["product", "level", "build", "article", "evidence"],
        [(one.product, one.level, one.version, f"KB{one.kb}" if one.kb else "", f"{one.evidence}, {one.source}")
         for one in BUILDS],
    )  # fmt: skip
    lines += ["## Limits", ""]
    lines += table(
        ["limit", "number", "setting", "evidence"],
        [(one.text, f"{one.number:,}", f"limits.{one.name}", one.evidence) for one in capacity.LIMITS.values()],
    )
    lines += ["## Ports", ""]
    lines += table(
        ["from", "to", "ports", "when", "evidence"],
        [(one.source_role, one.target_role, one.ports, one.when, one.evidence) for one in network.PORTS],
    )
    lines += ["## Role services of the web console", ""]
    lines += [", ".join(f"`{one.name}`" for one in setup.IIS_FEATURES) + " (`field`, product-reference 1.2).", ""]
    lines += [
        "## Command lines of setup",
        "",
        "Names in braces are filled in on the host; passwords never stand in a plan.",
        "",
    ]
    lines += table(
        ["command", "for", "template", "evidence"],
        [(one.name, one.text, f"`{one.template}`", f"{one.evidence}, {one.source}") for one in setup.COMMANDS.values()],
    )
    lines += ["## Exit codes", ""]
    lines += table(
        ["program", "code", "means", "success", "evidence"],
        [(one.program, one.code, one.name, "yes" if one.success else "no", f"{one.evidence}, {one.source}")
         for one in setup.EXIT_CODES],
    )  # fmt: skip
    lines += ["## Settings", "", "Overridden through `scom_upgrade_settings: {name: value}`.", ""]
    lines += table(
        ["setting", "default", "what it is", "evidence", "source"],
        [(f"`{one.name}`", f"`{one.default}`", one.text, one.evidence, one.source) for one in SETTINGS.values()],
    )
    lines += ["## Sources", ""]
    lines += table(["key", "what", "where"], [(key, *row) for key, row in sources.SOURCES.items()])
    lines += [
        "A letter behind a key names a page of that source (S19a to S19n: pages of the later guide). `product-reference` and",
        "`scripting-reference` with a section number are the notes on the product this collection was written from; E1 to E13,",
        "O1 to O20, C1 to C16 and M1 to M15 are the entry conditions, order constraints, contradictions and open points of its",
        "notes on the procedure. Those notes are not part of the collection; what they rest on is in the table.",
    ]
    return page("Supported configurations and reference tables", *lines)


def decision_table() -> str:
    """Which path a group takes."""
    names = list(path.CONDITIONS)
    lines = [
        "Rows are tried from the top; the first whose conditions all hold is the path. Sources: S1, S3, S4, S6 of the upgrade",
        "procedure, section 1.3. Every plan names the facts that made each condition true or false.",
        "",
    ]
    words = {True: "yes", False: "no", None: "either"}
    rows = [(path.TITLES[name], *(words[row.get(one)] for one in names)) for name, row in path.TABLE]
    lines += table(["path", *(name.replace("_", " ") for name in names)], rows)
    lines += table(["condition", "what it asks"], [(name.replace("_", " "), path.CONDITIONS[name]) for name in names])
    lines += [
        "What makes a machine fail its role is in [supported configurations](supported-configurations.md): architecture (R03),",
        "clustering (R04), operating system (R05), SQL Server (R06). What can be cured where it stands (memory, space,",
        "full-text search, collation, components) is a finding and never changes the path.",
        "",
        "In a complex path a failing machine hands its roles to a spare one. A root management server that fails needs none",
        "where a supported secondary management server can run the group's upgrade; every other failing role without a machine",
        "that takes it over blocks (R03, R05, R06).",
    ]
    return page("The decision table of the paths", *lines)


def _span(figures: Sequence[float]) -> str:
    return " / ".join(f"{one:g}" for one in figures) if any(figures) else ""


def estimates() -> str:
    """The figures of the model of estimates, and what changes them."""
    most = SETTINGS["most_correction"].default
    lines = [
        "No source gives minutes for this upgrade (upgrade procedure 5.3), so every figure is one to be replaced by your own. A",
        "step takes the base of its kind, plus the rate for each unit of its size: gigabytes in use of the database that the step",
        "works on, agents of a batch. Each figure is a low, a likely and a high one: at best, as expected, at worst. What the",
        "steps add up to follows from their order and from how many are done at the same time (settings `forks` and",
        "`gateways_at_once`).",
        "",
        "Three things change an estimate:",
        "",
        "- The setting `durations` changes figures of this table, by kind; the size still counts:",
        "  `scom_upgrade_settings: {durations: {group.upgrade: {rate: {low: 20, likely: 40, high: 90}}}}`.",
        "- The journal corrects a kind that was measured in this upgrade: its `done` entries carry `kind`, `duration` in seconds",
        "  and `size`. The median of measured to expected duration multiplies the three figures of every step of that kind that",
        f"  is still to come, at most by {most:g} and at least by 1/{most:g} (setting `most_correction`).",
        "- The input `scom_upgrade_estimates` gives the duration of a step of a kind, in seconds, as you know it. It is taken as it",
        "  stands: neither size nor journal changes it. `scom_upgrade_estimates: {group.upgrade: {low: 3600, likely: 7200, high:",
        "  14400}}`. A figure that is missing is as the next worse one, or as the worst that is given.",
        "",
        "An unknown kind, and a low figure above the likely or the likely above the high, is an error.",
        "",
        "## Figures",
        "",
        "Seconds, as low / likely / high. `other` stands for any kind without a row of its own.",
        "",
    ]
    rows = [
        (f"`{one.kind}`", _span(one.base), _span(one.rate), one.unit, one.evidence, one.source)
        for one in durations.DURATIONS.values()
    ]
    lines += table(["kind of step", "base", "rate", "for each", "evidence", "source"], rows)
    return page("How long a step takes", *lines)


def pages() -> dict[Path, str]:
    """Every page with its content."""
    rules = ordered()
    made = {DOCS / "rules" / f"{one.id}.md": rule_page(one) for one in rules}
    made[DOCS / "rules" / "README.md"] = rule_index(rules)
    made[DOCS / "rules" / "comparison-with-setup.md"] = comparison(rules)
    made[DOCS / "supported-configurations.md"] = supported_configurations()
    made[DOCS / "decision-table.md"] = decision_table()
    made[DOCS / "estimates.md"] = estimates()
    return made


def stale() -> list[str]:
    """The pages that are missing, differ, or belong to no rule."""
    made = pages()
    wrong = [one for one, text in made.items() if not one.exists() or one.read_text(encoding="utf-8") != text]
    wrong += [one for one in (DOCS / "rules").glob("*.md") if one not in made]
    return sorted(str(one.relative_to(ROOT)) for one in wrong)


def main(arguments: list[str]) -> int:
    """Write the pages, or check them."""
    if "--check" in arguments:
        for name in stale():
            sys.stdout.write(f"not current: {name}; run python -m tests.docs_generator\n")
        return 1 if stale() else 0
    made = pages()
    for one, text in made.items():
        one.parent.mkdir(parents=True, exist_ok=True)
        one.write_text(text, encoding="utf-8")
    for one in (DOCS / "rules").glob("*.md"):
        if one not in made:
            one.unlink()
    sys.stdout.write(f"{len(made)} pages written\n")
    return 0
