"""Every changing action: it predicts, predicting changes nothing, it does what it predicted, and a repeat changes nothing."""

import pytest

SHELL = {"server": "rms01.contoso.test", "product": "2007"}
INSTALLER = {
    "media_path": r"C:\Media\SCOM2012",
    "account": r"CONTOSO\scomadmin",
    "account_password": "Lab-Upgr4de",
    "poll_seconds": 0.05,
}
LOCAL = {"media_path": r"C:\Media\SCOM2012", "account": "SYSTEM", "poll_seconds": 0.05}
MSI = ["/qn", "AcceptEndUserLicenseAgreement=1", "REBOOT=ReallySuppress"]
SETUP = [
    "/silent",
    "/upgrade",
    "/AcceptEndUserLicenseAgreement",
    "/UseLocalSystemActionAccount",
    r"/DASAccountUser:CONTOSO\scomdas",
]
SECRETS = ["/DASAccountPassword:Lab-Serv1ce"]


def manual_agents_done(bench):
    """Bring every manual agent to 2012, as must be before the servers."""
    for agent in bench.status()["agents"]:
        if agent["install"] == "manual":
            if agent.get("console"):
                result = bench.run("console", agent["name"], **LOCAL, state="absent", arguments=["/qn"])
                assert not result.get("failed"), result
            architecture = bench.world.machines[agent["name"]].os.architecture
            result = bench.run("agent", agent["name"], **LOCAL, architecture=architecture, arguments=MSI)
            assert not result.get("failed"), result["msg"]


def servers_done(bench, *names):
    """Bring secondary management servers to 2012."""
    bench.run("pending_management", "RMS01", state="rejected", **SHELL)
    for name in names:
        result = bench.run("management_server", name, **INSTALLER, arguments=SETUP, secret_arguments=SECRETS)
        assert not result.get("failed"), result["msg"]


def test_agent(bench):
    applied = bench.quartet(
        "agent", "DC01", **LOCAL, architecture="x64", arguments=MSI, step="manual_agents.upgrade.DC01"
    )
    assert (applied["version_before"], applied["version"], applied["rc"]) == ("6.1.7221.0", "7.0.8560.0", 0)
    assert applied["step"] == "manual_agents.upgrade.DC01"


def test_agent_beside_a_console_is_refused_and_nothing_changes(bench):
    before = bench.status()
    result = bench.run("agent", "ADM01", **LOCAL, architecture="x64", arguments=MSI)
    assert result["failed"] and "console" in result["msg"] and bench.status() == before


def test_console_removal_lets_the_agent_be_upgraded(bench):
    bench.quartet("console", "ADM01", **LOCAL, state="absent", arguments=["/qn"])
    assert not bench.run("agent", "ADM01", **LOCAL, architecture="x64", arguments=MSI).get("failed")


def test_management_server(bench):
    bench.run("pending_management", "RMS01", state="rejected", **SHELL)
    manual_agents_done(bench)
    bench.quartet("management_server", "MS02", **INSTALLER, arguments=SETUP, secret_arguments=SECRETS)


def test_management_server_before_the_manual_agents_fails_with_the_products_words(bench):
    bench.run("pending_management", "RMS01", state="rejected", **SHELL)
    result = bench.run("management_server", "MS02", **INSTALLER, arguments=SETUP, secret_arguments=SECRETS)
    assert result["failed"] and "exit code" in result["msg"] and "run again" in result["msg"]


def test_gateway(bench):
    manual_agents_done(bench)
    servers_done(bench, "MS02", "MS03")
    bench.quartet("gateway", "GW01", **LOCAL, arguments=MSI)


def test_pending_actions_are_rejected(bench):
    applied = bench.quartet("pending_management", "RMS01", state="rejected", **SHELL)
    assert applied["agents"] == ["app900.contoso.test"]


def test_pushed_agents_are_approved_and_waited_for(bench):
    manual_agents_done(bench)
    servers_done(bench, "MS02", "MS03")
    agents = [f"app{number:03}.contoso.test" for number in range(1, 6)]
    applied = bench.quartet(
        "pending_management", "RMS01", state="approved", agents=agents, poll_seconds=0.05, timeout=60, **SHELL
    )
    assert applied["agents"] == agents


def test_agents_get_other_parents(bench):
    moves = [{"agent": "rmsapp01.contoso.test", "primary": "ms02.contoso.test", "failover": ["rms01.contoso.test"]}]
    applied = bench.quartet("agent_parents", "RMS01", moves=moves, **SHELL)
    assert applied["before"] == [
        {"agent": "rmsapp01.contoso.test", "primary": "rms01.contoso.test", "failover": ["ms02.contoso.test"]}
    ]


@pytest.mark.parametrize("key", ["id", "name"])
def test_subscriptions(bench, key):
    rows = bench.run("group_facts", "RMS01", **SHELL)["group"]["subscriptions"]
    chosen = [{key: row[key]} for row in rows if row["enabled"]]
    assert len(chosen) == 2
    bench.quartet("subscriptions", "RMS01", state="disabled", subscriptions=chosen, **SHELL)
    bench.quartet("subscriptions", "RMS01", state="enabled", subscriptions=chosen, **SHELL)
    after = bench.run("group_facts", "RMS01", **SHELL)["group"]["subscriptions"]
    assert after == rows


def test_console_sessions(bench):
    applied = bench.quartet("console_sessions", "RMS01", poll_seconds=0.05, timeout=30, **SHELL)
    assert len(applied["sessions"]) == 3


def test_windows_service(bench):
    bench.quartet("windows_service", "MS03", name="HelpdeskConnector", state="stopped")
    bench.quartet("windows_service", "MS03", name="HelpdeskConnector", state="started", start_mode="manual")


def test_database_backup(bench):
    arguments = {"instance": ".", "database": "OperationsManager", "path": r"C:\Backup"}
    predicted = bench.run("database_backup", "SQL01", check=True, **arguments)
    assert predicted["changed"] and bench.events() == []
    applied = bench.run("database_backup", "SQL01", **arguments)
    assert applied["verified"] is True and applied["finished"], applied
    kinds = [(event["kind"], event.get("verified")) for event in bench.events()]
    assert ("backup", True) in kinds


def test_journal(bench):
    entry = {
        "step": "quiesce.subscriptions",
        "event": "saved",
        "host": "RMS01",
        "data": {"subscriptions": [{"id": "1", "name": "x"}]},
    }
    bench.quartet("journal", "RMS01", entries=[entry])
    second = dict(entry, step="quiesce.connector.MS03.X")
    assert [found["step"] for found in bench.run("journal", "RMS01", entries=[second])["entries"]] == [
        entry["step"],
        second["step"],
    ]
    journal = bench.run("group_facts", "RMS01", **SHELL)["journal"]
    assert [found["step"] for found in journal] == [entry["step"], second["step"]]


def test_host_facts_are_one_command_on_every_host_and_change_nothing(bench):
    before = bench.status()
    for host in bench.world.machines:
        if host in (
            "RMS01",
            "MS02",
            "MS03",
            "GW01",
            "SQL01",
            "SQL02",
            "WEB01",
            "OPS01",
            "DC01",
            "OLD01",
            "ADM01",
            "DMZ01",
        ):
            result = bench.run("host_facts", host, media_path=r"C:\Media\SCOM2012")
            assert result["reachable"], result
            assert bench.connection.commands == 1
            assert result["facts"]["name"] == host
    assert bench.status() == before


def test_the_group_says_who_its_administrators_are(bench):
    result = bench.run("group_facts", "RMS01", **SHELL)
    assert result["group"]["administrators"] == [r"BUILTIN\Administrators"]
    assert result["group"]["unknown"] == {}
    assert bench.connection.commands == 1


@pytest.mark.parametrize("role", ["cmdlet", "name"])
def test_a_shell_without_user_roles_leaves_everything_else_known(bench, monkeypatch, role):
    whole = bench.run("group_facts", "RMS01", **SHELL)["group"]
    if role == "cmdlet":
        monkeypatch.delitem(bench.world.machines["RMS01"].shells["2007"].cmdlets, "get-userrole")
    else:
        monkeypatch.setattr("tests.lab.product.shell.ROLES", {})
    group = bench.run("group_facts", "RMS01", **SHELL)["group"]
    reason = group["unknown"].pop("administrators")
    assert ("not recognized" if role == "cmdlet" else "no role") in reason
    assert group == {**whole, "administrators": None}


GROUP = [*SETUP, r"/DataReaderUser:CONTOSO\scomdr"]
GROUP_SECRETS = [*SECRETS, "/DataReaderPassword:Lab-Serv1ce"]
NEW_SHELL = {"server": "rms01.contoso.test", "product": "2012"}


def pushed_agents_done(bench):
    """Move the root management server's agents to a secondary and approve all pushed agents."""
    moves = [
        {"agent": f"rmsapp{number:02}.contoso.test", "primary": "ms02.contoso.test", "failover": ["rms01.contoso.test"]}
        for number in (1, 2, 3)
    ]
    assert not bench.run("agent_parents", "RMS01", moves=moves, **SHELL).get("failed")
    agents = [
        f"{agent['name'].lower()}.contoso.test" for agent in bench.status()["agents"] if agent["install"] == "push"
    ]
    result = bench.run(
        "pending_management", "RMS01", state="approved", agents=agents, poll_seconds=0.05, timeout=120, **SHELL
    )
    assert not result.get("failed"), result["msg"]


def test_group_and_everything_after_it(bench):
    """One long road, because each of these needs all that goes before."""
    manual_agents_done(bench)
    servers_done(bench, "MS02", "MS03")
    assert not bench.run("gateway", "GW01", **LOCAL, arguments=MSI).get("failed")
    pushed_agents_done(bench)
    bench.quartet("management_group", "RMS01", **INSTALLER, arguments=GROUP, secret_arguments=GROUP_SECRETS)

    bench.quartet("console", "OPS01", **INSTALLER, arguments=SETUP[:3])
    install = [
        "/silent",
        "/install",
        "/components:OMConsole",
        "/AcceptEndUserLicenseAgreement",
        "/EnableErrorReporting:Never",
        "/SendCEIPReports:0",
        "/UseMicrosoftUpdate:0",
    ]
    bench.quartet("console", "ADM01", **INSTALLER, arguments=install)
    site = ["/WebSiteName:Default Web Site", "/WebConsoleAuthorizationMode:Mixed"]
    bench.quartet("web_console", "WEB01", **INSTALLER, arguments=[*SETUP[:3], *site])
    answers = r"/p:C:\Media\SCOM2012\acs\AcsUpgrade.xml"
    bench.quartet("acs_collector", "MS03", **INSTALLER, arguments=["/i", "/s", answers])
    bench.quartet("reporting", "SQL02", **INSTALLER, arguments=SETUP[:3])

    back = [{"agent": "rmsapp01.contoso.test", "primary": "rms01.contoso.test", "failover": ["ms02.contoso.test"]}]
    bench.quartet("agent_parents", "RMS01", moves=back, **NEW_SHELL)
    bench.quartet("rms_emulator", "RMS01", holder="ms02.contoso.test", **NEW_SHELL)
    rows = bench.run("group_facts", "RMS01", **NEW_SHELL)["group"]["subscriptions"]
    chosen = [{"id": row["id"]} for row in rows if row["enabled"]]
    assert chosen
    bench.quartet("subscriptions", "RMS01", state="disabled", subscriptions=chosen, **NEW_SHELL)
    bench.quartet("subscriptions", "RMS01", state="enabled", subscriptions=chosen, **NEW_SHELL)
    bench.quartet("windows_service", "DC01", name="AdtAgent", state="started", start_mode="auto")


def test_encryption_key(bench):
    machine = bench.world.machines["RMS01"]
    machine.files.delete(r"D:\Keys\rms.bin")
    account = {"account": r"CONTOSO\scomadmin", "account_password": "Lab-Upgr4de", "poll_seconds": 0.05}
    without = bench.run("encryption_key", "RMS01", path=r"D:\Keys\rms.bin", **account)
    assert without["failed"] and "scom_upgrade_encryption_key_password" in without["msg"]
    bench.quartet("encryption_key", "RMS01", path=r"D:\Keys\rms.bin", password="Lab-K3yStore", **account)
    text = (bench.folder / "events.jsonl").read_text(encoding="utf-8")
    assert "Lab-K3yStore" not in text and "Lab-Upgr4de" not in text
