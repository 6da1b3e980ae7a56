"""The embedded engine: no PowerShell, only the operations that the collection sends, interpreted over the machine model."""

from __future__ import annotations

import re
from typing import Any

from . import Outcome, faults, jobs, payload
from .operations import Interpreter

NOT_FOUND = (
    "The term '{0}' is not recognized as the name of a cmdlet, function, script file, or operable program. Check the spelling "
    "of the name, or if a path was included, verify that the path is correct and try again.\r\nAt line:1 char:{1}\r\n"
    "+ {0} <<<< \r\n    + CategoryInfo          : ObjectNotFound: ({0}:String) [], CommandNotFoundException\r\n"
    "    + FullyQualifiedErrorId : CommandNotFoundException\r\n"
)
CUT_OFF = "The standard input was cut off on its way.\r\n"


def without_powershell(machine: Any) -> Outcome | None:
    """What a host answers that has no PowerShell 2.0; None when it has."""
    version = machine.spec.powershell
    if version is None:
        return Outcome(
            stderr=b"'PowerShell' is not recognized as an internal or external command,\r\n"
            b"operable program or batch file.\r\n",
            code=1,
        )
    if float(version) < 2:
        return Outcome(
            stderr=b"Missing expression after unary operator '-'.\r\nAt line:1 char:2\r\n"
            b"+ -E <<<< xecutionPolicy Unrestricted -EncodedCommand\r\n",
            code=1,
        )
    return None


class EmbeddedEngine:
    """See the package. Anything but a batch gets the error PowerShell would give for an unknown command."""

    def __init__(self, world: Any):
        self.world = world
        for machine in world.machines.values():
            jobs.register(machine, jobs.embedded_runner)

    def run(self, machine: Any, command: str, stdin: bytes, *, user: str, protocol: str) -> Outcome:
        """Interpret the batch on the standard input."""
        refused = without_powershell(machine)
        if refused:
            return refused
        script = payload.script_of(command)
        try:
            found = payload.read(stdin) if "$input" in script else None
        except ValueError:
            return Outcome(stdout=CUT_OFF.encode(), code=97)
        if found is None:
            return trivial(machine, script)
        names = [item.get("op", "?") for item in found.operations]
        interpreter = Interpreter(machine, user, found.script)
        answer = faults.around(machine, found.batch, interpreter.batch)
        return Outcome(payload.frame(found.nonce, answer), b"", 0, names)


def trivial(machine: Any, script: str) -> Outcome:
    """The few commands that one types to see whether a host answers; the rest is not recognised."""
    text = script.strip().rstrip(";")
    environment = {name.upper(): value for name, value in machine.environment("").items()}
    simple = {
        "hostname": machine.name,
        "$env:computername": machine.name,
        "$psversiontable.psversion.tostring()": "2.0",
        "exit 0": "",
    }
    found = simple.get(text.lower())
    variable = re.fullmatch(r"(?i)(?:echo\s+)?\$env:(\w+)", text)
    if found is None and variable:
        found = environment.get(variable.group(1).upper(), "")
    quoted = re.fullmatch(r"(?i)(?:echo|write-output)\s+['\"]?([^'\"$`]*)['\"]?", text)
    if found is None and quoted:
        found = quoted.group(1)
    if found is not None:
        return Outcome(stdout=(found + "\r\n").encode() if found else b"")
    word = (text.split() or [""])[0]
    return Outcome(stderr=NOT_FOUND.format(word, len(word) + 1).encode("utf-8"), code=1)
