# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.database_files`."""

from __future__ import annotations

import math

from ansible_collections.scom.upgrade.plugins.plugin_utils.host_action import ActionFailed, diff
from ansible_collections.scom.upgrade.plugins.plugin_utils.remote import OperationFailed
from ansible_collections.scom.upgrade.plugins.plugin_utils.sql import SqlAction, statement

PAGES = 128  # of 8 KB, in one megabyte
FILES = "SELECT name, type_desc, state_desc, physical_name, size, max_size FROM sys.database_files ORDER BY file_id"
# ALTER DATABASE takes no variable for a name or a size, so the server itself quotes the names into the inner statement.
GROW = """
DECLARE @statement nvarchar(1000)
SET @statement = N'ALTER DATABASE ' + QUOTENAME(@database) + N' MODIFY FILE (NAME = ' + QUOTENAME(@file)
    + N', SIZE = ' + CAST(@megabytes AS nvarchar(20)) + N'MB)'
EXEC sp_executesql @statement
"""
KINDS = (("data_mb", "ROWS", "data files"), ("log_mb", "LOG", "log"))


class ActionModule(SqlAction):
    """Grows the files of a database until data and log have the sizes that are asked for."""

    MODULE = "database_files"

    def perform(self, arguments, task_vars):
        """See the module's documentation."""
        before = self.files(arguments)
        grown = {}
        for option, kind, text in KINDS:
            wanted = arguments[option]
            if wanted is not None and total(before, kind) < wanted:
                name, size = self.choose(arguments, before, kind, text, wanted)
                grown[name] = size
        after = [dict(one, size_mb=grown.get(one["name"], one["size_mb"])) for one in before]
        result = {
            "changed": bool(grown),
            "files": after,
            "data_mb": math.floor(total(after, "ROWS")),
            "log_mb": math.floor(total(after, "LOG")),
            "diff": diff(sizes(before), sizes(after), f"{arguments['instance']} {arguments['database']} (MB)"),
        }
        if grown and not self.checking:
            for name, size in grown.items():
                self.grow(arguments, name, size)
            self.look_again(arguments)
        return result

    def files(self, arguments):
        """The files of the database as the server has them now."""
        return [
            {
                "name": row["name"],
                "kind": row["type_desc"],
                "path": row["physical_name"],
                "online": row["state_desc"] == "ONLINE",
                "size_mb": row["size"] / PAGES,
                "most_mb": row["max_size"] // PAGES if row["max_size"] > 0 else None,
            }
            for row in self.query(arguments["instance"], FILES, database=arguments["database"])
        ]

    def choose(self, arguments, files, kind, text, wanted):
        """The file that takes all of the growth, the largest that may, and its new size in whole megabytes."""
        missing = wanted - total(files, kind)
        mine = sorted((one for one in files if one["kind"] == kind and one["online"]), key=lambda one: -one["size_mb"])
        for one in mine:
            size = math.ceil(one["size_mb"] + missing)
            if one["most_mb"] is None or one["most_mb"] >= size:
                return one["name"], size
        limits = ", ".join(f"{one['name']} at most {one['most_mb']} MB" for one in mine) or "none is online"
        raise ActionFailed(
            f"{self.host}: the {text} of {arguments['database']} cannot grow to {wanted} MB, because no file may grow "
            f"that far ({limits}). Raise or remove the MAXSIZE of one and run again."
        )

    def grow(self, arguments, name, size):
        """Bring one file to its new size."""
        database = arguments["database"]
        parameters = {"database": database, "file": name, "megabytes": size}
        operation = statement("grow", arguments["instance"], GROW, parameters, timeout=arguments["timeout"])
        try:
            self.remote.run([operation])[0].get()
        except OperationFailed as error:
            raise ActionFailed(
                f"{self.host}: file {name} of {database} could not be brought to {size} MB: {error} "
                "No data has been changed; free space on its disk, or mend the cause, and run again.",
                error=error.as_dict(),
            ) from error

    def look_again(self, arguments):
        """Make sure that the sizes are what was asked for."""
        files = self.files(arguments)
        for option, kind, text in KINDS:
            wanted, found = arguments[option], total(files, kind)
            if wanted is not None and found < wanted:
                raise ActionFailed(
                    f"{self.host}: the {text} of {arguments['database']} has {found:.0f} MB after growing, and not "
                    f"{wanted} MB. Something shrinks it; look for AUTO_SHRINK and for maintenance jobs."
                )


def total(files, kind):
    """Megabytes of all files of a kind."""
    return sum(one["size_mb"] for one in files if one["kind"] == kind)


def sizes(files):
    """Sizes by file, for the difference that is shown."""
    return {one["name"]: round(one["size_mb"], 1) for one in files}
