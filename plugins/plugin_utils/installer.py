# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The shape of every action that runs one of the product's installers: look, start a job, wait, look again.

An installer's exit code is never trusted alone (product reference 2.4): the host has to show the new build afterwards.
Private to this collection.
"""

from __future__ import annotations

import re

from ansible_collections.scom.upgrade.plugins.module_utils.catalog.setup import exit_result
from ansible_collections.scom.upgrade.plugins.plugin_utils.host.answers import number
from ansible_collections.scom.upgrade.plugins.plugin_utils.host.places import SETUP, SETUP_2012, UNINSTALL
from ansible_collections.scom.upgrade.plugins.plugin_utils.host_action import ActionFailed, HostAction, diff
from ansible_collections.scom.upgrade.plugins.plugin_utils.job import JobRunner

REBOOT_CODES = (3010, 1641)
SETUP_LOG = r"%LOCALAPPDATA%\SCOM\Logs\OpsMgrSetupWizard.*"


def signed(code):
    """An exit code as a signed number; Windows also shows it as an unsigned one."""
    return code if code is None or code < 2**31 else code - 2**32


def explain(code, program):
    """Words for an exit code."""
    if code is None:
        return "it ended without an exit code"
    known = exit_result(code, program)
    return f"exit code {signed(code)}: {known.name if known else 'not a documented code'}"


class InstallerAction(HostAction):
    """Base of the upgrade actions.

    A subclass says what the program is, whose exit codes it gives, and how the installed build reads from `look`.
    """

    CODES = "setup.exe"
    JOB = ""
    LOG = SETUP_LOG
    DIRECTORY = None

    # -- what a subclass says --------------------------------------------------------------------------------

    def program(self, arguments):
        """Path of the program on the host."""
        return arguments["media_path"].rstrip("\\") + r"\setup.exe"

    def command(self, arguments):
        """Arguments of the program: plain ones and `{"secret": text}`."""
        return list(arguments["arguments"]) + [{"secret": text} for text in arguments["secret_arguments"]]

    def source(self, arguments):
        """The file that must be there before anything starts."""
        return self.program(arguments)

    def operations(self, arguments):
        """Operations that show the installed build; the base reads the product's registry and its uninstall entries."""
        return [
            _registry("setup", SETUP + r"\Setup"),
            _registry("setup_2012", SETUP_2012, 1),
            _registry("uninstall", UNINSTALL, 1),
        ]

    def version(self, answers):
        """The installed build of what this action upgrades, or None when it is not installed."""
        raise NotImplementedError

    def satisfied(self, version, arguments):
        """Whether the host is as asked for."""
        return number(version) >= number(arguments["target_version"])

    def refuse(self, version, arguments, answers):
        """A message when the host must not be touched, else None."""
        return None

    # -- the work --------------------------------------------------------------------------------------------

    def perform(self, arguments, task_vars):
        """Look, run the installer if needed, look again; see the module's documentation."""
        answers = self.look(arguments)
        before = self.version(answers)
        result = {"changed": False, "version_before": before, "version": before, "reboot_required": False}
        if self.satisfied(before, arguments):
            if self.checking and arguments.get("predicted"):
                result.update(changed=True)
            return result
        problem = self.refuse(before, arguments, answers) or self.missing_source(arguments, answers)
        if problem:
            raise ActionFailed(f"{self.host}: {problem}", version=before)
        after = self.expected(arguments)
        result.update(
            changed=True, version=after, diff=diff({"version": before}, {"version": after}, f"{self.host} {self.JOB}")
        )
        if self.checking:
            return result
        outcome = self.run_job(arguments)
        answers = self.look(arguments)
        result["version"] = self.version(answers)
        result["rc"] = outcome.rc
        result["seconds"] = outcome.seconds
        code = signed(outcome.rc)
        known = exit_result(code, self.CODES) if code is not None else None
        done = self.satisfied(result["version"], arguments)
        if known is None or not known.success:
            raise ActionFailed(
                f"{self.host}: {self.JOB} failed, {explain(code, self.CODES)}. {_last_words(outcome)}"
                f" The installed build is {result['version'] or 'none'}. Mend the cause and run again: what is done is not"
                " done twice.",
                rc=code,
                log=outcome.log_tail,
                version=result["version"],
            )
        if not done:
            raise ActionFailed(
                f"{self.host}: {self.JOB} ended with {explain(code, self.CODES)}, but the host shows build "
                f"{result['version'] or 'none'} instead of {after}. Read its log: {outcome.log_path or 'none was found'}.",
                rc=code,
                log=outcome.log_tail,
                version=result["version"],
            )
        result["reboot_required"] = abs(code) in REBOOT_CODES
        if result["reboot_required"] and arguments["reboot"]:
            self.remote.reboot(timeout=arguments["reboot_timeout"], reason="scom.upgrade " + self.JOB)
            result.update(reboot_required=False, rebooted=True)
        return result

    def expected(self, arguments):
        """What the host will show afterwards."""
        return arguments["target_version"]

    def look(self, arguments):
        """One round trip: the installed build and the installer's file. Returns the results by id."""
        operations = self.operations(arguments)
        operations.append({"id": "system", "op": "system.info", "args": {}})
        operations.append({"id": "source", "op": "file.stat", "args": {"path": self.source(arguments)}})
        answers = {result.id: result for result in self.remote.run(operations)}
        self.program_data = answers["system"].get()["environment"]["ProgramData"]
        return answers

    def missing_source(self, arguments, answers):
        """A message when the installer's file is not there."""
        if answers["source"].get().get("exists"):
            return None
        return f"{self.source(arguments)} is not there. Put the 2012 media there, or set scom_upgrade_media_path."

    def run_job(self, arguments):
        """Run the installer to its end as a job under the upgrade account; attaches to one that runs already."""
        runner = JobRunner(
            self.remote,
            poll_seconds=arguments["poll_seconds"],
            timeout=arguments["timeout"],
            narrate=lambda text: self._display.vv(f"{self.host}: {self.JOB}: {text}", host=self.host),
        )
        return runner.run(
            self.job_id(arguments),
            self.program(arguments),
            self.command(arguments),
            account=arguments["account"],
            password=arguments["account_password"],
            log=self.LOG,
            directory=self.DIRECTORY,
        )

    def job_id(self, arguments):
        """Id of the job: the same for the same work, so that a run that comes back attaches."""
        return re.sub(r"[^A-Za-z0-9.-]+", "-", f"{self.JOB}-{arguments['target_version']}")


def _last_words(outcome):
    lines = [line.strip() for line in (outcome.log_tail or "").splitlines() if line.strip()]
    errors = [line for line in lines if re.search(r"error|not valid|Application Ended|-- ", line, re.IGNORECASE)]
    told = (errors or lines)[-3:]
    return ("Its log says: " + " | ".join(told) + ".") if told else "It left no log."


def _registry(name, key, depth=0):
    return {"id": name, "op": "registry.read", "args": {"key": key, "depth": depth}}


def values(answers, name):
    """`{value: data}` of a registry answer; empty when the key is absent or could not be read."""
    result = answers.get(name)
    if result is None or not result.ok or not result.value.get("exists"):
        return {}
    return {key: item["data"] for key, item in (result.value.get("values") or {}).items()}


def product_version(answers, *parts):
    """Build of an installed Operations Manager product by its uninstall entry: all `parts` stand in its name; else None."""
    result = answers.get("uninstall")
    if result is None or not result.ok or not result.value.get("exists"):
        return None
    found = []
    for node in (result.value.get("subkeys") or {}).values():
        entry = {key: item["data"] for key, item in (node.get("values") or {}).items()}
        name = (entry.get("DisplayName") or "").lower()
        if "operations manager" in name and all(part.lower() in name for part in parts):
            found.append(entry.get("DisplayVersion"))
    return max(found, key=number) if found else None
