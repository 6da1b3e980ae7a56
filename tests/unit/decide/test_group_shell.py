"""Which server is asked about the group."""

import pytest

from ansible_collections.scom.upgrade.plugins.module_utils.group_shell import NoServer, choose


def server(name, version="6.1.7221.0", root=False, running=True, **more):
    """Facts of a management server, as far as the choice reads them."""
    return {
        "name": name,
        "fqdn": f"{name.lower()}.contoso.test",
        "opsmgr": {
            "server_version": version,
            "gateway_version": None,
            "server_groups": [{"name": "CONTOSO", "is_root": root, "has_parent": not root}],
        },
        "services": {"OMSDK": {"state": "running" if running else "stopped"}},
        **more,
    }


def test_in_2007_it_is_the_root_management_server():
    found = choose({"MS02": server("MS02", running=False), "RMS01": server("RMS01", root=True)}, {})
    assert found == {"host": "RMS01", "server": "rms01.contoso.test", "product": "2007"}


def test_upgraded_secondaries_do_not_answer_for_a_group_that_is_not():
    found = choose({"MS02": server("MS02", "7.0.8560.0"), "RMS01": server("RMS01", root=True)}, {})
    assert (found["host"], found["product"]) == ("RMS01", "2007")


def test_after_the_group_the_former_root_answers_in_2012():
    found = choose({"MS02": server("MS02", "7.0.8560.0"), "RMS01": server("RMS01", "7.0.8560.0", root=True)}, {})
    assert (found["host"], found["product"]) == ("RMS01", "2012")


def test_without_a_root_any_server_of_2012_answers_and_one_whose_service_runs_first():
    hosts = {"MS02": server("MS02", "7.0.8560.0", running=False), "MS03": server("MS03", "7.0.8560.0")}
    assert choose(hosts, {})["host"] == "MS03"


def test_a_clustered_root_is_asked_under_its_network_name():
    cluster = {"virtual_name": "OMRMSV", "nodes": ["OMRMSN1", "OMRMSN2"]}
    hosts = {name: server(name, root=True, cluster=cluster) for name in ("OMRMSN1", "OMRMSN2", "OMRMSV")}
    assert choose(hosts, {})["host"] == "OMRMSV"


def test_a_gateway_is_never_asked():
    gateway = server("GW01", "7.0.8560.0")
    gateway["opsmgr"]["gateway_version"] = "7.0.8560.0"
    with pytest.raises(NoServer):
        choose({"GW01": gateway}, {})


def test_no_server_is_an_error_that_names_what_was_not_reached():
    with pytest.raises(NoServer, match=r"RMS01: the password is rejected"):
        choose({}, {"RMS01": "the password is rejected"})
