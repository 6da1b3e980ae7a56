"""schtasks.exe: the command line of the Task Scheduler."""

from __future__ import annotations

import re
import xml.etree.ElementTree as Xml
from typing import TYPE_CHECKING, Any

from .accounts import SYSTEM
from .errors import WindowsError, win32
from .processes import Call, Result, split_command_line
from .programs import add, lines
from .tasks import NEVER_RUN, Task

if TYPE_CHECKING:
    from .machine import Machine

_FLAGS = {"/f", "/v", "/nh", "/z", "/it", "/np", "/enable", "/disable", "/v1", "/k", "/i"}
_STATES = {"ready": "Ready", "running": "Running", "disabled": "Disabled"}
_TR_LIMIT = 261


def register(machine: Machine) -> None:
    add(machine, "schtasks.exe", _schtasks)


def _schtasks(call: Call) -> Result:
    verb = call.arguments[0].lower().replace("-", "/", 1) if call.arguments else "/query"
    try:
        given = _parse(call.arguments[1:])
        action = {
            "/create": _create,
            "/run": _run,
            "/end": _end,
            "/delete": _delete,
            "/query": _query,
            "/change": _change,
        }.get(verb)
        if action is None:
            raise _Refused(f'Invalid syntax. "{verb}" is not a valid option.')
        return action(call, given)
    except _Refused as refused:
        return Result(1, "", lines(f"ERROR: {refused}"))
    except WindowsError as error:
        text = {
            1326: "Logon failure: unknown user name or bad password.",
            2: "The system cannot find the file specified.",
        }.get(error.code or 0, error.message + ".")
        return Result(1, "", lines(f"ERROR: {text}"))


class _Refused(Exception):
    pass


def _parse(arguments: list[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    rest = [*arguments]
    while rest:
        name = rest.pop(0)
        key = name.lower().replace("-", "/", 1)
        if not key.startswith("/"):
            raise _Refused(f"Invalid argument/option - '{name}'.")
        if key in _FLAGS:
            given[key] = ""
        else:
            value = rest[0] if rest and not (rest[0].startswith("/") and key in ("/rp", "/p")) else None
            if value is not None:
                rest.pop(0)
            given[key] = value or ""
    return given


def _need(given: dict[str, str], name: str) -> str:
    if not given.get(name):
        raise _Refused(f"Invalid syntax. Mandatory option '{name[1:]}' is missing.")
    return given[name]


def _create(call: Call, given: dict[str, str]) -> Result:
    machine, path = call.machine, _need(given, "/tn")
    if machine.os.is_2003 and {"/rl", "/xml", "/v1", "/np"} & set(given):
        raise _Refused("Invalid argument/option.")
    if "/xml" in given:
        settings: dict[str, Any] = _definition(machine.files.read_text(given["/xml"]))
    else:
        command = _need(given, "/tr")
        _need(given, "/sc")
        if len(command) > _TR_LIMIT:
            raise _Refused(f"Value for '/TR' option cannot be more than {_TR_LIMIT} character(s).")
        program, arguments = _split(machine, command)
        settings = {"program": program, "arguments": arguments, "highest": given.get("/rl", "").lower() == "highest"}
    account = given.get("/ru", settings.pop("account", None) or (SYSTEM if "/ru" in given else call.user))
    password: str | None = given.get("/rp") or None
    if not machine.world.accounts.builtin(account) and password in (None, "*"):
        password = call.stdin.splitlines()[0] if call.stdin else ""
    if machine.tasks.get(path) is not None and "/f" not in given:
        raise _Refused(f'The task name "{path}" already exists. (Use /F to replace it.)')
    machine.tasks.create(path, account=account, password=password, replace="/f" in given, **settings)
    return Result(0, lines(f'SUCCESS: The scheduled task "{path}" has successfully been created.'))


def _split(machine: Machine, command: str) -> tuple[str, str]:
    """Program and arguments of /TR: as quoted, else up to the first blank."""
    parts = split_command_line(command)
    if not parts:
        raise _Refused("Invalid value for /TR option.")
    text = command.strip()
    if text.startswith('"'):
        return parts[0], text[text.index('"', 1) + 1 :].strip() if text.count('"') > 1 else ""
    program, _unused, rest = text.partition(" ")
    return program, rest.strip()


def _definition(text: str) -> dict[str, Any]:
    """What a task's XML says of it."""
    try:
        root = Xml.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text.lstrip("\ufeff")))
    except Xml.ParseError as error:
        raise _Refused(f"The task XML is malformed. ({error})") from error
    found = {element.tag.rpartition("}")[2]: (element.text or "").strip() for element in root.iter()}
    if "Command" not in found:
        raise _Refused("The task XML is missing a required element or attribute. (Command)")
    limit = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", found.get("ExecutionTimeLimit", "P3D"))
    days, hours, minutes, seconds = (int(part or 0) for part in limit.groups()) if limit else (3, 0, 0, 0)
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return {
        "program": found["Command"],
        "arguments": found.get("Arguments", ""),
        "directory": found.get("WorkingDirectory") or None,
        "account": found.get("UserId") or None,
        "time_limit": float(total) if total else None,
        "description": found.get("Description", ""),
        "hidden": found.get("Hidden", "").lower() == "true",
        "highest": found.get("RunLevel") == "HighestAvailable",
    }


def _task(call: Call, given: dict[str, str]) -> Task:
    task = call.machine.tasks.get(_need(given, "/tn"))
    if task is None:
        raise win32(2, given["/tn"])
    return task


def _run(call: Call, given: dict[str, str]) -> Result:
    task = _task(call, given)
    call.machine.tasks.run(task.path)
    return Result(0, lines(f'SUCCESS: Attempted to run the scheduled task "{given["/tn"]}".'))


def _end(call: Call, given: dict[str, str]) -> Result:
    task = _task(call, given)
    call.machine.tasks.end(task.path)
    return Result(0, lines(f'SUCCESS: The scheduled task "{given["/tn"]}" has been terminated successfully.'))


def _delete(call: Call, given: dict[str, str]) -> Result:
    task = _task(call, given)
    if "/f" not in given and not call.stdin.strip().lower().startswith("y"):
        return Result(1, lines(f'WARNING: Are you sure you want to remove the task "{given["/tn"]}" (Y/N)?'))
    call.machine.tasks.delete(task.path)
    return Result(0, lines(f'SUCCESS: The scheduled task "{given["/tn"]}" was successfully deleted.'))


def _change(call: Call, given: dict[str, str]) -> Result:
    task = _task(call, given)
    if "/enable" in given or "/disable" in given:
        call.machine.tasks.set_enabled(task.path, "/enable" in given)
    return Result(0, lines(f'SUCCESS: The parameters of scheduled task "{given["/tn"]}" have been changed.'))


def _query(call: Call, given: dict[str, str]) -> Result:
    tasks = [_task(call, given)] if given.get("/tn") else call.machine.tasks.list()
    style = given.get("/fo", "table").lower()
    rows = [_row(call.machine, task, "/v" in given or style == "list") for task in tasks]
    if "/xml" in given:
        raise _Refused("The lab does not write a task's XML.")
    if not rows:
        return Result(0, lines("INFO: There are no scheduled tasks presently available at your access level."))
    if style == "list":
        width = max(len(name) for name in rows[0]) + 1
        return Result(
            0, "".join(lines("", *(f"{name + ':':<{width}} {value}" for name, value in row.items())) for row in rows)
        )
    if style == "csv":
        head = [] if "/nh" in given else [_csv([*rows[0]])]
        return Result(0, lines(*head, *(_csv([*row.values()]) for row in rows)))
    names = ["TaskName", "Next Run Time", "Status"]
    head = (
        [] if "/nh" in given else [f"{names[0]:<40} {names[1]:<22} {names[2]:<15}", f"{'=' * 40} {'=' * 22} {'=' * 15}"]
    )
    return Result(
        0, lines("", *head, *(f"{row[names[0]]:<40} {row[names[1]]:<22} {row[names[2]]:<15}" for row in rows))
    )


def _csv(values: list[str]) -> str:
    return ",".join('"' + value.replace('"', '""') + '"' for value in values)


def _row(machine: Machine, task: Task, verbose: bool) -> dict[str, str]:
    shown = task.path.lstrip("\\") if machine.os.is_2003 else task.path
    row = {"HostName": machine.name, "TaskName": shown, "Next Run Time": "N/A", "Status": _STATES[task.state]}
    if machine.os.is_2003 and task.state == "ready":
        row["Status"] = ""
    if verbose:
        ran = (
            f"{task.last_run.month}/{task.last_run.day}/{task.last_run.year} {task.last_run.strftime('%I:%M:%S %p').lstrip('0')}"
            if task.last_run
            else "Never"
            if machine.os.is_2003
            else "N/A"
        )
        result = task.last_result - (1 << 32) if task.last_result >= 1 << 31 else task.last_result
        row.update(
            {
                "Logon Mode": "Interactive/Background",
                "Last Run Time": ran,
                "Last Result": str(0 if machine.os.is_2003 and result == NEVER_RUN else result),
                "Author": "N/A",
                "Task To Run": f"{task.program} {task.arguments}".strip(),
                "Start In": task.directory or "N/A",
                "Comment": task.description or "N/A",
                "Scheduled Task State": "Disabled" if task.state == "disabled" else "Enabled",
                "Run As User": "SYSTEM" if task.account == SYSTEM else task.account,
                "Schedule Type": "One Time Only",
            }
        )
    return row
