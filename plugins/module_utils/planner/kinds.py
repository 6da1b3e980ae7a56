# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is the same for every step of a kind: how it is undone, whether monitoring stands still, which order it obeys.

The sources of undo are section 3.0 and 3.4 of the upgrade procedure.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..plan import NO_RETURN, RESTORABLE, REVERSIBLE


@dataclass(frozen=True)
class Kind:
    """One kind of step."""

    undo: str
    order: tuple[str, ...] = ()
    reversibility: str = REVERSIBLE
    downtime: bool = False


_NOTHING = "Nothing to undo."
_REINSTALL = "Uninstall 2012 there and install 2007 R2 with the same cumulative update, or restore the machine."

KINDS: dict[str, Kind] = {
    "pending.clear": Kind("Discover the rejected agents again.", ("O8", "O2")),
    "backup.database": Kind(_NOTHING, ("O12",)),
    "backup.encryption_key": Kind(_NOTHING, ("O13",)),
    "encryption_key.restore": Kind(_NOTHING, ("O14",)),
    "console.remove": Kind("Install the console again.", ("O17",)),
    "agent.upgrade": Kind("Uninstall the agent and install the 2007 R2 agent again.", ("O3",)),
    "management_server.upgrade": Kind(_REINSTALL, ("O4", "O5", "O19"), RESTORABLE),
    "gateway.upgrade": Kind(_REINSTALL, ("O4", "O5"), RESTORABLE),
    "agents.move": Kind("Move the agents back to the parents they had.", ("O20",)),
    "agents.approve": Kind("Uninstall the agents and push the 2007 R2 agents again.", ("O4", "O5")),
    "consoles.disconnect": Kind("Users open their consoles again.", ("O2",)),
    "subscriptions.disable": Kind("Switch the subscriptions of the list on again.", ("O9",)),
    "subscriptions.enable": Kind("Switch them off again.", ("O9",)),
    "connector.stop": Kind("Start the service.", ("O10",)),
    "connector.start": Kind("Stop the service.", ("O10",)),
    "group.upgrade": Kind(
        "Restore the operational database to its place and install the root management server again with the same"
        " database and accounts; servers, gateways and agents that are upgraded stay so.",
        ("O5", "O9", "O11", "O13"),
        NO_RETURN,
        True,
    ),
    "console.upgrade": Kind("Uninstall the console and install the 2007 R2 console again.", ("O6",)),
    "web_console.upgrade": Kind("Uninstall the web console; edits of its web.config are lost.", ("O6",), RESTORABLE),
    "acs.upgrade": Kind("Restore the audit database and install the collector again.", ("O6", "O12"), RESTORABLE),
    "reporting.config": Kind("Put the saved rsreportserver.config back.", ("O16",)),
    "reporting.upgrade": Kind(
        "Restore the report server's database and install Reporting again.", ("O6", "O7"), RESTORABLE
    ),
    "acs_forwarder.enable": Kind("Stop and disable the forwarder.", ()),
    "emulator.ensure": Kind("Set the emulator on another server.", ()),
    "verify.health": Kind(_NOTHING, ()),
    "server.join": Kind("Move its agents away, uninstall it, delete its object.", ("O20", "O1")),
    "server.update": Kind(_NOTHING, ("O20",)),
    "server.leave": Kind("Install it again as a server of the group.", ("O20", "O15"), RESTORABLE),
    "gateway.install": Kind("Move its agents away, uninstall it, revoke its approval.", ("O20", "O1")),
    "gateway.parents": Kind("Give the gateway its former parents.", ("O15",)),
    "gateway.leave": Kind("Approve and install it again.", ("O20",), RESTORABLE),
    "database.move": Kind(
        "Point the servers back to the old instance, which is kept read-only.", ("O1",), RESTORABLE, True
    ),
    "feature.move": Kind("Uninstall the feature from the new machine.", ("O20",)),
    "reporting.move": Kind("Point Reporting back to the old report server.", ("O1",), RESTORABLE),
    "server.rename": Kind("Uninstall it again.", ()),
}
#: For repairs and other kinds that rules bring along.
OTHER = Kind("See the rule's page.", ("O1",), RESTORABLE)
