# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation that the modules share which decide from a snapshot."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment `scom.upgrade.decision`: where the facts and the inputs come from, and that nothing is changed."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Reads only, and runs the same in check mode.
    support: full
  diff_mode:
    description: There is nothing to show, because nothing is changed.
    support: none
  platform:
    description: The controller.
    support: full
    platforms: posix
options:
  path:
    description: File of the snapshot, as M(scom.upgrade.snapshot) writes it. One of O(path) and O(snapshot) is needed.
    type: path
  snapshot:
    description: The snapshot itself. C(docs/snapshot.md) describes it.
    type: dict
  inputs:
    description:
      - The inputs of the plan by name, with or without the prefix C(scom_upgrade_). What is missing has its default.
      - A name that nobody knows, or a value of the wrong kind, is an error that names the variable and the remedy.
    type: dict
    default: {}
notes:
  - Asks no host. It needs the snapshot only, so that it works at a desk as well as against a live group.
author:
  - The scom.upgrade maintainers (@scom-upgrade)
"""
