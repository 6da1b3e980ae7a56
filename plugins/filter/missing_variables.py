# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filter `missing_variables`: what a plan's steps need to know, and nobody has said."""

from __future__ import annotations

# Variables without a safe default, by the kinds of step that need them (the roles name them as required).
NEEDED = {
    "scom_upgrade_media_path": {
        "agent.upgrade", "gateway.upgrade", "management_server.upgrade", "group.upgrade", "console.upgrade",
        "web_console.upgrade", "acs.upgrade", "reporting.upgrade", "console.remove",
    },
    "scom_upgrade_account": {
        "management_server.upgrade", "group.upgrade", "console.upgrade", "web_console.upgrade", "acs.upgrade",
        "reporting.upgrade", "backup.encryption_key",
    },
    "scom_upgrade_data_access_account": {"management_server.upgrade", "group.upgrade"},
    "scom_upgrade_data_reader_account": {"group.upgrade"},
    "scom_upgrade_encryption_key_path": {"backup.encryption_key"},
}  # fmt: skip
SECRETS = {
    name + "_password": NEEDED[name]
    for name in ("scom_upgrade_account", "scom_upgrade_data_access_account", "scom_upgrade_data_reader_account")
}
WAREHOUSE = ("scom_upgrade_data_writer_account", "scom_upgrade_data_writer_account_password")


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
