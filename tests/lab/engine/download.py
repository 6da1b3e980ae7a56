"""`download`: a file from a web server, over real sockets in both engines."""

from __future__ import annotations

import hashlib
import re
import urllib.error
import urllib.request
from typing import Any

from ..world.errors import WindowsError
from .operations import Answer, Interpreter, Refused, checking, file_refused, operation, required


@operation("download")
def download(run: Interpreter, args: dict[str, Any]) -> Answer:
    url, wanted = required(args, "url"), required(args, "sha256").lower()
    if not re.match(r"(?i)https?://", url):
        raise Refused("invalid_argument", f"Not a web address: {url}")
    if not re.fullmatch(r"[0-9a-f]{64}", wanted):
        raise Refused("invalid_argument", "The argument sha256 is not a SHA-256.")
    fs, path = run.path(args)
    stat = fs.stat(path)
    if stat is not None and not stat.directory and hashlib.sha256(fs.read(path)).hexdigest() == wanted:
        return {"size": stat.size, "hash": wanted}, False
    if checking(args):
        return {"size": None, "hash": wanted}, True
    data = _fetch(url)
    digest = hashlib.sha256(data).hexdigest()
    if digest != wanted:
        raise Refused("io", f"{url} has the SHA-256 {digest}, not {wanted}.")
    try:
        fs.write(path, data, create_directory=True)
    except WindowsError as error:
        raise file_refused(error, path) from error
    return {"size": len(data), "hash": digest}, True


def _fetch(url: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=60) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        raise Refused("io", f"{url} could not be downloaded: the server answered {error.code}.") from error
    except (OSError, ValueError) as error:
        raise Refused("io", f"{url} could not be downloaded: no answer.") from error
