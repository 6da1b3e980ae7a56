# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The answers of one host to the batch, by the name of the operation, and how single values are read.

A fact that could not be read is None, and the reason stands in `unknown`.
"""

from __future__ import annotations

import base64
import re
from datetime import datetime, timezone


class Answers:
    """The answers of one host, by operation. Its methods give None or nothing where the host gave no answer."""

    def __init__(self, results, media_path, key_path, connector_services, media_hashes, now):
        self.results = {result.id: result for result in results}
        self.media_hashes = media_hashes
        self.media_path, self.key_path = media_path, key_path
        self.connector_services = {name.lower() for name in connector_services}
        self.now = now or datetime.now(timezone.utc)
        self.unknown = {}

    def value(self, name, fact=None):
        """The value of an operation, or None; then `fact` is unknown, unless the thing simply is not there."""
        result = self.results.get(name)
        if result is None:
            return None
        if result.ok:
            return result.value
        if fact and result.error.get("kind") != "not_found":
            self.unknown[fact] = result.error.get("message", "")
        return None

    def rows(self, name, fact=None):
        """The rows of a WMI query as a list; empty when there is no answer."""
        return (self.value(name, fact) or {}).get("rows") or []

    def first(self, name, fact=None):
        """The first row of a WMI query, or an empty dictionary."""
        rows = self.rows(name, fact)
        return rows[0] if rows else {}

    def registry(self, name):
        """`{value name: data}` of a registry key; empty when the key is absent."""
        found = self.value(name, "registry." + name)
        if not found or not found.get("exists"):
            return {}
        return {key: item["data"] for key, item in (found.get("values") or {}).items()}

    def subkeys(self, name):
        """`{subkey: node}` of a registry key read with depth; empty when the key is absent."""
        found = self.value(name, "registry." + name)
        return (found or {}).get("subkeys") or {}

    def exists(self, name, fact=None):
        """Whether a registry key or a file is there; what could not be looked at makes `fact` unknown."""
        return bool((self.value(name, fact) or {}).get("exists"))


def parse_time(text):
    """An ISO 8601 time with Z as an aware datetime; None for no text."""
    if not text:
        return None
    return datetime.strptime(text.rstrip("Z").split(".")[0], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)


def data(node, name):
    """The data of a value of a registry node; None when it has none."""
    return ((node.get("values") or {}).get(name) or {}).get("data")


def number(version):
    """A version as a tuple of numbers, for comparison; an absent one is lower than any."""
    return tuple(int(part) for part in re.findall(r"\d+", version or ""))


def megabytes(size):
    """Bytes as whole megabytes."""
    return None if size is None else int(size) // 1048576


def utc(text):
    """A time that SQL Server told in UTC, as ISO 8601 without fractions."""
    return None if not text else text.rstrip("Z").split(".")[0] + "Z"


def serial(data):
    """A serial number as certificates show it; the registry has its bytes the other way round."""
    return base64.b64decode(data)[::-1].hex().upper() if data else None


def boolean(value):
    """A bit of SQL Server as a truth value."""
    return None if value is None else bool(value)
