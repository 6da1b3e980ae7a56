# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the actions that speak to a management group's shell have in common. Private to this collection."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils.host_action import HostAction

CMDLETS = {
    "2007": {
        "pending": "Get-AgentPendingAction",
        "approve": "Approve-AgentPendingAction",
        "reject": "Reject-AgentPendingAction",
        "approve_parameter": "AgentPendingAction",
        "reject_parameter": "AgentPendingAction",
        "agents": "Get-Agent",
        "servers": "Get-ManagementServer",
        "subscriptions": "Get-NotificationSubscription",
    },
    "2012": {
        "pending": "Get-SCOMPendingManagement",
        "approve": "Approve-SCOMPendingManagement",
        "reject": "Deny-SCOMPendingManagement",
        "approve_parameter": "PendingAction",
        "reject_parameter": "PendingAction",
        "agents": "Get-SCOMAgent",
        "servers": "Get-SCOMManagementServer",
        "subscriptions": "Get-SCOMNotificationSubscription",
    },
}


class ShellAction(HostAction):
    """Base of actions that run Operations Manager cmdlets, described as data (docs/wire.md)."""

    def shell(self, arguments, steps):
        """Run the steps in one round trip; returns the outputs by step name. Raises OperationFailed."""
        operation = {
            "id": "shell",
            "op": "opsmgr.run",
            "args": {"server": arguments["server"], "product": arguments["product"], "steps": steps},
        }
        return self.remote.run([operation])[0].get()["outputs"]

    def cmdlets(self, arguments):
        """The names of the cmdlets in the shell that is used."""
        return CMDLETS[arguments["product"]]


def by_name(source, names):
    """A reference to the objects of an earlier step with these names."""
    return {"from": source, "where": [{"property": "Name", "in": sorted(names)}]}


def lower(names):
    """Names in lower case, without empty ones."""
    return [name.lower() for name in names or [] if name]


def unknown_agents(names):
    """The message for agents that the group does not have."""
    return f"The group has no agent {', '.join(names[:10])}. Read the group's facts again and make a new plan."
