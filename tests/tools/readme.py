"""Put the real plan of an estate into the README, between its two markers.

    python -m tests.tools.readme [--estate distributed-simple]

The text is what `playbooks/plan.yml` writes for people; the demonstration is run up to there.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from tests.tools import demo

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PHASE = re.compile(r"^[A-Z][A-Z ]+  \d+ steps? ")
BLOCK = re.compile(r"(<!-- plan: begin [^>]*-->\n).*?(<!-- plan: end -->)", re.DOTALL)


def shortened(plan: str) -> str:
    """The plan without the list of findings, which is long; how many there are of each kind stays."""
    lines = plan.splitlines()
    start = next((number for number, line in enumerate(lines, 1) if line.startswith("Findings ")), len(lines))
    end = next((number for number, line in enumerate(lines) if number > start and PHASE.match(line)), start)
    return "\n".join([*lines[:start], *([" (each with its remedy)", ""] if end > start else []), *lines[end:]])


def with_plan(text: str, plan: str) -> str:
    """The README's text with another plan in its block."""
    body = "```text\n" + "\n".join(line.rstrip() for line in plan.strip("\n").splitlines()) + "\n```\n"
    changed, count = BLOCK.subn(lambda match: match.group(1) + body + match.group(2), text)
    if count != 1:
        raise SystemExit("readme: README.md has no block for the plan, or more than one")
    return changed


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="readme", description=__doc__.splitlines()[0])
    parser.add_argument("--estate", default="distributed-simple", help="a name in tests/estates")
    options = parser.parse_args(arguments)
    code = demo.main(["--estate", options.estate, "--until", "plan"])
    if code:
        return code
    plan = demo.REPORTS / "upgrade-plan.txt"
    README.write_text(with_plan(README.read_text(encoding="utf-8"), shortened(plan.read_text(encoding="utf-8"))), encoding="utf-8")
    sys.stdout.write(f"{README.relative_to(ROOT)} shows {plan.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
