# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reference data as tables: every row carries its evidence and its source."""

from __future__ import annotations

from .configurations import (
    CONFIGURATIONS,
    DATABASE_ROLES,
    ROLE_NAMES,
    ROLES,
    SERVER_ROLES,
    Reason,
    agent_supported,
    os_text,
    sql_supported,
    supported,
    undecided,
)
from .settings import SETTINGS, Settings, UnknownSetting
from .versions import BUILDS, TARGET, build_name, is_2007_r2, is_2012, parse_version, update_level

__all__ = [
    "BUILDS",
    "CONFIGURATIONS",
    "DATABASE_ROLES",
    "ROLES",
    "ROLE_NAMES",
    "SERVER_ROLES",
    "SETTINGS",
    "TARGET",
    "Reason",
    "Settings",
    "UnknownSetting",
    "agent_supported",
    "build_name",
    "is_2007_r2",
    "is_2012",
    "os_text",
    "parse_version",
    "sql_supported",
    "supported",
    "undecided",
    "update_level",
]
