"""Write the inventory of a running lab: what an operator would write for these machines.

`<state>/inventory/hosts.yml` names the hosts, `group_vars/scom.yml` has the connection and the product's inputs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from .estate import Agent, Estate, Server
from .world.world import ADMINISTRATOR, ENCRYPTION_KEY_PASSWORD, SERVICE_ACCOUNTS, UPGRADE_ACCOUNT

MEDIA = r"C:\Media\SCOM2012"
BACKUPS = r"D:\Backup"
TRANSPORTS = ("ntlm", "basic")
CONNECTIONS = ("winrm", "psrp")


def served_hosts(estate: Estate) -> list[str]:
    """The names of the hosts that get an address: servers and manual agents with WinRM, in the estate's order."""
    servers = [server.name for server in estate.servers if server.winrm is not None]
    return servers + [agent.name for agent in estate.agents if agent.manual and agent.winrm is not None]


def write_inventory(
    estate: Estate,
    folder: Path,
    addresses: dict[str, str],
    port: int,
    *,
    connection: str = "winrm",
    transport: str = "ntlm",
) -> Path:
    """Write the inventory into a folder; answers the path of its hosts' file."""
    (folder / "group_vars").mkdir(parents=True, exist_ok=True)
    hosts = folder / "hosts.yml"
    _dump(hosts, hosts_of(estate, addresses))
    _dump(folder / "group_vars" / "scom.yml", {**connection_of(port, connection, transport), **inputs_of(estate)})
    return hosts


def hosts_of(estate: Estate, addresses: dict[str, str]) -> dict[str, Any]:
    """The inventory's groups and hosts. Pushed agents are not in it: the management server upgrades them."""

    def variables(host: Server | Agent) -> dict[str, Any]:
        if host.name not in addresses:
            return {"scom_reachable": False}
        found: dict[str, Any] = {"ansible_host": addresses[host.name]}
        if isinstance(host, Server) and host.spare:
            found["scom_spare"] = True
        return found

    servers = {server.name: variables(server) for server in estate.servers}
    agents = {agent.name: variables(agent) for agent in estate.agents if agent.manual}
    return {"scom": {"children": {"scom_servers": {"hosts": servers}, "scom_agents": {"hosts": agents}}}}


def connection_of(port: int, connection: str, transport: str) -> dict[str, Any]:
    """How Ansible reaches every host of the lab."""
    user, password = ADMINISTRATOR
    return {
        "ansible_connection": connection,
        "ansible_port": port,
        "ansible_user": user,
        "ansible_password": password,
        "ansible_winrm_scheme": "http",
        "ansible_winrm_transport": transport,
        "ansible_winrm_message_encryption": "auto",
        "ansible_psrp_protocol": "http",
        "ansible_psrp_auth": transport,
        "ansible_psrp_message_encryption": "auto",
        "ansible_psrp_cert_validation": "ignore",
    }


def inputs_of(estate: Estate) -> dict[str, Any]:
    """The product's inputs for this estate."""
    domain = estate.domain.split(".")[0].upper()
    upgrade, upgrade_password = UPGRADE_ACCOUNT
    found: dict[str, Any] = {
        "scom_upgrade_management_group": estate.management_group,
        "scom_upgrade_media_path": MEDIA,
        "scom_upgrade_backup_path": BACKUPS,
        "scom_upgrade_account": f"{domain}\\{upgrade}",
        "scom_upgrade_account_password": upgrade_password,
    }
    for purpose, user in (("data_access", "scomdas"), ("data_reader", "scomdr"), ("data_writer", "scomdw")):
        found[f"scom_upgrade_{purpose}_account"] = f"{domain}\\{user}"
        found[f"scom_upgrade_{purpose}_account_password"] = SERVICE_ACCOUNTS[user]
    if estate.backups.encryption_key:
        found["scom_upgrade_encryption_key_path"] = estate.backups.encryption_key.file
    found["scom_upgrade_encryption_key_password"] = ENCRYPTION_KEY_PASSWORD
    found["scom_upgrade_connectors"] = [
        {"name": connector.name, "host": connector.host, "service": connector.service}
        for connector in estate.connectors
    ]
    if estate.databases.warehouse is None:
        server = estate.databases.operational.server
        found["scom_upgrade_warehouse"] = {"server": server, "database": "OperationsManagerDW"}
    found["scom_upgrade_poll_seconds"] = 0.2
    return found


def _dump(path: Path, data: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120), encoding="utf-8")
