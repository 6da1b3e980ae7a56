# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Settings: every figure of the reference that is not certain, with its default, its evidence and its source.

A setting is overridden through the inputs, under ``settings``. What Microsoft documents for this very upgrade is no
setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional


class UnknownSetting(ValueError):
    """A name in ``settings`` that no setting has, or a value of the wrong kind."""


@dataclass(frozen=True)
class Setting:
    """One figure that may be overridden."""

    name: str
    default: Any
    text: str
    evidence: str
    source: str


SETTINGS: dict[str, Setting] = {
    row.name: row
    for row in (
        Setting(
            "minimum_update",
            4,
            "lowest cumulative update of 2007 R2 the upgrade starts from",
            "documented",
            "S1",
        ),
        Setting("safe_update", 5, "cumulative update below which setup was reported to refuse", "field", "S17 (C1)"),
        Setting(
            "database_os_2008_sp2",
            False,
            "accept Windows Server 2008 SP2 under databases and the reporting server",
            "recalled",
            "product-reference 1.2 (C11)",
        ),
        Setting("database_free_percent", 50, "free space the operational database must exceed", "field", "S14, S19a"),
        Setting("log_percent", 50, "transaction log as a share of the data files", "field", "S14, S19a (C14)"),
        Setting("warehouse_memory_mb", 2048, "memory at which the warehouse upgrade was seen to fail", "field", "S14"),
        Setting(
            "system_state_max_age_hours", 168, "age at which a system-state backup counts as old", "inferred", "O13"
        ),
        Setting("agent_queue_kb", 76800, "size of an agent's queue advised for the outage", "later guide", "S19a, S19j"),
        Setting("push_batch", 200, "agents approved in one batch", "later guide", "S19c"),
        Setting("forks", 10, "manually installed agents upgraded at the same time, as ansible.cfg says", "inferred", "-"),
        Setting(
            "gateways_at_once",
            1,
            "gateways of a tier upgraded at the same time, as scom_upgrade_gateways_serial says",
            "inferred",
            "O18",
        ),
        Setting(
            "durations",
            {},
            "figures that differ from the table of docs/estimates.md: {kind: {base: figures, rate: figures}}, figures as"
            " {low, likely, high} in seconds",
            "inferred",
            "upgrade procedure 5.3",
        ),
        Setting(
            "most_correction",
            20,
            "factor by which durations in the journal change the estimates of a kind at most",
            "inferred",
            "-",
        ),
        Setting("clock_skew_seconds", 300, "clock difference at which Kerberos refuses", "recalled", "-"),
        Setting("probe_hours", 168, "age at which ports and accounts that were tried no longer count", "inferred", "-"),
        Setting("probe_agents", 5, "agents of each parent with which the ports of a push are tried", "inferred", "-"),
        Setting("certificate_days", 30, "days a channel certificate must still be valid", "inferred", "-"),
        Setting("setup_free_mb", 1024, "free space on the system drive for setup", "recalled", "product-reference 1.2"),
        Setting("setup_logs_mb", 512, "further free space for setup logs and temporary files", "inferred", "-"),
        Setting("backup_space_percent", 100, "free space for a backup, of the data in use", "inferred", "O12"),
        Setting("localized_text_rows", 1000000, "rows of LocalizedText that count as normal", "field", "S18"),
        Setting(
            "eula_switch",
            "/AcceptEndUserLicenseAgreement",
            "form of the licence switch of setup.exe: bare at RTM, with :1 from SP1 on",
            "documented",
            "product-reference 2.1 (C12)",
        ),
        Setting(
            "old_site_names",
            ["Operations Manager 2007 Web Console"],
            "sites setup of 2007 created",
            "recalled",
            "scripting-reference 2.7",
        ),
        Setting(
            "collations",
            {},
            "further collations a language may have: {language: [collation]}",
            "recalled",
            "product-reference 1.2",
        ),
        Setting("media_hashes", {}, "expected SHA-256 of media files: {relative path: hash}", "inferred", "-"),
        Setting(
            "limits",
            {},
            "capacity limits that differ from the table: {name: number}",
            "recalled",
            "product-reference 1.3",
        ),
        Setting(
            "commands",
            {},
            "command lines that differ from the table: {name: text}",
            "recalled",
            "product-reference 2.2",
        ),
    )
}


class Settings:
    """The settings of one run: the defaults and what the inputs override."""

    def __init__(self, given: Optional[Mapping[str, Any]] = None) -> None:
        """Take the inputs' ``settings``; a name no setting has is an error that lists the known ones."""
        self._given: dict[str, Any] = dict(given or {})
        problems: list[str] = [name for name in self._given if name not in SETTINGS]
        if problems:
            raise UnknownSetting(
                "unknown setting {}; known: {}".format(
                    ", ".join(sorted(map(str, problems))), ", ".join(sorted(SETTINGS))
                )
            )
        for name, value in self._given.items():
            default = SETTINGS[name].default
            number = isinstance(default, int) and not isinstance(default, bool)
            fits = (
                isinstance(value, (int, float)) and not isinstance(value, bool)
                if number
                else isinstance(value, type(default))
            )
            if not fits:
                raise UnknownSetting(
                    "setting {}: expected {}, got {!r}".format(
                        name, "a number" if number else type(default).__name__, value
                    )
                )

    @classmethod
    def of(cls, inputs: Optional[Mapping[str, Any]]) -> Settings:
        """The settings of a plan's inputs."""
        return cls((inputs or {}).get("settings"))

    def with_(self, further: Mapping[str, Any]) -> Settings:
        """These settings with some of them changed."""
        return Settings(dict(self._given, **further))

    def __getitem__(self, name: str) -> Any:
        """The value of a setting."""
        return self._given.get(name, SETTINGS[name].default)

    @property
    def overridden(self) -> dict[str, Any]:
        """What differs from the defaults."""
        return {name: value for name, value in sorted(self._given.items()) if value != SETTINGS[name].default}

    def minimum_os(self, row: Any) -> tuple[int, int]:
        """The least operating system of a supported-configuration row, as a rank."""
        from .configurations import RELEASES

        release, pack = row.release, row.service_pack
        databases = ("operational_database", "data_warehouse", "reporting", "acs_database")
        if self["database_os_2008_sp2"] and row.role in databases:
            release, pack = "2008", 2
        return RELEASES.index(release), pack
