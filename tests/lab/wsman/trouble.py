"""Injected faults of the network and the service (see tests/lab/faults.py).

Two kinds of operation are asked about: `connect`, once a TCP connection, and `wsman.create`, `wsman.command`,
`wsman.send`, `wsman.receive`, `wsman.signal`, `wsman.delete`, once a request. What an effect means here:

=========  ====================================================================================================
`fail`     `connect`: the connection is refused (reset). A request: a SOAP fault with the fault's code and message.
           With a code from 400 to 599, that HTTP status; with kind `garbage`, an answer that is no HTTP at all
`drop`     the request is read, then the connection is reset
`hang`     the request is read and never answered
`delay`    the answer takes `seconds` longer
`die`      the request is carried out, and the connection is reset in the middle of the answer
=========  ====================================================================================================

A third, `wsman.output`, is asked about once a command, when its program has ended. `die`: half of its output is lost;
`delay`: it ends later; anything else: something that is not the program's answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from .refusal import Gone, Refusal, Rejected

GARBAGE = b"\x00\xff\xfe SSH-2.0-not-a-web-server\r\n\r\n\x80\x81"


FOREIGN = b"Windows Update is configuring this computer.\r\n"


class Garbage(Exception):
    """The client gets bytes that mean nothing."""


def refuses(fault: Any) -> bool:
    """Whether a fault of `connect` refuses the connection itself."""
    return fault.effect == "fail" and fault.kind != "garbage" and not _status(fault)


def _status(fault: Any) -> int:
    code = fault.code or 0
    return code if 400 <= code <= 599 else 0


async def suffer(fault: Any, gone: Callable[[], bool]) -> bool:
    """Let a fault strike a request before it is carried out. True: cut its answer in half."""
    if fault is None:
        return False
    if fault.effect == "delay":
        await asyncio.sleep(fault.seconds or 1.0)
    elif fault.effect == "hang":
        while not gone():
            await asyncio.sleep(0.2)
        raise Gone
    elif fault.effect == "drop":
        raise Gone
    elif fault.effect == "fail":
        if fault.kind == "garbage":
            raise Garbage
        if _status(fault):
            raise Rejected(_status(fault))
        raise Refusal(fault.code or 2150859120, "w:InternalError", fault.message, sender=False)
    return fault.effect == "die"


async def spoil(fault: Any, stdout: bytes) -> bytes:
    """What a fault of `wsman.output` makes of a program's output."""
    if fault.effect == "delay":
        await asyncio.sleep(fault.seconds or 1.0)
        return stdout
    return stdout[: len(stdout) // 2] if fault.effect == "die" else FOREIGN
