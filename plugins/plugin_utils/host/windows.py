# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a host says of Windows itself: system, memory, disks, services, software, web server, cluster, certificates."""

from __future__ import annotations

import base64
import re

from ansible_collections.scom.upgrade.plugins.plugin_utils import certificates as x509
from ansible_collections.scom.upgrade.plugins.plugin_utils.host.answers import data, megabytes, number

SERVICES = re.compile(
    r"(HealthService|OMSDK|OMCFG|cshost|AdtServer|AdtAgent|MSSQL.*|SQLSERVERAGENT|SQLAgent.*|ReportServer.*|W3SVC|ClusSvc"
    r"|RemoteRegistry|wuauserv)$",
    re.IGNORECASE,
)
SOFTWARE = re.compile(
    r"Operations Manager|AVIcode|Intercept Studio|SQL Server \d+|MSXML|Report Viewer|\.NET Framework|SharePoint"
    r"|Microsoft Monitoring Agent|Orchestrator|Service Manager|Data Protection Manager|Virtual Machine Manager",
    re.IGNORECASE,
)
RELEASES = {"5.2": "2003", "6.0": "2008", "6.1": "2008 R2", "6.2": "2012", "6.3": "2012 R2", "10.0": "2016"}
ARCHITECTURES = {0: "x86", 6: "ia64", 9: "x64"}


def operating_system(answers):
    """OS facts; the release follows from the version, 2003 R2 and 2008 R2 told apart as Windows tells them."""
    row = answers.first("os", "os")
    if not row.get("Version"):
        return None
    version = row["Version"]
    release = RELEASES.get(".".join(version.split(".")[:2]), version)
    if release == "2003" and "R2" in ((row.get("OtherTypeDescription") or "") + (row.get("Caption") or "")):
        release = "2003 R2"
    processor = answers.first("processor", "os.architecture")
    architecture = ARCHITECTURES.get(processor.get("Architecture"))
    if architecture == "x64" and processor.get("AddressWidth") == 32:
        architecture = "x86"  # a 32-bit system on a 64-bit processor
    return {
        "caption": (row.get("Caption") or "").strip(),
        "version": version,
        "release": release,
        "service_pack": row.get("ServicePackMajorVersion"),
        "architecture": architecture,
    }


def memory(answers, computer):
    """RAM in MB: what is installed, else what the system sees."""
    if computer.get("TotalPhysicalMemory"):
        return round(int(computer["TotalPhysicalMemory"]) / 1048576)
    visible = answers.first("os").get("TotalVisibleMemorySize")
    return round(int(visible) / 1024) if visible else None


def pending_reboot(answers):
    """True when files wait for a restart to be renamed (scripting reference 2.6)."""
    if answers.value("session", "pending_reboot") is None:
        return None
    return bool(answers.registry("session").get("PendingFileRenameOperations"))


def disks(answers):
    """Fixed disks, sizes in MB."""
    system_drive = answers.first("os").get("SystemDrive", "C:")
    return [
        {
            "drive": row["DeviceID"],
            "size_mb": megabytes(row.get("Size")),
            "free_mb": megabytes(row.get("FreeSpace")),
            "file_system": row.get("FileSystem"),
            "system": row["DeviceID"].upper() == (system_drive or "C:").upper(),
        }
        for row in answers.rows("disks", "disks")
    ]


def winrm(answers):
    """Version of the WinRM stack; the registry value is not documented for every release, so it may stay unknown."""
    values = answers.registry("winrm")
    version = values.get("StackVersion") or values.get("ServiceStackVersion")
    if version is None:
        answers.unknown["winrm"] = "the host does not tell the version of its WinRM stack in the registry"
    return version


def dotnet(answers):
    """Versions of the .NET Framework by the installed-products keys."""
    found = []
    for key, node in answers.subkeys("ndp").items():
        if key.startswith("v") and key[1:2].isdigit():
            version = data(node, "Version") or ""
            if key.startswith("v4"):
                full = (node.get("subkeys") or {}).get("Full") or {}
                version = data(full, "Version") or version
                found += ["4.0"] if version or key == "v4" else []
            elif key.startswith("v3.5"):
                found.append("3.5.1" if data(node, "SP") else "3.5")
            elif key.startswith("v3.0"):
                found.append("3.0")
            elif key.startswith("v2.0"):
                found.append("2.0")
    return sorted(set(found))


def services(answers):
    """State of the services that the product cares for."""
    listed = (answers.value("services", "services") or {}).get("services") or {}
    return {
        name: {key: item.get(key) for key in ("state", "start_mode", "account")}
        for name, item in listed.items()
        if SERVICES.match(name) or name.lower() in answers.connector_services
    }


def software(answers):
    """Installed products that matter, by their uninstall entries."""
    found = []
    for key in ("uninstall", "uninstall_32"):
        for node in answers.subkeys(key).values():
            name = data(node, "DisplayName")
            if name and SOFTWARE.search(name):
                found.append({"name": name, "version": data(node, "DisplayVersion")})
    return sorted(found, key=lambda item: (item["name"], item["version"] or ""))


def software_version(answers, part):
    """Version of the newest Operations Manager product whose name holds `part`; None when there is none."""
    versions = [
        item["version"]
        for item in software(answers)
        if "operations manager" in item["name"].lower() and part.lower() in item["name"].lower() and item["version"]
    ]
    return max(versions, key=number) if versions else None


def sites(answers):
    """Sites of the web server by its configuration file; empty when there is none."""
    found = answers.value("iis_config", "iis.sites")
    if not found or not found.get("data"):
        return []
    text = base64.b64decode(found["data"]).decode("utf-8-sig", "replace")
    sites = []
    for match in re.finditer(r'<site\s+name="([^"]*)"(.*?)</site>', text, re.DOTALL):
        path = re.search(r'physicalPath="([^"]*)"', match.group(2))
        sites.append({"name": match.group(1), "path": path.group(1) if path else None})
    return sites


def iis(answers):
    """The web server; None when there is none."""
    version = answers.registry("inetstp").get("VersionString")
    if not version:
        return None
    features = [row["Name"] for row in answers.rows("features")] if answers.value("features") else None
    return {"version": version, "sites": sites(answers), "features": features}


def cluster(answers):
    """An Operations Manager cluster: its generic services run as cluster resources (scripting reference 2.8)."""
    services, group, name = [], None, None
    rows = answers.rows("cluster")
    for row in rows:
        private = row.get("PrivateProperties") or {}
        if (private.get("ServiceName") or "").lower() in ("healthservice", "omcfg", "omsdk"):
            services.append(private["ServiceName"])
            group = row.get("OwnerGroup")
    if not services:
        return None
    for row in rows:
        if row.get("Type") == "Network Name" and row.get("OwnerGroup") == group:
            name = (row.get("PrivateProperties") or {}).get("Name") or row.get("Name")
    return {
        "virtual_name": name,
        "nodes": [row["Name"] for row in answers.rows("cluster_nodes")],
        "services": sorted(services),
    }


def certificates(answers):
    """The machine's own certificates: thumbprint, subject and end of validity, from the store in the registry."""
    found = []
    for thumbprint, node in answers.subkeys("certificates").items():
        blob = data(node, "Blob")
        try:
            certificate = x509.read(base64.b64decode(blob))
            found.append(
                {
                    "thumbprint": thumbprint,
                    "subject": certificate["subject"],
                    "not_after": certificate["not_after"],
                    "serial": certificate["serial"],
                }
            )
        except (x509.Unreadable, TypeError, ValueError) as error:
            answers.unknown["certificates." + thumbprint] = str(error)
    return found
