# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.pending_management`."""

from __future__ import annotations

import time

from ansible_collections.scom.upgrade.plugins.plugin_utils.host_action import ActionFailed, diff
from ansible_collections.scom.upgrade.plugins.plugin_utils.installer import number
from ansible_collections.scom.upgrade.plugins.plugin_utils.shell_action import ShellAction, lower, unknown_agents

PENDING = ["AgentName", "AgentPendingActionType"]
FAILED = ("UpdateFailed", "PushInstallFailed", "RepairFailed")


class ActionModule(ShellAction):
    """Rejects pending actions, or approves the updates of pushed agents and waits until they are done."""

    MODULE = "pending_management"

    def perform(self, arguments, task_vars):
        """See the module's documentation."""
        return self.reject(arguments) if arguments["state"] == "rejected" else self.approve(arguments)

    # -- rejecting -------------------------------------------------------------------------------------------

    def reject(self, arguments):
        """Empty pending management of the named agents' actions, or of all but updates where none is named."""
        names, wanted = self.cmdlets(arguments), set(lower(arguments["agents"]))
        pending = self.shell(arguments, [{"name": "pending", "cmdlet": names["pending"], "select": PENDING}])["pending"]
        found = sorted(
            {
                (row["AgentName"].lower(), row["AgentPendingActionType"])
                for row in pending
                if (row["AgentName"].lower() in wanted if wanted else row["AgentPendingActionType"] != "UpdateAgent")
            }
        )
        before = [f"{agent}: {kind}" for agent, kind in found]
        result = {
            "changed": bool(found),
            "agents": [agent for agent, _kind in found],
            "diff": diff(before, [], "pending management"),
        }
        if found and not self.checking:
            where = [{"property": "AgentName", "in": result["agents"]}]
            self.shell(
                arguments,
                [
                    {"name": "pending", "cmdlet": names["pending"]},
                    {
                        "name": "reject",
                        "cmdlet": names["reject"],
                        "parameters": {names["reject_parameter"]: {"from": "pending", "where": where}},
                    },
                ],
            )
        return result

    # -- approving -------------------------------------------------------------------------------------------

    def approve(self, arguments):
        """Approve the updates of the named agents and wait for their new build."""
        wanted = lower(arguments["agents"])
        if not wanted:
            raise ActionFailed("agents: name the agents whose updates are to be approved.")
        versions, _pending = self.look(arguments)
        missing = [agent for agent in wanted if agent not in versions]
        if missing:
            raise ActionFailed(unknown_agents(missing))
        old = [agent for agent in wanted if not self.done(versions[agent], arguments)]
        result = {
            "changed": bool(old),
            "agents": old,
            "diff": diff(
                {agent: versions[agent] for agent in old}, dict.fromkeys(old, arguments["target_version"]), "agents"
            ),
        }
        if not old or self.checking:
            return result
        self.wait_for(arguments, old, approve=True)
        return result

    def wait_for(self, arguments, agents, approve):
        """Approve what is pending and wait until every agent shows the build; names those that do not come."""
        deadline = time.monotonic() + arguments["timeout"]
        approved = set()
        while True:
            versions, pending = self.look(arguments)
            left = [agent for agent in agents if not self.done(versions.get(agent), arguments)]
            if not left:
                return
            failed = [agent for agent in left if pending.get(agent) in FAILED]
            ready = [agent for agent in left if pending.get(agent) == "UpdateAgent" and agent not in approved]
            if ready:
                names = self.cmdlets(arguments)
                where = [
                    {"property": "AgentName", "in": ready},
                    {"property": "AgentPendingActionType", "equals": "UpdateAgent"},
                ]
                self.shell(
                    arguments,
                    [
                        {"name": "pending", "cmdlet": names["pending"]},
                        {
                            "name": "approve",
                            "cmdlet": names["approve"],
                            "parameters": {names["approve_parameter"]: {"from": "pending", "where": where}},
                        },
                    ],
                )
                approved.update(ready)
                self._display.vv(f"{self.host}: approved {len(ready)} agents", host=self.host)
            elif failed and len(failed) == len(left):
                raise ActionFailed(
                    f"The update failed on {', '.join(failed[:10])}. Their logs lie on the management server in "
                    r"AgentManagement\AgentLogs; mend the cause, reject the failed action and run again.",
                    failed_agents=failed,
                )
            if time.monotonic() > deadline:
                unseen = [agent for agent in left if agent not in approved]
                why = (
                    f"not in pending management: {', '.join(unseen[:10])} (is their management server upgraded?)"
                    if unseen
                    else f"approved, but not at {arguments['target_version']} yet: {', '.join(left[:10])}"
                )
                raise ActionFailed(
                    f"Gave up after {arguments['timeout']} s; {why}. Run again to go on waiting.", waiting_agents=left
                )
            time.sleep(arguments["poll_seconds"])

    def look(self, arguments):
        """Versions of all agents, and their pending actions, by FQDN in lower case."""
        names = self.cmdlets(arguments)
        outputs = self.shell(
            arguments,
            [
                {"name": "agents", "cmdlet": names["agents"], "select": ["Name", "Version"], "columns": True},
                {"name": "pending", "cmdlet": names["pending"], "select": PENDING},
            ],
        )
        versions = {row[0].lower(): row[1] for row in outputs["agents"]["rows"]}
        return versions, {row["AgentName"].lower(): row["AgentPendingActionType"] for row in outputs["pending"] or []}

    @staticmethod
    def done(version, arguments):
        """Whether an agent shows the build that is wanted."""
        return number(version) >= number(arguments["target_version"])
