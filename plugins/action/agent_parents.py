# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.agent_parents`."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils.host_action import ActionFailed, diff
from ansible_collections.scom.upgrade.plugins.plugin_utils.shell_action import (
    ShellAction,
    by_name,
    lower,
    unknown_agents,
)

_FAILOVER = "GetFailoverManagementServers().Name"


class ActionModule(ShellAction):
    """Gives agents other primary and failover management servers."""

    MODULE = "agent_parents"

    def perform(self, arguments, task_vars):
        """See the module's documentation."""
        current = self.parents(arguments)
        wanted = {
            move["agent"].lower(): (move["primary"].lower(), tuple(lower(move["failover"])))
            for move in arguments["moves"]
        }
        missing = sorted(set(wanted) - set(current))
        if missing:
            raise ActionFailed(unknown_agents(missing))
        moves = {
            agent: parents
            for agent, parents in wanted.items()
            if (current[agent][0], set(current[agent][1])) != (parents[0], set(parents[1]))
        }
        before = {agent: _spell(current[agent]) for agent in moves}
        result = {
            "changed": bool(moves) or bool(self.checking and arguments["predicted"] and wanted),
            "agents": sorted(moves),
            "before": [
                {"agent": agent, "primary": current[agent][0], "failover": list(current[agent][1])}
                for agent in sorted(moves)
            ],
            "diff": diff(before, {agent: _spell(parents) for agent, parents in moves.items()}, "parents"),
        }
        if moves and not self.checking:
            self.move(arguments, moves, current)
            wrong = [agent for agent, parents in moves.items() if self.parents(arguments)[agent][0] != parents[0]]
            if wrong:
                raise ActionFailed(f"The group did not take the new parents of {', '.join(wrong[:10])}.")
        return result

    def parents(self, arguments):
        """`{agent: (primary, failovers)}` of the whole group; notes its management servers on the way."""
        names = self.cmdlets(arguments)
        steps = [
            {"name": "servers", "cmdlet": names["servers"], "select": ["Name", "IsGateway"]},
            {
                "name": "agents",
                "cmdlet": names["agents"],
                "columns": True,
                "select": ["Name", "PrimaryManagementServerName", _FAILOVER],
            },
        ]
        outputs = self.shell(arguments, steps)
        self.servers = sorted(row["Name"].lower() for row in outputs["servers"] or [] if not row["IsGateway"])
        rows = outputs["agents"]["rows"]
        return {
            row[0].lower(): ((row[1] or "").lower(), tuple(lower([row[2]] if isinstance(row[2], str) else row[2])))
            for row in rows
        }

    def move(self, arguments, moves, current):
        """One pipeline for each pair of parents. 2012 refuses a server as primary and failover at once, so it takes three
        calls: failovers without the new primary, the primary, the failovers as wanted (scripting reference 3.5)."""
        names = self.cmdlets(arguments)
        for parents in sorted(set(moves.values())):
            agents = [agent for agent, wanted in moves.items() if wanted == parents]
            primary, failover = parents
            steps = [{"name": "servers", "cmdlet": names["servers"]}, {"name": "agents", "cmdlet": names["agents"]}]
            chosen, one = by_name("agents", agents), dict(by_name("servers", [primary]), one=True)
            if arguments["product"] == "2007":
                parameters = {"PrimaryManagementServer": one, "AgentManagedComputer": chosen}
                if failover:
                    parameters["FailoverServer"] = by_name("servers", failover)
                steps.append({"name": "set", "cmdlet": "Set-ManagementServer", "parameters": parameters})
            else:
                setter = "Set-SCOMParentManagementServer"
                if any(primary in current[agent][1] for agent in agents):
                    # Another server for the moment between; none at all where there is no third one.
                    taken = {primary, *(current[agent][0] for agent in agents)}
                    between = [server for server in (*failover, *self.servers) if server not in taken][:1]
                    parameters = {"Agent": chosen, "FailoverServer": by_name("servers", between)}
                    steps.append({"name": "between", "cmdlet": setter, "parameters": parameters})
                steps.append(
                    {"name": "primary", "cmdlet": setter, "parameters": {"Agent": chosen, "PrimaryServer": one}}
                )
                if failover:
                    steps.append(
                        {
                            "name": "failover",
                            "cmdlet": setter,
                            "parameters": {"Agent": chosen, "FailoverServer": by_name("servers", failover)},
                        }
                    )
            self.shell(arguments, steps)


def _spell(parents):
    return f"{parents[0]}, failover {', '.join(parents[1]) or 'none'}"
