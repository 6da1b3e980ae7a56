# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which inputs the kinds of step cannot do without: media, accounts, the place of the key.

Roles name them as required; no run begins without them, and an account is tried where a step needs it.
"""

from __future__ import annotations

#: Accounts by input, with the kinds of step that are given the account and its password.
ACCOUNTS: dict[str, frozenset[str]] = {
    "account": frozenset(
        {
            "management_server.upgrade",
            "group.upgrade",
            "console.upgrade",
            "web_console.upgrade",
            "acs.upgrade",
            "reporting.upgrade",
            "backup.encryption_key",
        }
    ),
    "data_access_account": frozenset({"management_server.upgrade", "group.upgrade"}),
    "data_reader_account": frozenset({"group.upgrade"}),
}
#: What else has no safe default.
PATHS: dict[str, frozenset[str]] = {
    "media_path": frozenset(
        {
            "agent.upgrade",
            "gateway.upgrade",
            "management_server.upgrade",
            "group.upgrade",
            "console.upgrade",
            "web_console.upgrade",
            "acs.upgrade",
            "reporting.upgrade",
            "console.remove",
        }
    ),
    "encryption_key_path": frozenset({"backup.encryption_key"}),
}
#: The account of the data warehouse that setup adds where the group has none.
WRITER = "data_writer_account"
