"""How long it takes to decide about a group, and how much memory: facts, findings, path, plan and views, by number of agents.

    python -m tests.tools.benchmark [--agents 1000,10000,100000] [--all-views] [--estate distributed-simple]

Each size is measured in a process of its own, on one core: from the text of a snapshot file to the views, in processor
seconds, with the largest resident memory of that process. Four of five agents are pushed, one of five was installed by hand.
The ratio is seconds an agent, compared with the row before.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SIZES = (1_000, 10_000, 100_000)
PARTS = ("facts", "path", "findings", "plan", "views")
FEW = ("text", "json")


def grown(name: str, agents: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Snapshot and inputs of a public estate with so many agents, spread over its servers and gateways."""
    from tests.unit.decide.estates import inputs_from_estate, load_estate, snapshot_from_estate

    estate = load_estate(name)
    agents_before = [one for one in estate["agents"] if one.get("primary")]
    pushed = next(one for one in agents_before if one.get("install", "push") != "manual")
    manual = next((one for one in agents_before if one.get("install") == "manual"), {**pushed, "install": "manual"})
    parents = sorted({one["primary"] for one in agents_before})
    shares = [len(range(place, agents, len(parents))) for place in range(len(parents))]
    estate["agents"] = []
    for place, (parent, share) in enumerate(zip(parents, shares)):
        by_hand = share // 5
        for letter, number, like in (("P", share - by_hand, pushed), ("M", by_hand, manual)):
            if number:
                row = {**like, "name": f"{letter}{place:02}X[000001:{number:06}]", "primary": parent, "failover": []}
                estate["agents"].append(row)
    return snapshot_from_estate(estate), inputs_from_estate(estate)


def work(path: str, all_views: bool) -> dict[str, Any]:
    """Everything from a snapshot file to the views, in this process: processor seconds of each part, and peak memory."""
    from ansible_collections.scom.upgrade.plugins.module_utils import facts, inputs, model, planner
    from ansible_collections.scom.upgrade.plugins.module_utils import path as paths
    from ansible_collections.scom.upgrade.plugins.module_utils.readiness import assess_group, repairs_of
    from ansible_collections.scom.upgrade.plugins.module_utils.render.views import VIEWS, render_all

    names = tuple(VIEWS) if all_views else FEW
    given = json.loads(Path(f"{path}.inputs").read_text(encoding="utf-8"))
    marks = [time.process_time()]
    group = model.build(facts.parse(Path(path).read_text(encoding="utf-8"), path))
    marks.append(time.process_time())
    complete = inputs.normalise(given)
    decision = paths.decide(group, complete)
    marks.append(time.process_time())
    report = assess_group(group, decision, complete).to_dict()
    marks.append(time.process_time())
    plan = planner.plan_of(group, decision, complete, repairs=repairs_of(report, complete), blocked=report["blocked"])
    plan_data = plan.to_dict()
    marks.append(time.process_time())
    shown = render_all(
        names,
        {"plan": plan_data, "path": decision.to_dict(), "findings": report["findings"], "snapshot": group.snapshot},
    )
    marks.append(time.process_time())
    return {
        "agents": len(group.agents),
        "steps": len(plan.steps),
        "parts": dict(zip(PARTS, (two - one for one, two in zip(marks, marks[1:])))),
        "seconds": marks[-1] - marks[0],
        "megabytes": peak(),
        "bytes": {name: len(text) for name, text in shown.items()},
    }


def peak() -> float:
    """The most memory this process ever had, in megabytes.

    Linux's own count for this program: ``getrusage`` would begin with the size of whoever started it.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def measure(agents: int, all_views: bool = True, estate: str = "distributed-simple") -> dict[str, Any]:
    """One size, in a process of its own: what :func:`work` answers."""
    with tempfile.TemporaryDirectory(prefix="scom-benchmark-") as folder:
        path = Path(folder) / "snapshot.json"
        snapshot, given = grown(estate, agents)
        path.write_text(json.dumps(snapshot), encoding="utf-8")
        Path(f"{path}.inputs").write_text(json.dumps(given), encoding="utf-8")
        command = [sys.executable, "-m", "tests.tools.benchmark", "--work", str(path)]
        more = ["--all-views"] if all_views else []
        found = subprocess.run(
            [*command, *more], cwd=ROOT, check=True, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": places()}
        )
    answer: dict[str, Any] = json.loads(found.stdout)
    return answer


def places() -> str:
    """Where a child process finds the tests and the collection."""
    return os.pathsep.join((str(ROOT), str(ROOT / "playbooks" / "collections")))


def ratio(small: dict[str, Any], large: dict[str, Any]) -> float:
    """Seconds an agent of the larger group, by those of the smaller one: 1 is linear growth."""
    return (large["seconds"] / large["agents"]) / (small["seconds"] / small["agents"])


def rows(measured: list[dict[str, Any]]) -> list[str]:
    """The table that is printed."""
    lines = [
        f"{'agents':>9} {'steps':>7} {'seconds':>9} {'ms/agent':>9} {'ratio':>6} {'MB':>7}   "
        + "  ".join(f"{one:>8}" for one in PARTS)
    ]
    before = None
    for one in measured:
        grew = f"{ratio(before, one):6.2f}" if before else " " * 6
        lines.append(
            f"{one['agents']:>9,} {one['steps']:>7,} {one['seconds']:>9.2f} {1000 * one['seconds'] / one['agents']:>9.3f} {grew} "
            f"{one['megabytes']:>7.0f}   " + "  ".join(f"{one['parts'][part]:>8.2f}" for part in PARTS)
        )
        before = one
    return lines


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmark", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--agents", default=",".join(map(str, SIZES)), help="numbers of agents, with commas between them"
    )
    parser.add_argument("--all-views", action="store_true", help="all views, not only the text and JSON")
    parser.add_argument("--estate", default="distributed-simple", help="a name in tests/estates")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.work:
        sys.stdout.write(json.dumps(work(options.work, options.all_views)))
        return 0
    measured = [measure(int(text), options.all_views, options.estate) for text in options.agents.split(",")]
    sys.stdout.write("\n".join(rows(measured)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
