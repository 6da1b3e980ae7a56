# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What of Operations Manager is on a host."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils.host import windows
from ansible_collections.scom.upgrade.plugins.plugin_utils.host.answers import data, number
from ansible_collections.scom.upgrade.plugins.plugin_utils.host.places import PRODUCT_FILE, PRODUCT_FOLDERS

QUEUE_VALUE = "maximumqueuesizekb"


def opsmgr(answers):
    """What of Operations Manager is on the machine; None when nothing is."""
    setup, setup_2012 = answers.registry("setup"), answers.value("setup_2012", "opsmgr") or {}
    installed_2012 = bool(setup_2012.get("exists"))
    collector = answers.exists("adt_server", "opsmgr.acs_collector")
    forwarder = windows.services(answers).get("AdtAgent")
    if not (setup or installed_2012 or collector):
        return None
    product = product_file(answers, setup.get("InstallDirectory"))
    parts = {key.lower(): node for key, node in (setup_2012.get("subkeys") or {}).items()}
    reporting = answers.registry("reporting")
    return {
        "product": setup.get("Product"),
        "current_version": setup.get("CurrentVersion"),
        "server_version": setup.get("ServerVersion"),
        "agent_version": setup.get("AgentVersion"),
        "ui_version": setup.get("UIVersion"),
        "gateway_version": setup.get("MOMGatewayVersion"),
        "file_version": product.get("version"),
        "installed_2012": installed_2012,
        "install_directory": setup.get("InstallDirectory"),
        "installed_at": product.get("modified"),
        "agent_groups": [agent_group(name, node) for name, node in answers.subkeys("agent_groups").items()],
        "server_groups": [
            {
                "name": name,
                "is_root": bool(data(node, "IsRootHealthService")),
                "has_parent": "Parent Health Services" in (node.get("subkeys") or {}),
            }
            for name, node in answers.subkeys("server_groups").items()
        ],
        "database_server": setup.get("DatabaseServerName"),
        "database_name": setup.get("DatabaseName"),
        "warehouse_server": setup.get("DataWarehouseDBServerName"),
        "warehouse_name": setup.get("DataWarehouseDBName"),
        "reporting": {
            "sdk_machine": reporting.get("DefaultSDKServiceMachine"),
            "instance": reporting.get("SRSInstance"),
            "version": data(parts.get("reporting", {}), "CurrentVersion")
            or windows.software_version(answers, "Reporting"),
        }
        if reporting or "reporting" in parts
        else None,
        "web_console": web_console(answers, parts.get("webconsole")),
        "console": {"version": setup["UIVersion"]} if setup.get("UIVersion") else None,
        "acs_collector": {"version": windows.software_version(answers, "Audit Collection") or setup.get("AcsVersion")}
        if collector
        else None,
        "acs_forwarder": {"start_mode": forwarder["start_mode"], "state": forwarder["state"]} if forwarder else None,
    }


def product_file(answers, install_directory):
    """The product's file that tells the update level: the one in the install folder, else the newest found."""
    found = []
    for index, folder in enumerate(PRODUCT_FOLDERS):
        stat = answers.value(f"product{index}") or {}
        if stat.get("exists") and stat.get("version"):
            leaf = folder.rpartition("\\")[2].lower()
            here = (install_directory or "").rstrip("\\").lower().endswith(leaf)
            found.append((here, number(stat["version"]), stat))
    extra = answers.value("product_extra") or {}
    if extra.get("exists"):
        found.append((True, number(extra.get("version")), extra))
    return max(found, key=lambda item: item[:2])[2] if found else {}


def needs_second_look(answers):
    """Path of the product file when the install folder is none of the usual ones; else None."""
    setup = answers.registry("setup")
    folder = setup.get("InstallDirectory")
    runs_workflows = any(setup.get(name) for name in ("ServerVersion", "AgentVersion", "MOMGatewayVersion"))
    if not folder or not runs_workflows or product_file(answers, folder):
        return None
    return folder.rstrip("\\") + "\\" + PRODUCT_FILE


def agent_group(name, node):
    """One management group that the machine's agent reports to."""
    parents = ((node.get("subkeys") or {}).get("Parent Health Services") or {}).get("subkeys") or {}
    first = parents.get("0") or {}
    return {
        "name": name,
        "parent": (data(first, "NetworkName") or "").lower() or None,
        "port": data(first, "Port"),
    }


def web_console(answers, part_2012):
    """The web console's site and version, from the 2012 key, else from the web server's own configuration."""
    if part_2012 is not None:
        return {
            "site": data(part_2012, "WEBSITE_NAME") or data(part_2012, "WEBSITE_ID"),
            "version": data(part_2012, "CurrentVersion") or answers.registry("setup").get("CurrentVersion"),
        }
    for site in windows.sites(answers):
        if "web console" in (site["path"] or "").lower() or "operations manager" in site["name"].lower():
            return {
                "site": site["name"],
                "version": windows.software_version(answers, "Web Console")
                or answers.registry("setup").get("CurrentVersion"),
            }
    return None


def queue_kb(answers):
    """How much the health service keeps back for each of its groups; None where nothing of the kind is there."""
    found = answers.value("queues", "queue_kb")
    if not found or not found.get("exists"):
        return None
    queues = {}
    for group, node in (found.get("subkeys") or {}).items():
        values = {name.lower(): item["data"] for name, item in (node.get("values") or {}).items()}
        queues[group] = values.get(QUEUE_VALUE)
    return queues
