"""Bad input gets one error that names the thing and the remedy, before anything changes; other hosts go on where they can."""

from __future__ import annotations

from collections import Counter

import pytest
import yaml

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("bad-input")]


def untouched(run):
    """Nothing was changed, and no traceback was shown."""
    assert run.kinds() == Counter()
    assert "Traceback" not in run.output
    return run


def test_a_rejected_password_is_named_with_its_host(lab):
    run = untouched(lab.play("discover", "-e", "ansible_password=wrong", expect=2))
    assert "OM01" in run.output and "ansible_password" in run.output


def test_a_host_that_nobody_answers_for_is_named_and_the_others_go_on(lab):
    path = lab.inventory / "hosts.yml"
    hosts = yaml.safe_load(path.read_text(encoding="utf-8"))
    text = yaml.safe_dump(hosts).replace(hosts_address(hosts, "FILE01"), "127.0.250.250")
    path.write_text(text, encoding="utf-8")
    run = untouched(lab.play("discover"))
    assert "FILE01" in run.output and "1 hosts not reached" in run.output


def hosts_address(node, name):
    """The address of a host anywhere in an inventory."""
    if isinstance(node, dict):
        if isinstance(node.get(name), dict) and "ansible_host" in node[name]:
            return node[name]["ansible_host"]
        for value in node.values():
            found = hosts_address(value, name)
            if found:
                return found
    return None


def test_an_unknown_host_in_the_limit_is_refused(lab):
    run = untouched(lab.play("upgrade", "--limit", "NOSUCH", expect=None))
    assert run.code != 0 and "NOSUCH" in run.output


@pytest.mark.parametrize(
    "name, value",
    [
        ("scom_upgrade_target_version", "seven"),
        ("scom_upgrade_push_batch", "0"),
        ("scom_upgrade_backup_max_age_hours", "-3"),
    ],
)
def test_a_wrong_variable_is_named_before_anything_happens(lab, name, value):
    run = untouched(lab.play("plan", "-e", f"{name}={value}", expect=2))
    assert name in run.output


def test_a_missing_variable_is_named_before_anything_happens(lab):
    path = (
        next(lab.inventory.rglob("scom.yml")) if list(lab.inventory.rglob("scom.yml")) else lab.inventory / "hosts.yml"
    )
    content = [
        line
        for line in path.read_text(encoding="utf-8").splitlines()
        if not line.strip().startswith("scom_upgrade_media_path")
    ]
    path.write_text("\n".join(content) + "\n", encoding="utf-8")
    run = untouched(lab.play("upgrade", expect=2))
    assert "scom_upgrade_media_path" in run.output


def test_a_snapshot_of_another_schema_is_refused(lab, tmp_path):
    wrong = tmp_path / "snapshot.json"
    wrong.write_text('{"schema": 99, "hosts": {}}', encoding="utf-8")
    run = untouched(lab.play("plan", "-e", f"scom_upgrade_snapshot={wrong}", expect=2))
    assert "schema" in run.output and "99" in run.output


@pytest.mark.parametrize(
    "text", ["not JSON at all", "[]", '{"schema": 1}', '{"schema": 1, "hosts": {"A": {"name": 7}}}']
)
def test_a_file_that_is_no_snapshot_is_refused(lab, tmp_path, text):
    wrong = tmp_path / "snapshot.json"
    wrong.write_text(text, encoding="utf-8")
    untouched(lab.play("plan", "-e", f"scom_upgrade_snapshot={wrong}", expect=2))
