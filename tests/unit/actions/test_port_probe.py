"""Ports are tried from the host, all in one command, and nothing is changed."""

from __future__ import annotations

import pytest

TARGETS = [
    {"to": "SQL01", "address": "sql01.contoso.test", "port": 1433},
    {"to": "MS03", "port": 5724},
    {"to": "NOBODY", "address": "nobody.contoso.test", "port": 1433},
    {"to": "SQL02", "address": "sql02.contoso.test", "port": 445},
]


@pytest.mark.parametrize("check", [False, True])
def test_each_port_is_told_with_its_reason(bench, check):
    bench.world.blocked.add(("MS02", "SQL02", 445))
    before = bench.status()
    result = bench.run("port_probe", "MS02", check=check, targets=TARGETS, timeout=1)
    assert result["ports"] == [
        {"from": "MS02", "to": "SQL01", "port": 1433, "open": True, "error": None},
        {"from": "MS02", "to": "MS03", "port": 5724, "open": False, "error": "refused"},
        {"from": "MS02", "to": "NOBODY", "port": 1433, "open": False, "error": "unknown host"},
        {"from": "MS02", "to": "SQL02", "port": 445, "open": False, "error": "no answer"},
    ]
    assert (result["changed"], bench.connection.commands, bench.status()) == (False, 1, before)


def test_a_port_that_could_not_be_tried_is_unknown_and_not_closed(bench):
    bench.world.faults.add(host="MS02", operation="tcp.test", effect="fail", kind="access_denied", message="No.")
    first, second = bench.run("port_probe", "MS02", targets=TARGETS[:2])["ports"]
    assert (first["open"], first["error"]) == (None, "No.")
    assert second["open"] is False


def test_no_target_is_no_command(bench):
    result = bench.run("port_probe", "MS02", targets=[])
    assert (result["ports"], bench.connection.commands) == ([], 0)


def test_a_target_without_a_port_is_refused(bench):
    with pytest.raises(Exception, match="port"):
        bench.run("port_probe", "MS02", targets=[{"to": "SQL01"}])
