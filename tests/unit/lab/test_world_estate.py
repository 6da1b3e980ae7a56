"""Estates are read whole, and wrong ones are refused with file, place and remedy; the inventory fits them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.lab.estate import EstateError, expand_range, parse_estate, read_estate
from tests.lab.inventory import hosts_of, inputs_of, served_hosts, write_inventory

ESTATES = Path(__file__).parents[2] / "estates"
ALL = sorted(ESTATES.glob("*.yml"))


def test_every_estate_is_read():
    sizes = {path.stem: (len((e := read_estate(path)).servers), len(e.agents), e.root.name) for path in ALL}
    assert sizes == {
        "distributed-complex-32bit": (9, 33, "TSRMS"),
        "distributed-complex-clustered-rms": (8, 60, "OMRMSV"),
        "distributed-simple": (8, 56, "RMS01"),
        "no-warehouse": (3, 10, "LWRMS"),
        "not-ready": (3, 8, "WTRMS"),
        "single-complex-32bit": (3, 12, "SCOM"),
        "single-simple": (1, 8, "OM01"),
    }


def test_defaults_ranges_and_overrides():
    estate = read_estate(ESTATES / "distributed-simple.yml")
    assert [a.name for a in estate.agents if a.group == "APP[001:040]"][:2] == ["APP001", "APP002"]
    gateway = estate.server("gw01.contoso.test")
    assert gateway is not None
    assert (gateway.reports_to, gateway.failover, gateway.domain_joined, gateway.certificate) == (
        "MS02",
        ("MS03",),
        False,
        True,
    )
    assert (gateway.memory_mb, gateway.free_mb, gateway.version, gateway.cumulative_update) == (
        8192,
        40960,
        "6.1.7221.0",
        5,
    )
    assert (gateway.powershell, gateway.winrm, gateway.fqdn) == ("2.0", "2.0", "gw01.contoso.test")
    assert estate.databases.audit is not None and estate.databases.audit.server == "SQL02"
    assert estate.backups.encryption_key is not None and estate.backups.encryption_key.taken_after_cu == 5
    other = read_estate(ESTATES / "not-ready.yml")
    assert [s.cumulative_update for s in other.servers] == [3, 5, 3]
    assert (other.backups.operational, other.backups.encryption_key) == (None, None)
    single = read_estate(ESTATES / "single-complex-32bit.yml")
    assert [a.winrm for a in single.agents if a.manual] == [None] * 3
    assert [s.name for s in single.servers if s.spare] == ["SCOM64", "SQL64"]
    cluster = read_estate(ESTATES / "distributed-complex-clustered-rms.yml")
    assert cluster.root.cluster is not None and cluster.root.cluster.nodes == ("OMRMSN1", "OMRMSN2")
    assert not any(s.spare for s in cluster.servers)


@pytest.mark.parametrize(
    "pattern,names",
    [("A[1:3]", ["A1", "A2", "A3"]), ("A[08:11]x", ["A08x", "A09x", "A10x", "A11x"]), ("PLAIN", ["PLAIN"])],
)
def test_ranges(pattern: str, names: list[str]):
    assert expand_range(pattern) == names


def simple() -> dict[str, Any]:
    return yaml.safe_load((ESTATES / "distributed-simple.yml").read_text())


def _set(*place: Any) -> Any:
    """An edit: the last of `place` is put at the path before it."""
    *path, key, value = place

    def edit(data: dict[str, Any]) -> None:
        for part in path:
            data = data[part]
        data[key] = value

    return edit


@pytest.mark.parametrize(
    "edit,place,what,remedy",
    [
        (_set("servers", 1, "roles", ["mangement_server"]), "servers[1] (MS02).roles", "unknown role", "management_server"),
        (_set("servers", 1, "memory", 5), "servers[1] (MS02)", "unknown key 'memory'", "memory_mb"),
        (_set("servers", 1, "memory_mb", "lots"), "servers[1] (MS02).memory_mb", "whole number", "Write a whole number"),
        (_set("servers", 0, "roles", []), "servers", "no root management server", "root_management_server"),
        (_set("servers", 1, "roles", ["root_management_server"]), "servers", "more than one root", "RMS01, MS02"),
        (_set("servers", 1, "name", "RMS01"), "servers", "used twice", "name of its own"),
        (_set("servers", 3, "reports_to", "NOBODY"), "servers[3] (GW01).reports_to", "unknown server 'NOBODY'", "RMS01"),
        (_set("servers", 3, "reports_to", "SQL01"), "servers[3] (GW01).reports_to", "is not a management server", "give it the role"),
        (_set("servers", 4, "sql", None), "servers[4] (SQL01)", "needs SQL Server", "Add 'sql'"),
        (_set("servers", 4, "sql", "version", 10.5), "servers[4] (SQL01).sql.version", "must be a text", 'quotes: "10.5"'),
        (_set("servers", 0, "os", "release", "2000"), "servers[0] (RMS01).os.release", "unknown value '2000'", "2008 R2"),
        (_set("servers", 0, "os", "architecture", "arm"), "os.architecture", "unknown value 'arm'", "x86, x64, ia64"),
        (_set("servers", 0, "name", "A_NAME_THAT_IS_LONG"), "servers[0]", "not a NetBIOS name", "at most 15"),
        (_set("agents", 0, "name", "APP[040:001]"), "agents[0] (APP[040:001]).name", "bad range", "APP[001:040]"),
        (_set("agents", 0, "name", "APP[1:x]"), "agents[0]", "bad range", "APP[001:040]"),
        (_set("agents", 0, "primary", "MS99"), "agents (APP[001:040]).primary", "unknown server 'MS99'", "MS02"),
        (_set("agents", 0, "install", "magic"), "agents[0] (APP[001:040]).install", "unknown value 'magic'", "push, manual"),
        (_set("agents", 3, "name", "APP001"), "agents", "used twice", "name of its own"),
        (_set("databases", "operational", None), "databases", "no operational database", "add 'operational'"),
        (_set("databases", "warehouse", None), "databases.warehouse", "SQL02 has the role data_warehouse", "drop the role"),
        (_set("databases", "warehouse", "server", "SQL01"), "databases.warehouse.server", "lacks the role", "Add the role"),
        (_set("databases", "operational", "broker", "yes"), "databases.operational.broker", "true or false", "Write true"),
        (_set("pending", 0, "type", "Odd"), "pending[0].type", "unknown value 'Odd'", "ManualApproval"),
        (_set("connectors", 0, "host", "X1"), "connectors[0].host", "unknown server", "Known are"),
        (_set("backups", "operational", -1), "backups.operational", "at least 0", "Write a number"),
        (_set("subscriptions", {"a": 1}), "subscriptions", "must be a list", "- "),
        (_set("servers", 2, "MS03"), "servers[2]", "must be a mapping, not a text", "name"),
        (_set("colour", "red"), "top level", "unknown key 'colour'", "management_group"),
    ],
)  # fmt: skip
def test_a_wrong_estate_is_refused_with_place_and_remedy(edit: Any, place: str, what: str, remedy: str):
    data = copy.deepcopy(simple())
    edit(data)
    with pytest.raises(EstateError) as caught:
        parse_estate(data, Path("wrong.yml"))
    text = str(caught.value)
    assert text.startswith("wrong.yml: ") and "\n" not in text
    assert place in text and what in text and remedy in text, text


def test_a_cluster_must_fit_its_nodes():
    data = yaml.safe_load((ESTATES / "distributed-complex-clustered-rms.yml").read_text())
    del data["servers"][1]["cluster_node_of"]
    with pytest.raises(EstateError, match=r"OMRMSN1 does not say so.*cluster_node_of: OMRMSV"):
        parse_estate(data)


@pytest.mark.parametrize(
    "text,what",
    [
        ("a: [1", "not valid YAML"),
        ("a: 1\na: 2\n", "stands twice"),
        ("- 1\n", "must be a mapping"),
        ("", "must be a mapping, not nothing"),
    ],
)
def test_a_file_that_is_no_estate(tmp_path: Path, text: str, what: str):
    path = tmp_path / "x.yml"
    path.write_text(text)
    with pytest.raises(EstateError, match=what) as caught:
        read_estate(path)
    assert str(path) in str(caught.value)
    with pytest.raises(EstateError, match="cannot be read"):
        read_estate(tmp_path / "none.yml")


# -- inventory -----------------------------------------------------------------------------------------------


def test_the_inventory_of_a_distributed_group(tmp_path: Path):
    estate = read_estate(ESTATES / "distributed-simple.yml")
    names = served_hosts(estate)
    assert names[:2] == ["RMS01", "MS02"] and len(names) == 21 and "APP001" not in names
    addresses = {name: f"127.0.9.{i}" for i, name in enumerate(names, 1)}
    hosts = yaml.safe_load(write_inventory(estate, tmp_path, addresses, 15985, connection="psrp").read_text())
    groups = hosts["scom"]["children"]
    assert len(groups["scom_servers"]["hosts"]) == 8
    assert groups["scom_servers"]["hosts"]["MS02"] == {"ansible_host": "127.0.9.2"}
    assert set(groups["scom_agents"]["hosts"]) == {a.name for a in estate.agents if a.manual}
    variables = yaml.safe_load((tmp_path / "group_vars" / "scom.yml").read_text())
    assert (variables["ansible_connection"], variables["ansible_port"]) == ("psrp", 15985)
    assert variables["scom_upgrade_account"] == r"CONTOSO\scomadmin"
    assert variables["scom_upgrade_connectors"] == [
        {"name": "Service desk connector", "host": "MS03", "service": "HelpdeskConnector"}
    ]
    assert variables["scom_upgrade_encryption_key_path"] == r"D:\Keys\rms.bin"
    assert "scom_upgrade_warehouse" not in variables


def test_spare_and_unreachable_hosts_and_a_group_without_warehouse():
    estate = read_estate(ESTATES / "single-complex-32bit.yml")
    hosts = hosts_of(estate, dict.fromkeys(served_hosts(estate), "127.0.9.1"))["scom"]["children"]
    assert hosts["scom_servers"]["hosts"]["SQL64"] == {"ansible_host": "127.0.9.1", "scom_spare": True}
    assert hosts["scom_agents"]["hosts"] == {f"BRANCH{i}": {"scom_reachable": False} for i in (1, 2, 3)}
    cluster = read_estate(ESTATES / "distributed-complex-clustered-rms.yml")
    nodes = hosts_of(cluster, {"OMRMSN1": "127.0.9.1"})["scom"]["children"]["scom_servers"]["hosts"]
    assert nodes["OMRMSN1"] == {"ansible_host": "127.0.9.1"}
    bare = inputs_of(read_estate(ESTATES / "no-warehouse.yml"))
    assert bare["scom_upgrade_warehouse"] == {"server": "LWSQL", "database": "OperationsManagerDW"}
