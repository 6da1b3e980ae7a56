"""The project's own tools: the copy that the gates read, the stand-in that ansible-test finds, the README's plan."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.tools import demo, readme, sanity, tree
from tests.unit.house.project import ROOT, read


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "checkout"
    for name, text in {
        "galaxy.yml": "name: upgrade\n",
        "plugins/one.py": "one = 1\n",
        ".gitignore": ".build/\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    link = root / "playbooks" / "collections" / "upgrade"
    link.parent.mkdir(parents=True)
    link.symlink_to("../..")
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    monkeypatch.setattr(tree, "ROOT", root)
    monkeypatch.setattr(tree, "BUILD", root / ".build")
    monkeypatch.setattr(tree, "TREE", root / ".build" / "tree" / "ansible_collections" / "scom" / "upgrade")
    return root


def test_the_copy_follows_the_checkout(checkout: Path) -> None:
    copy = tree.lay_out()
    assert (copy / "plugins" / "one.py").read_text(encoding="utf-8") == "one = 1\n"
    assert not (copy / "playbooks").exists(), "the link by which a clone finds itself would be a loop here"
    unchanged = (copy / "galaxy.yml").stat().st_mtime_ns
    (checkout / "plugins" / "one.py").unlink()
    (checkout / "plugins" / "two.py").write_text("two = 2\n", encoding="utf-8")
    tree.lay_out()
    assert sorted(path.name for path in (copy / "plugins").iterdir()) == ["two.py"]
    assert (copy / "galaxy.yml").stat().st_mtime_ns == unchanged


def test_ansible_test_says_which_bootstrap_script_it_wants() -> None:
    names = sanity.cache_names()
    assert names
    assert all(name.startswith("get_pip_") and name.endswith(".py") for name in names)
    compile(sanity.STAND_IN, "get_pip.py", "exec")


def test_the_readme_has_one_block_for_the_plan() -> None:
    text = readme.with_plan(read(Path("README.md")), "PLAN\n  one   \n\n")
    assert "-->\n```text\nPLAN\n  one\n```\n<!-- plan: end -->" in text
    assert readme.with_plan(text, "PLAN\n  one\n") == text
    with pytest.raises(SystemExit, match="no block"):
        readme.with_plan("nothing", "PLAN")


def test_the_readme_leaves_the_findings_out() -> None:
    plan = "GROUP\n\nFindings   1 warning\n ! R01   Something.\n         -> Do it.\n\nGATEWAYS  1 step ---\n . Upgrade\n"
    assert readme.shortened(plan) == "GROUP\n\nFindings   1 warning\n (each with its remedy)\n\nGATEWAYS  1 step ---\n . Upgrade"
    assert readme.shortened("no findings\n") == "no findings"


def test_the_demonstration_names_the_estates_it_knows(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        demo.main(["--estate", "distributed-simpel"])
    assert "there is no estate 'distributed-simpel'; these exist: " in capsys.readouterr().err


def test_commands_for_facts_are_counted_per_host(tmp_path: Path) -> None:
    before = {"n": 1, "kind": "command", "host": "RMS01", "operations": ["system.info"], "bytes_in": 10}
    events = [
        {**before, "n": 2},
        {**before, "n": 3, "host": "MS01"},
        {"n": 4, "kind": "service", "host": "MS01"},
        {**before, "n": 5, "operations": ["opsmgr.run"]},
    ]
    record = tmp_path / "events.jsonl"
    record.write_text(json.dumps(before) + "\n", encoding="utf-8")
    start = record.stat().st_size
    with open(record, "a", encoding="utf-8") as handle:
        handle.writelines(json.dumps(event) + "\n" for event in events)
    assert demo.fact_commands(tmp_path, start) == 1
    assert demo.fact_commands(tmp_path, 0) == 2


def test_the_tools_run_from_the_root() -> None:
    assert tree.ROOT == demo.ROOT == readme.ROOT == ROOT
