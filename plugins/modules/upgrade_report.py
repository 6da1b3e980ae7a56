#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Write a plan and its readiness as files: page, text, Markdown, JSON, JUnit, SARIF."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upgrade_report
short_description: Write the plan of an upgrade as files people and tools can read
version_added: 1.0.0
description:
  - Writes one plan and its readiness in several views, each into a file of its own.
  - Makes path, plan and findings from a snapshot and inputs, or shows a report that was made before.
  - Runs on the controller and asks no host and no network.
  - The same facts and inputs give the same files. How long a rule took is not a difference.
options:
  path:
    description:
      - File of the snapshot.
      - Without O(report) and O(report_file), path, plan and findings are made from it. With one of them it only serves to
        draw the group.
    type: path
  inputs:
    description: The inputs of the plan, by name, with or without the prefix C(scom_upgrade_).
    type: dict
    default: {}
  report:
    description:
      - A report that was made before, with the keys C(plan), C(path) (the decision), C(findings), C(readiness), C(evidence),
        C(approval), C(journal) and C(generated). A plan alone will do.
    type: dict
  report_file:
    description: A JSON file that holds such a report, as this module's C(json) view is.
    type: path
  dest:
    description: The folder the files are written to. It is created where it is missing.
    type: path
    required: true
  name:
    description: The stem of the files' names.
    type: str
    default: upgrade-plan
  formats:
    description: The views to write.
    type: list
    elements: str
    choices: [html, text, markdown, json, junit, sarif]
    default: [html, text, markdown, json, junit, sarif]
  list_agents:
    description: Name every agent. Agents are grouped and counted otherwise.
    type: bool
    default: false
  width:
    description: Columns of the text view, from 72 to 200.
    type: int
    default: 100
  fail_on:
    description: Which findings fail in the JUnit view.
    type: str
    choices: [block, warn]
    default: block
  mode:
    description: Permissions of the files, such as V('0640').
    type: raw
attributes:
  check_mode:
    description: Says which files would change and writes none.
    support: full
  diff_mode:
    description: Shows what changes in a file. Of large files only their size is shown.
    support: full
  platform:
    description: Runs on the controller.
    platforms: posix
    support: full
author:
  - The scom.upgrade maintainers (@scom-upgrade)
"""

EXAMPLES = r"""
- name: Make the plan from a snapshot and write every view of it
  scom.upgrade.upgrade_report:
    path: reports/snapshot.json
    inputs:
      media_path: C:\Media\SCOM2012
      window: 28800
    dest: reports
  delegate_to: localhost

- name: Write only what a pipeline reads, and let warnings fail it
  scom.upgrade.upgrade_report:
    report_file: reports/upgrade-plan.json
    dest: reports
    formats: [junit, sarif]
    fail_on: warn
  delegate_to: localhost
"""

RETURN = r"""
files:
  description: What was written, or would have been in check mode.
  returned: success
  type: list
  elements: dict
  contains:
    format:
      description: The view.
      type: str
      sample: html
    path:
      description: The file.
      type: str
      sample: reports/upgrade-plan.html
    changed:
      description: Whether its content changed.
      type: bool
      sample: true
    size:
      description: Its size in bytes.
      type: int
      sample: 183422
summary:
  description: Verdict, what is in the way, counts, times, critical path and points of no return, as in the C(json) view.
  returned: success
  type: dict
  sample:
    verdict: ready
    blockers: []
    fits: likely
text:
  description: The text view, whether it is written or not.
  returned: success
  type: str
  sample: "CONTOSO - Operations Manager 2007 R2 to System Center 2012"
"""

import json
import os

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_native

from ansible_collections.scom.upgrade.plugins.module_utils.files import put
from ansible_collections.scom.upgrade.plugins.module_utils.render.compose import compose
from ansible_collections.scom.upgrade.plugins.module_utils.render.digest_types import ReportError
from ansible_collections.scom.upgrade.plugins.module_utils.render.summary import summary
from ansible_collections.scom.upgrade.plugins.module_utils.render.views import VIEWS, Options, render_all, same

FORMATS = ("html", "text", "markdown", "json", "junit", "sarif")
LARGEST_DIFF = 300_000


def load(path):
    """The content of a JSON file. Raises ReportError for a file that is none."""
    try:
        with open(path, encoding="utf-8") as handle:
            return json.load(handle)
    except (OSError, ValueError) as problem:
        raise ReportError(f"{path}: {to_native(problem)}") from problem


def gather(given):
    """The report that the options ask for."""
    snapshot = load(given["path"]) if given["path"] else None
    if given["report"] is None and not given["report_file"]:
        return compose(snapshot, given["inputs"])
    report = given["report"] if given["report"] is not None else load(given["report_file"])
    if not isinstance(report, dict):
        raise ReportError(f"{given['report_file']}: expected a report or a plan")
    report = {key: value for key, value in report.items() if key != "summary"} if "plan" in report else {"plan": report}
    return report if snapshot is None else {**report, "snapshot": snapshot}


def read(path):
    """What a file holds; nothing where there is none, or none that is text."""
    try:
        with open(path, encoding="utf-8", newline="") as handle:
            return handle.read()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""


def difference(path, old, new):
    """Before and after for the diff mode."""
    if max(len(old), len(new)) > LARGEST_DIFF:
        old, new = (f"{len(text):,} characters\n" for text in (old, new))
    return {"before_header": path, "after_header": path, "before": old, "after": new}


def place(module, name, path, text):
    """Bring one file to its content and permissions; whether it changed, and the difference where its content did."""
    old = read(path)
    differs = not os.path.exists(path) or not same(name, old, text)
    if differs and not module.check_mode:
        put(module, path, text.encode("utf-8"))
    changed = differs
    if os.path.exists(path):
        changed = module.set_mode_if_different(path, module.params["mode"], differs)
    return changed, difference(path, old, text) if differs else None


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path"},
            "inputs": {"type": "dict", "default": {}},
            "report": {"type": "dict"},
            "report_file": {"type": "path"},
            "dest": {"type": "path", "required": True},
            "name": {"type": "str", "default": "upgrade-plan"},
            "formats": {"type": "list", "elements": "str", "choices": list(FORMATS), "default": list(FORMATS)},
            "list_agents": {"type": "bool", "default": False},
            "width": {"type": "int", "default": 100},
            "fail_on": {"type": "str", "choices": ["block", "warn"], "default": "block"},
            "mode": {"type": "raw"},
        },
        mutually_exclusive=[("report", "report_file")],
        required_one_of=[("path", "report", "report_file")],
        supports_check_mode=True,
    )
    given = module.params
    if os.path.basename(given["name"]) != given["name"] or given["name"] in ("", ".", ".."):
        module.fail_json(msg="name: expected a file name without a folder")
    artifact = os.path.basename(given["path"]) if given["path"] else "snapshot.json"
    options = Options(given["list_agents"], given["width"], given["fail_on"], artifact)
    try:
        report = gather(given)
        shown = render_all([*given["formats"], "text"], report, options)
        told = summary(report)
    except ReportError as problem:
        module.fail_json(msg=to_native(problem))

    dest = given["dest"]
    changed = not os.path.isdir(dest)
    if changed and not module.check_mode:
        os.makedirs(dest, exist_ok=True)
    files, differences = [], []
    for name in dict.fromkeys(given["formats"]):
        text = shown[name]
        path = os.path.join(dest, given["name"] + VIEWS[name].ending)
        differs, diff = place(module, name, path, text)
        changed = changed or differs
        differences += [diff] if diff else []
        files.append({"format": name, "path": path, "changed": differs, "size": len(text.encode("utf-8"))})
    module.exit_json(changed=changed, files=files, summary=told, text=shown["text"], diff=differences)


if __name__ == "__main__":
    main()
