# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All rules: importing this module registers every one of them."""

from __future__ import annotations

from . import agents, backups, databases, environment, group, order, servers, versions
from .engine import REGISTRY, Readiness, Result, Rule, evaluate, ordered

SUBJECTS = (versions, servers, databases, backups, group, agents, order, environment)

__all__ = ["REGISTRY", "SUBJECTS", "Readiness", "Result", "Rule", "evaluate", "ordered"]
