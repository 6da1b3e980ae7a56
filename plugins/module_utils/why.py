# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One fact behind a decision or a step, with its evidence; and the order constraints O1 to O20 as such facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Why:
    """One fact behind something: a sentence, the fact's place in the snapshot and its value, the rule, the source."""

    text: str
    fact: str
    value: Any
    rule: str
    evidence: str
    source: str

    def to_dict(self) -> dict[str, Any]:
        """The fact as data."""
        return {
            "rule": self.rule,
            "fact": self.fact,
            "value": self.value,
            "text": self.text,
            "evidence": self.evidence,
            "source": self.source,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Why:
        """The fact from its data."""
        texts = {key: str(data.get(key) or "") for key in ("text", "fact", "rule", "evidence", "source")}
        return cls(value=data.get("value"), **texts)


def _order(number: int, text: str, evidence: str, source: str) -> tuple[str, Why]:
    return f"O{number}", Why(text, "", None, f"O{number}", evidence, source)


#: Section 2.0 of the upgrade procedure, in this collection's words.
ORDER: dict[str, Why] = dict(
    (
        _order(1, "Hardware and software come up to the minimum before any upgrade.", "documented", "S1, S6"),
        _order(2, "Pre-upgrade work comes before the upgrade it belongs to.", "documented", "S6"),
        _order(3, "Manually installed agents come before management servers and gateways.", "documented", "S5, S9"),
        _order(4, "Secondary management servers, then gateways, then pushed agents.", "documented", "S9, S5"),
        _order(5, "Secondary servers, gateways and agents come before the management group.", "documented", "S1"),
        _order(6, "The management group comes before consoles, web console, Reporting and ACS.", "documented", "S9"),
        _order(7, "Reporting is the last of the servers.", "later guide", "S19g"),
        _order(8, "Pending management is empty before a management server is upgraded.", "later guide", "S19a, S19m"),
        _order(9, "Subscriptions are off during the group upgrade, then on again.", "later guide", "S19a, S19j"),
        _order(10, "Connectors stand still during the group upgrade.", "later guide", "S19a, S19j"),
        _order(11, "The operational database has the free space before the group upgrade.", "field", "S14"),
        _order(12, "Verified backups exist before the first secondary server, and before ACS and Reporting.",
               "later guide", "S19a"),
        _order(13, "RMS and encryption key are backed up before the group upgrade.", "field", "S14, S24"),
        _order(14, "The encryption key is on the server that runs the group upgrade.", "inferred", "M4"),
        _order(15, "What reports to the old RMS is pointed elsewhere before it disappears.", "inferred", "S1"),
        _order(16, "rsreportserver.config is edited before Reporting, after a group upgrade from a secondary.", "field", "S14"),
        _order(17, "A console leaves a machine before the agent on it is upgraded, and comes back after.", "later guide",
               "S19c"),
        _order(18, "Agents of a gateway keep a path while it is upgraded.", "later guide", "S19a, S19m"),
        _order(19, "One management server at a time.", "later guide", "S19b"),
        _order(20, "A new server has joined and agents talk to it before an old one leaves.", "kb", "S26"),
    )
)  # fmt: skip
