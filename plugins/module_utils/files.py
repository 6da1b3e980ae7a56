# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files that modules write on the controller: whole or not at all, and only where the content differs."""

from __future__ import annotations

import os
import tempfile
from typing import Any


def bring(module: Any, path: str, content: bytes) -> bool:
    """Bring a file to its content, nothing being written in check mode; whether it was, or would be, changed."""
    try:
        with open(path, "rb") as file:
            if file.read() == content:
                return False
    except OSError:
        pass
    if not module.check_mode:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        put(module, path, content)
    return True


def put(module: Any, path: str, content: bytes) -> None:
    """Put a file in place whole: a reader never sees half of one."""
    descriptor, name = tempfile.mkstemp(dir=module.tmpdir)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    module.atomic_move(name, path)
