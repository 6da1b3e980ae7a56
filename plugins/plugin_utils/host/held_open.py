# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What holds the product's folders open: programs started from them, and files of them that are open over a share."""

from __future__ import annotations

import csv
import re

from ansible_collections.scom.upgrade.plugins.plugin_utils.host.answers import data
from ansible_collections.scom.upgrade.plugins.plugin_utils.host.places import PRODUCT_FOLDERS
from ansible_collections.scom.upgrade.plugins.plugin_utils.host.product import opsmgr

PRODUCT_PARTS = ("server", "gateway", "agent", "console", "webconsole", "reporting")
OWN_PROGRAMS = (
    "healthservice.exe",
    "monitoringhost.exe",
    "microsoft.mom.sdk.servicehost.exe",
    "microsoft.mom.configservicehost.exe",
    "cshost.exe",
    "adtserver.exe",
    "adtagent.exe",
    "interceptsvc.exe",
    "momperfsnapshothelper.exe",
)


def product_folders(answers):
    """The folders that the product lies in, in lower case and with a backslash at the end."""
    named = [answers.registry("setup").get("InstallDirectory")]
    part_2012 = answers.value("setup_2012") or {}
    named += [data(node, "InstallDirectory") for node in (part_2012, *(part_2012.get("subkeys") or {}).values())]
    programs = ((answers.value("system") or {}).get("environment") or {}).get("ProgramFiles")
    for index, folder in enumerate(PRODUCT_FOLDERS):
        if programs and answers.exists(f"product{index}"):
            named.append(folder.replace("%ProgramFiles%", programs))
    found = set()
    for folder in named:
        parts = (folder or "").rstrip("\\").lower().split("\\")
        if parts[-1] in PRODUCT_PARTS and len(parts) > 1 and parts[-2].endswith("operations manager"):
            parts.pop()
        # A drive as a whole is no folder of the product, wherever it was put.
        if len(parts) > 1:
            found.add("\\".join(parts) + "\\")
    return tuple(sorted(found))


def held_open(answers):
    """What holds the product's folders open, as far as it can be seen from outside; None when nothing was read.

    Seen are programs that were started from these folders, and files of them that are open over a share.
    """
    if opsmgr(answers) is None:
        return None
    folders = product_folders(answers)
    if not folders:
        answers.unknown["held_open"] = "where the product lies was not read"
        return None
    found = {"programs": open_programs(answers, folders), "shares": open_shares(answers, folders)}
    return None if found == {"programs": None, "shares": None} else found


def open_programs(answers, folders):
    """Programs started from the product's folders that are neither its services nor what these started."""
    rows = answers.rows("processes", "held_open.programs")
    if not rows:
        answers.unknown.setdefault("held_open.programs", "Windows named no process")
        return None
    listed = (answers.value("services") or {}).get("services") or {}
    services = {_program(item.get("path")) for item in listed.values()}
    own = {
        row.get("ProcessId")
        for row in rows
        if (row.get("ExecutablePath") or "").lower() in services or (row.get("Name") or "").lower() in OWN_PROGRAMS
    }
    found = [
        {"name": row.get("Name"), "path": row["ExecutablePath"], "id": row.get("ProcessId")}
        for row in rows
        if (row.get("ExecutablePath") or "").lower().startswith(folders)
        and row.get("ProcessId") not in own
        and row.get("ParentProcessId") not in own
    ]
    return sorted(found, key=lambda item: (str(item["name"]).lower(), item["id"] or 0))


def open_shares(answers, folders):
    """Files of the product's folders that are open over a share, by what openfiles.exe lists.

    Its words are those of the host's language, so that columns count by their place: id, by whom, kind, path. That
    places and a quiet list mean this on every release is recalled.
    """
    result = answers.results.get("open_files")
    answer = result.value if result is not None and result.ok else None
    if answer is None or answer.get("timed_out") or answer.get("rc") != 0:
        told = (answer or {}).get("stderr") or (answer or {}).get("stdout") or ""
        if result is not None and not result.ok:
            told = result.error.get("message") or ""
        said = " ".join(told.split())[:200]
        answers.unknown["held_open.shares"] = "openfiles.exe gave no list" + (f": {said}" if said else "")
        return None
    rows = [row for row in csv.reader(answer.get("stdout", "").splitlines()) if len(row) >= 4 and row[0].isdigit()]
    found = [{"path": row[-1], "by": row[1]} for row in rows if (row[-1].lower() + "\\").startswith(folders)]
    return sorted(found, key=lambda item: (item["path"].lower(), item["by"]))


def _program(command_line):
    """The program of a service's command line, in lower case."""
    found = re.match(r'"([^"]+)"|(.+?\.exe)\b|(\S+)', command_line or "", re.IGNORECASE)
    return next((part for part in found.groups() if part), "").lower() if found else ""
