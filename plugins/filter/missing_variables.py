# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter `missing_variables`: what a plan's steps need to know, and nobody has said."""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.module_utils.inputs import PREFIX
from ansible_collections.scom.upgrade.plugins.module_utils.needs import ACCOUNTS, PATHS, WRITER

NEEDED = {PREFIX + name: kinds for name, kinds in {**PATHS, **ACCOUNTS}.items()}
SECRETS = {PREFIX + name + "_password": kinds for name, kinds in ACCOUNTS.items()}
WAREHOUSE = (PREFIX + WRITER, PREFIX + WRITER + "_password")


def missing_variables(remaining, variables):
    """Names of the variables that the plan's remaining steps need and that are absent or empty, with a step of each.

    `remaining` are the steps as the gate lists them, `variables` those of the host that has the inputs. Gives texts.
    """
    steps = [step for step in remaining if step["mode"] == "automatic"]
    missing = []
    for name, kinds in {**NEEDED, **SECRETS}.items():
        users = [step["id"] for step in steps if step["kind"] in kinds]
        if users and not variables.get(name):
            missing.append(_text(name, users))
    adding = [step["id"] for step in steps if step["warehouse"]]
    missing += [_text(name, adding) for name in WAREHOUSE if adding and not variables.get(name)]
    return missing


def _text(name, users):
    more = f" and {len(users) - 1} more" if len(users) > 1 else ""
    return f"{name} is not set, and {users[0]}{more} of the plan needs it"


class FilterModule:
    """The filter of this file."""

    def filters(self):
        """Filters by name."""
        return {"missing_variables": missing_variables}
