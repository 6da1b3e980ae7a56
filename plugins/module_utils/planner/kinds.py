# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is the same for every step of a kind: how it is undone, whether monitoring stands still, which order it obeys, and
whether a role of this version carries it out.

How a step is undone is told by section 3.0 and 3.4 of the upgrade procedure; where they are silent, the text says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..plan import NO_RETURN, RESTORABLE, REVERSIBLE
from ..why import Why

INFERRED, FIELD = "inferred", "field"
#: What a reader is told of an undo that no text of Microsoft describes, by its grade of evidence.
GRADES = {
    INFERRED: " (Inferred: no source describes it.)",
    FIELD: " (From the field: no text of Microsoft describes it.)",
}


@dataclass(frozen=True)
class Kind:
    """One kind of step. ``undo_evidence`` is empty where the procedure itself says how it is undone."""

    undo: str
    order: tuple[str, ...] = ()
    reversibility: str = REVERSIBLE
    downtime: bool = False
    undo_evidence: str = ""
    by_hand: bool = False

    @property
    def undo_text(self) -> str:
        """How a step of the kind is undone, with the grade of evidence where that has to be known."""
        return self.undo + GRADES.get(self.undo_evidence, "")


_NOTHING = "Nothing to undo."
_AGENT = "Uninstall {0} and install {0} of 2007 R2 again; no way back is documented."
_SERVER = "Restore the machine from a snapshot or backup, or install 2007 R2 with its cumulative update again, as long as the" \
    " group is 2007 R2."  # fmt: skip
_FEATURE = "Uninstall {0} and install {0} of 2012 anew: what is 2007 R2 does not work with a group that is 2012."

KINDS: dict[str, Kind] = {
    "pending.clear": Kind("Discover the rejected agents again.", ("O8", "O2")),
    "backup.database": Kind(_NOTHING, ("O12",)),
    "backup.encryption_key": Kind(_NOTHING, ("O13",)),
    "encryption_key.restore": Kind(_NOTHING, ("O14",), by_hand=True),
    "console.remove": Kind("Install the console again.", ("O17",)),
    "agent.upgrade": Kind(_AGENT.format("the agent"), ("O3",), RESTORABLE, undo_evidence=INFERRED),
    "management_server.upgrade": Kind(_SERVER, ("O4", "O5", "O19"), RESTORABLE, undo_evidence=INFERRED),
    "gateway.upgrade": Kind(_SERVER, ("O4", "O5"), RESTORABLE, undo_evidence=INFERRED),
    "agents.move": Kind("Move the agents back to the parents they had.", ("O20",)),
    "agents.approve": Kind(_AGENT.format("the agents"), ("O4", "O5"), RESTORABLE, undo_evidence=INFERRED),
    "consoles.disconnect": Kind("Users open their consoles again.", ("O2",)),
    "subscriptions.disable": Kind("Switch the subscriptions of the list on again.", ("O9",)),
    "subscriptions.enable": Kind("Switch them off again.", ("O9",)),
    "connector.stop": Kind("Start the service.", ("O10",)),
    "connector.start": Kind("Stop the service.", ("O10",)),
    "connector.move": Kind(
        "Stop it on the new machine and start it on the old one, while that is a server of the group.",
        ("O10", "O15"),
        undo_evidence=INFERRED,
        by_hand=True,
    ),
    "group.upgrade": Kind(
        "Restore the operational database to its place and install the root management server again with the same"
        " database and accounts; servers, gateways and agents that are upgraded stay so, subscriptions and the"
        " administrators' role are reset.",
        ("O5", "O9", "O11", "O13"),
        NO_RETURN,
        True,
        undo_evidence=FIELD,
    ),
    "console.upgrade": Kind(_FEATURE.format("the console"), ("O6",), RESTORABLE),
    "web_console.upgrade": Kind(
        _FEATURE.format("the web console") + " Edits of its web.config are lost.", ("O6",), RESTORABLE
    ),
    "acs.upgrade": Kind("Restore the audit database. " + _FEATURE.format("the collector"), ("O6", "O12"), RESTORABLE),
    "reporting.config": Kind("Put the saved rsreportserver.config back.", ("O16",), by_hand=True),
    "reporting.upgrade": Kind(
        "Restore the report server's database. " + _FEATURE.format("Reporting"), ("O6", "O7"), RESTORABLE
    ),
    "acs_forwarder.enable": Kind("Stop and disable the forwarder.", ()),
    "emulator.ensure": Kind("Set the emulator on another server.", ()),
    "verify.health": Kind(_NOTHING, ()),
    "server.join": Kind("Move its agents away, uninstall it, delete its object.", ("O20", "O1"), by_hand=True),
    "server.update": Kind("Nothing to undo: the machine can leave the group as it joined.", ("O20",), by_hand=True),
    "server.leave": Kind(
        "Install 2007 R2 there again as a server of the group, with its cumulative update.",
        ("O20", "O15"),
        RESTORABLE,
        undo_evidence=INFERRED,
        by_hand=True,
    ),
    "gateway.install": Kind("Move its agents away, uninstall it, revoke its approval.", ("O20", "O1"), by_hand=True),
    "gateway.parents": Kind("Give the gateway its former parents.", ("O15",), by_hand=True),
    "gateway.leave": Kind("Approve and install it again.", ("O20",), RESTORABLE, undo_evidence=INFERRED, by_hand=True),
    "database.move": Kind(
        "Point the servers back to the old instance, which is kept read-only.",
        ("O1",),
        RESTORABLE,
        True,
        undo_evidence=INFERRED,
        by_hand=True,
    ),
    "feature.move": Kind("Uninstall the feature from the new machine.", ("O20",), undo_evidence=INFERRED, by_hand=True),
    "reporting.move": Kind(
        "Point Reporting back to the old report server.", ("O1",), RESTORABLE, undo_evidence=INFERRED, by_hand=True
    ),
    "server.rename": Kind("Uninstall it again.", (), by_hand=True),
}
#: For kinds that somebody adds elsewhere.
OTHER = Kind("See the rule's page.", ("O1",), RESTORABLE)

#: How the departure of a server of 2007 R2 from a group that is 2012 by then can be undone.
LEFT_FOR_GOOD = (
    "Not into this group: it is 2012 by then and takes no server of 2007 R2. The machine itself comes back from a backup;"
    " one that meets the minimum can join as a new management server of 2012." + GRADES[INFERRED]
)
#: Why a step is one for a person although its host could be reached.
BY_HAND = Why("No role of this version carries this step out: a person does it, by the plan.", "", None, "", "", "")


def carried_out(kind: str, phase: str, parameters: Mapping[str, Any]) -> bool:
    """Whether the roles of this version carry such a step out, provided that its host can be reached.

    Of a complex path they do neither the preparation nor the group upgrade in place of the root management server.
    """
    known = kind.startswith("repair.") or (kind in KINDS and not KINDS[kind].by_hand)
    return known and phase != "prepare" and not parameters.get("from_secondary")
