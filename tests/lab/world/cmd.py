"""cmd.exe: `/c` with redirection and chains, and batch files, as far as jobs and tests need them."""

from __future__ import annotations

import ntpath
import re
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .errors import WindowsError
from .processes import Call, Result, expand, split_command_line
from .programs import add, lines

if TYPE_CHECKING:
    from .machine import Machine

Run = Generator[float, None, int]


def register(machine: Machine) -> None:
    add(machine, "cmd.exe", _cmd)


def _cmd(call: Call) -> Generator[float, None, Result]:
    match = re.search(r"(?:^|\s)/[cCkK]\s*(.*)$", call.command_line, re.S)
    if match is None:
        text = call.stdin
    else:
        text = match.group(1).strip()
        quoted = text.startswith('"') and text.endswith('"') and len(text) > 1
        if quoted and (text.count('"') > 2 or not call.machine.files.exists(text[1:-1])):
            text = text[1:-1]
    shell = _Shell(call)
    code = 0
    for line in text.splitlines():
        code = yield from shell.line(line)
        if shell.exited:
            break
    return Result(code)


@dataclass
class _Shell:
    """One cmd.exe: its variables, directory, and error level."""

    call: Call
    variables: dict[str, str] = field(default_factory=dict)
    directory: str = ""
    level: int = 0
    exited: bool = False
    arguments: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.variables = {**self.call.environment, **self.variables}
        self.directory = self.directory or self.call.directory

    def line(self, line: str) -> Run:
        """One line: commands chained with &, && and ||."""
        text = line.strip().lstrip("@").strip()
        if (
            not text
            or text.lower().startswith(("rem ", "::", ":"))
            or text.lower() in ("rem", "echo off", "setlocal", "endlocal")
        ):
            return self.level
        for number, argument in enumerate(self.arguments):
            text = text.replace(f"%~{number}", argument.strip('"')).replace(f"%{number}", argument)
        for connector, command in _chain(text):
            if (connector == "&&" and self.level) or (connector == "||" and not self.level):
                continue
            yield from self.command(command)
            if self.exited:
                break
        return self.level

    def command(self, text: str) -> Run:
        """One command with its redirections."""
        text = expand(text, {**self.variables, "ERRORLEVEL": str(self.level), "CD": self.directory})
        body, redirections = _redirections(text)
        files, process = self.call.machine.files, self.call.process
        stdin = self.call.stdin
        kept_out, kept_error = process.stdout, process.stderr
        process.stdout = process.stderr = ""
        targets: dict[str, tuple[str, bool]] = {}
        together = False
        try:
            for mark, target in redirections:
                if mark == "<":
                    stdin = "" if target.lower() == "nul" else files.read_text(self.path(target))
                elif mark == "2>&1":
                    together = True
                elif mark in (">", "1>", ">>", "1>>"):
                    targets["out"] = (target, mark.endswith(">>"))
                elif mark in ("2>", "2>>"):
                    targets["error"] = (target, mark.endswith(">>"))
            for target, append in targets.values():
                if target.lower() != "nul" and not append:
                    files.write(self.path(target), b"")
            self.level = yield from self.simple(body, stdin)
        except WindowsError as error:
            process.stderr += lines(error.message + ".")
            self.level = 1
        out, error_text = process.stdout, process.stderr
        if together:
            out, error_text = out + error_text, ""
        for name, produced in (("out", out), ("error", error_text)):
            if name in targets and targets[name][0].lower() != "nul" and produced:
                files.append(self.path(targets[name][0]), produced)
        process.stdout = kept_out + ("" if "out" in targets else out)
        process.stderr = kept_error + ("" if "error" in targets else error_text)
        return self.level

    def simple(self, text: str, stdin: str) -> Run:
        """One command without redirections: built in, a batch file, or a program."""
        call, files = self.call, self.call.machine.files
        word, _unused, rest = text.strip().partition(" ")
        if text.startswith('"'):
            end = text.find('"', 1)
            word, rest = text[1:end], text[end + 1 :]
        name, rest = word.lower(), rest.strip()
        if name.startswith("echo"):
            call.write(lines(text[5:]) if len(text) > 4 else lines("ECHO is off."))
        elif name == "exit":
            self.exited = True
            number = rest.lower().replace("/b", "").strip()
            return int(number) if re.fullmatch(r"-?\d+", number) else self.level
        elif name == "set":
            variable, _unused, value = rest.strip('"').partition("=")
            self.variables = {k: v for k, v in self.variables.items() if k.lower() != variable.lower()}
            if value:
                self.variables[variable] = value
        elif name in ("cd", "chdir"):
            target = rest.lower().removeprefix("/d").strip()
            if target:
                self.directory = files.normal(self.path(rest[-len(target) :]))
        elif name == "type":
            call.write(files.read_text(self.path(rest)))
        elif name in ("del", "erase"):
            for target in [a for a in split_command_line(rest) if not a.startswith("/")]:
                files.delete(self.path(target))
        elif name in ("md", "mkdir"):
            files.mkdir(self.path(rest))
        elif name in ("rd", "rmdir"):
            words = split_command_line(rest)
            for target in [a for a in words if not a.startswith("/")]:
                files.delete(self.path(target), recurse="/s" in [w.lower() for w in words])
        elif name in ("copy", "move", "ren"):
            source, target = [a for a in split_command_line(rest) if not a.startswith("/")][:2]
            full = self.path(source)
            to = ntpath.join(ntpath.dirname(full), target) if name == "ren" else self.path(target)
            (files.copy if name == "copy" else files.move)(full, to)
        elif name == "ver":
            call.write(lines("", f"Microsoft Windows [Version {call.machine.os.version}]"))
        elif name == "if":
            return (yield from self.condition(rest))
        elif name == "call":
            return (yield from self.simple(rest, stdin))
        else:
            return (yield from self.program(word, rest, stdin))
        return 0

    def condition(self, text: str) -> Run:
        """`if [not] exist PATH`, `if [not] errorlevel N`, `if [not] A==B`, each with one command."""
        match = re.match(
            r'(?i)(not\s+)?(?:(exist)\s+("[^"]+"|\S+)|(errorlevel)\s+(-?\d+)|("[^"]*"|\S+?)\s*==\s*("[^"]*"|\S+))\s+(.+)$',
            text,
        )
        if match is None:
            raise WindowsError("invalid_argument", "The syntax of the command is incorrect", 255)
        negative, exist, path, errorlevel, number, one, other, command = match.groups()
        if exist:
            holds = self.call.machine.files.exists(self.path(path))
        elif errorlevel:
            holds = self.level >= int(number)
        else:
            holds = one == other
        if holds != bool(negative):
            return (yield from self.command(command))
        return self.level

    def program(self, word: str, rest: str, stdin: str) -> Run:
        """A program or a batch file."""
        call, processes = self.call, self.call.machine.processes
        full = self.path(word) if re.match(r"(?i)[a-z]:|.*\\", word) else ntpath.join(self.directory, word)
        for candidate in (full, full + ".cmd", full + ".bat"):
            if candidate.lower().endswith((".cmd", ".bat")) and call.machine.files.exists(candidate):
                inner = _Shell(call, self.variables, self.directory, arguments=[candidate, *split_command_line(rest)])
                code = self.level
                for line in call.machine.files.read_text(candidate).splitlines():
                    code = yield from inner.line(line)
                    if inner.exited:
                        break
                return code
        try:
            child = yield from processes.call(call, word, rest, stdin, self.variables, self.directory)
        except WindowsError as error:
            if error.code != 2:
                raise
            call.error(
                lines(
                    f"'{word}' is not recognized as an internal or external command,", "operable program or batch file."
                )
            )
            return 9009
        call.write(child.stdout)
        call.error(child.stderr)
        return child.exit_code or 0

    def path(self, text: str) -> str:
        """A full path of one that may be relative."""
        clean = text.strip().strip('"')
        return (
            clean if re.match(r"[A-Za-z]:", clean) or clean.startswith("\\\\") else ntpath.join(self.directory, clean)
        )


def _split_outside_quotes(text: str, pattern: str) -> list[tuple[str, str]]:
    """[(what matched before, part)] of a text split by a pattern outside quotes."""
    found: list[tuple[str, str]] = []
    mark, current, quoted, i = "", "", False, 0
    while i < len(text):
        if text[i] == "^" and not quoted and i + 1 < len(text):
            current += text[i + 1]
            i += 2
            continue
        match = None if quoted else re.compile(pattern).match(text, i)
        if match:
            found.append((mark, current))
            mark, current = match.group(0), ""
            i = match.end()
            continue
        if text[i] == '"':
            quoted = not quoted
        current += text[i]
        i += 1
    return [*found, (mark, current)]


def _chain(text: str) -> list[tuple[str, str]]:
    return [(mark, part.strip()) for mark, part in _split_outside_quotes(text, r"&&|\|\||(?<!>)&") if part.strip()]


def _redirections(text: str) -> tuple[str, list[tuple[str, str]]]:
    parts = _split_outside_quotes(text, r"2>&1|(?<![\w])[12]>>|(?<![\w])[12]>|>>|>|<")
    found: list[tuple[str, str]] = []
    body = parts[0][1].strip()
    for mark, part in parts[1:]:
        if mark == "2>&1":
            found.append((mark, ""))
            body += (" " + part.strip()) if part.strip() else ""
            continue
        match = re.match(r'\s*("[^"]*"|\S+)(.*)$', part, re.S)
        if match is None:
            raise WindowsError("invalid_argument", "The syntax of the command is incorrect", 255)
        found.append((mark, match.group(1).strip('"')))
        body += (" " + match.group(2).strip()) if match.group(2).strip() else ""
    return body, found
