# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The reference tables and the questions asked of them."""

from __future__ import annotations

from typing import Any, Optional

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils.catalog import (
    ROLES,
    SETTINGS,
    Settings,
    UnknownSetting,
    agent_supported,
    build_name,
    collations,
    durations,
    network,
    parse_version,
    setup,
    sources,
    sql_supported,
    supported,
    undecided,
    update_level,
    versions,
)
from ansible_collections.scom.upgrade.plugins.module_utils.catalog.capacity import LIMITS, limit
from ansible_collections.scom.upgrade.plugins.module_utils.catalog.configurations import CONFIGURATIONS, SQL_VERSIONS

GOOD = {"release": "2008 R2", "service_pack": 1, "architecture": "x64"}


def host(**keys: Any) -> dict[str, Any]:
    return {"name": "A", "os": dict(GOOD), "sql": [], "cluster": None, **keys}


def test_every_row_has_evidence_and_source() -> None:
    rows: list[Any] = [*versions.BUILDS, *CONFIGURATIONS.values(), *SQL_VERSIONS, *collations.COLLATIONS]
    rows += [*network.PORTS, *LIMITS.values(), *setup.COMMANDS.values(), *setup.IIS_FEATURES, *setup.MEDIA]
    rows += [*setup.EXIT_CODES, *SETTINGS.values(), *durations.DURATIONS.values()]
    for row in rows:
        assert row.evidence in sources.EVIDENCE and row.source, row


@pytest.mark.parametrize(
    ("text", "version"),
    [("9.00.5000.00", (9, 0, 5000, 0)), ("10.50.2500.0", (10, 50, 2500, 0)), ("", None), (None, None), ("x", None)],
)
def test_versions_are_read(text: Any, version: Any) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize(
    ("patches", "file", "level"),
    [
        ("", None, 0),
        (None, None, None),
        ("System Center Operations Manager 2007 R2 Cumulative Update 5 (KB2495674)", None, 5),
        ("KB974144; KB2449679", None, 4),
        ("CU3;CU 4", None, 4),
        ("Hotfix KB999999", None, 0),
        ("Cumulative Update 5", "6.1.7221.0", 0),
        ("", "6.1.7221.61", 4),
        ("", "6.1.7221.80", 4),
        (None, "6.1.7221.200", 7),
        (None, "7.0.8560.0", None),
    ],
)
def test_the_update_level(patches: Optional[str], file: Optional[str], level: Optional[int]) -> None:
    assert update_level(patches, file) == level


def test_names_of_builds() -> None:
    assert build_name("6.1.7221.81") == "2007 R2 CU5" and build_name("7.0.8560.0") == "2012 RTM"
    assert build_name("1.2") == "1.2"


@pytest.mark.parametrize("role", ROLES)
def test_a_good_machine_keeps_every_role(role: str) -> None:
    assert supported(host(sql=[{"instance": "X", "version": "10.50.1600.1"}]), role) == []


@pytest.mark.parametrize("role", ROLES)
def test_nothing_known_is_no_reason_and_is_undecided(role: str) -> None:
    assert supported({"name": "A"}, role) == []
    assert "os.release" in undecided({"name": "A"}, role)


@pytest.mark.parametrize(
    ("system", "role", "rules"),
    [
        ({"release": "2003", "service_pack": 2, "architecture": "x86"}, "gateway", ["R03", "R05"]),
        ({"release": "2008 R2", "service_pack": 1, "architecture": "ia64"}, "gateway", ["R03"]),
        ({"release": "2008 R2", "service_pack": 0, "architecture": "x64"}, "management_server", ["R05"]),
        ({"release": "2008", "service_pack": 2, "architecture": "x64"}, "operational_database", ["R05"]),
        ({"release": "2008", "service_pack": 2, "architecture": "x64"}, "console", []),
        ({"release": "2008", "service_pack": 1, "architecture": "x64"}, "console", ["R05"]),
        ({"release": "2012", "service_pack": 0, "architecture": "x64"}, "management_server", []),
    ],
)
def test_operating_systems(system: dict[str, Any], role: str, rules: list[str]) -> None:
    assert [one.rule for one in supported(host(os=system), role)] == rules


def test_a_setting_accepts_2008_sp2_under_databases_alone() -> None:
    given = Settings({"database_os_2008_sp2": True})
    machine = host(os={"release": "2008", "service_pack": 2, "architecture": "x64"})
    assert supported(machine, "data_warehouse", given) == []
    assert supported(machine, "management_server", given) != []


@pytest.mark.parametrize(
    ("version", "good"),
    [("8.0.2039", False), ("9.00.5000.00", False), ("10.0.1600.22", False), ("10.0.2531.0", True),
     ("10.50.1600.1", True), ("11.0.2100.60", True), (None, None), ("?", None)],
)  # fmt: skip
def test_sql_server(version: Optional[str], good: Optional[bool]) -> None:
    assert sql_supported(version) is good
    reasons = supported(host(sql=[{"instance": "X", "version": version}]), "data_warehouse")
    assert [one.rule for one in reasons] == (["R06"] if good is False else [])


def test_the_instance_of_the_database_counts() -> None:
    machine = host(sql=[{"instance": "OLD", "version": "9.0"}, {"instance": "NEW", "version": "10.50"}])
    assert supported(machine, "data_warehouse", instance="old")
    assert not supported(machine, "data_warehouse", instance="NEW")
    assert not supported(machine, "data_warehouse")


def test_a_cluster_keeps_no_server_role_and_every_other() -> None:
    machine = host(cluster={"virtual_name": "V"}, sql=[{"instance": "X", "version": "10.50"}])
    assert [one.rule for one in supported(machine, "root_management_server")] == ["R04"]
    assert supported(machine, "operational_database") == []


@pytest.mark.parametrize(
    ("release", "pack", "architecture", "good"),
    [("2000", 4, "x86", False), ("2003", 1, "x86", False), ("2003", 2, "x86", True), ("2003 R2", 2, "x64", True),
     ("2003", 2, "ia64", False), ("2008", 1, "x64", False), ("2008", 2, "x86", True), ("2008 R2", 0, "x64", True),
     ("2012", 0, "x64", None), ("NT", 6, "x86", None)],
)  # fmt: skip
def test_agents(release: str, pack: int, architecture: str, good: Optional[bool]) -> None:
    assert agent_supported({"release": release, "service_pack": pack, "architecture": architecture}) is good


@pytest.mark.parametrize(
    ("language", "collation", "outcome"),
    [
        ("en", "SQL_Latin1_General_CP1_CI_AS", "supported"),
        ("ENU", "sql_latin1_general_cp1_ci_as", "supported"),
        ("en-US", "Latin1_General_CI_AS", "wrong"),
        (None, "Latin1_General_CI_AI", "wrong"),
        ("de", "Latin1_General_CI_AS", "supported"),
        ("de", "SQL_Latin1_General_CP1_CI_AS", "doubtful"),
        ("de", "French_CI_AS", "wrong"),
        ("fr", "French_CI_AS", "supported"),
        ("zh-CN", "Chinese_PRC_CI_AS", "supported"),
    ],
)
def test_collations(language: Optional[str], collation: str, outcome: str) -> None:
    assert collations.judge(collation, language).outcome == outcome


def test_a_collation_can_be_accepted_through_a_setting() -> None:
    given = Settings({"collations": {"de": ["French_CI_AS"]}})
    assert collations.judge("French_CI_AS", "de", given).outcome == "supported"


def test_settings_are_checked() -> None:
    assert Settings({"log_percent": 40})["log_percent"] == 40 and Settings()["log_percent"] == 50
    assert Settings({"log_percent": 40, "push_batch": 200}).overridden == {"log_percent": 40}
    with pytest.raises(UnknownSetting, match="unknown setting x; known: "):
        Settings({"x": 1})
    with pytest.raises(UnknownSetting, match="setting log_percent: expected a number, got True"):
        Settings({"log_percent": True})
    with pytest.raises(UnknownSetting, match="setting collations: expected dict"):
        Settings({"collations": []})


def test_limits_can_be_set() -> None:
    assert limit("consoles") == 50 and limit("consoles", Settings({"limits": {"consoles": 10}})) == 10


def test_command_lines_are_filled_in() -> None:
    text = setup.command_line("management_server", {"das": "/UseLocalSystemDASAccount"})
    assert text == "setup.exe /silent /upgrade /AcceptEndUserLicenseAgreement /UseLocalSystemDASAccount"
    later = Settings({"eula_switch": "/AcceptEndUserLicenseAgreement:1"})
    assert "Agreement:1" in setup.command_line("console", {}, later)
    own = Settings({"commands": {"console": "setup.exe {eula} /x"}})
    assert setup.command_line("console", {}, own) == "setup.exe /AcceptEndUserLicenseAgreement /x"
    with pytest.raises(KeyError, match="command reporting: no value for management_server"):
        setup.command_line("reporting", {})


def test_what_is_filled_in_is_not_filled_in_again() -> None:
    assert setup.command_line("reporting", {"management_server": "{eula}"}).endswith("/ManagementServer:{eula}")


@pytest.mark.parametrize(
    ("code", "program", "name"),
    [(0, "setup.exe", "Successful"), (-17, "setup.exe", "InvalidToInstallOnThisMachine"),
     (4294967279, "setup.exe", "InvalidToInstallOnThisMachine"), (3010, "msiexec.exe", "success, restart needed"),
     (1603, "msiexec.exe", "fatal error"), (99, "setup.exe", None), (-1603, "msiexec.exe", None)],
)  # fmt: skip
def test_exit_codes(code: int, program: str, name: Optional[str]) -> None:
    found = setup.exit_result(code, program)
    assert (found.name if found else None) == name


def test_citations_are_resolved() -> None:
    assert [row[0] for row in sources.cited("S14, S19a (C14); S14")] == ["S14", "S19"]
