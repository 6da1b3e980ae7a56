"""Jobs: `job.start`, `job.poll`, `job.stop`, `job.remove`, and the runner that a job's scheduled task starts.

A job is a directory: `lock` (whoever makes it owns the start), `job.json`, `secrets` and `key` (gone as soon as the runner has
read them), `remote.ps1` (the runner), then `started.json`, `out.txt` and `finished.json`. On a real host the runner is
remote.ps1 itself; here `embedded_runner` does the same in Python, or the real engine runs the file.
"""

from __future__ import annotations

import base64
import json
import re
import secrets as random
from collections.abc import Generator
from datetime import datetime, timedelta, timezone
from typing import Any

from ..world.errors import WindowsError
from ..world.processes import FOREVER, Result
from .operations import (
    Answer,
    Interpreter,
    Refused,
    checking,
    command_line,
    iso,
    matches,
    number,
    operation,
    program_path,
    program_refused,
    required,
    tail,
    working_directory,
)

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
START_SECONDS = 60  # how long a task may take until its runner has started the program
YOUNG_SECONDS = 120  # a job that has not started yet is given so long before it counts as lost
OUTPUT_BYTES = 65536
PROFILE = ("LOCALAPPDATA", "APPDATA", "USERPROFILE", "TEMP", "USERNAME")
VAULT = "scom.upgrade protected data"  # machine.extra: what the model's data protection has sealed


def job_id(args: dict[str, Any]) -> str:
    """The argument `id`: it becomes a file name and a task's name."""
    text = required(args, "id")
    if not ID.fullmatch(text):
        raise Refused("invalid_argument", f"Not a job id: {text}")
    return text


def folder_of(run: Interpreter, id: str) -> str:
    """The job's directory."""
    return run.expand(r"%ProgramData%\scom.upgrade\jobs") + "\\" + id


def task_of(machine: Any, id: str) -> str:
    """The job's scheduled task; Windows Server 2003 has no task folders."""
    return f"\\scom.upgrade-{id}" if machine.os.is_2003 else f"\\scom.upgrade\\{id}"


# -- start ---------------------------------------------------------------------------------------------------


@operation("job.start")
def job_start(run: Interpreter, args: dict[str, Any]) -> Answer:
    id = job_id(args)
    folder, files = folder_of(run, id), run.machine.files
    if files.exists(folder + "\\lock"):
        return {"state": state_of(run, id)["state"], "attached": True, "directory": folder}, False
    program, directory = program_path(run, args), working_directory(run, args)
    sealed, shown = _take_secrets(args)
    number(args, "time_limit", 0)
    if checking(args):
        return {"state": "absent", "attached": False, "directory": folder}, True
    job = {
        "id": id,
        "path": program,
        "arguments": shown["arguments"],
        "input": shown["input"],
        "directory": directory,
        "account": _account(args),
        "created": iso(run.now()),
    }
    try:
        _write(files, folder, "lock", "")
        _seal(run.machine, files, folder, sealed)
        _write(files, folder, "job.json", json.dumps(job))
        _write(files, folder, "remote.ps1", run.script)
        _start_task(run, id, folder, args)
        _await_start(run, id, folder)
    except (Refused, WindowsError):
        _discard(run, id, folder)
        raise
    return {"state": state_of(run, id)["state"], "attached": False, "directory": folder}, True


def _account(args: dict[str, Any]) -> str:
    return str(args.get("account") or "SYSTEM")


def _take_secrets(args: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """(secrets, arguments and input in which `{"secret": n}` stands for the n-th of them)."""
    found: list[str] = []

    def hide(item: Any) -> Any:
        if isinstance(item, dict):
            if set(item) != {"secret"} or not isinstance(item["secret"], str):
                raise Refused("invalid_argument", "An argument is neither text nor a secret.")
            found.append(item["secret"])
            return {"secret": len(found) - 1}
        return str(item)

    arguments = [hide(item) for item in args.get("arguments") or []]
    return found, {"input": None if args.get("input") is None else hide(args["input"]), "arguments": arguments}


def _write(files: Any, folder: str, name: str, text: str) -> None:
    files.write(f"{folder}\\{name}", text.encode("utf-8"), create_directory=True)


def _seal(machine: Any, files: Any, folder: str, sealed: list[str]) -> None:
    """Put the secrets down, encrypted: the model's stand-in for Windows' data protection."""
    if sealed:
        token = random.token_hex(16)
        machine.extra.setdefault(VAULT, {})[token] = list(sealed)
        _write(files, folder, "key", base64.b64encode(random.token_bytes(32)).decode("ascii"))
        _write(files, folder, "secrets", "model:" + token)


def runner_arguments(folder: str) -> str:
    """The arguments of powershell.exe in a job's task: they hold nothing but the directory."""
    path = folder.replace("'", "''")
    return (
        "-NoProfile -NonInteractive -Command \"$d='" + path + "'"
        ";&([scriptblock]::Create([IO.File]::ReadAllText($d+'\\remote.ps1'))) job $d\""
    )


def _start_task(run: Interpreter, id: str, folder: str, args: dict[str, Any]) -> None:
    tasks, name = run.machine.tasks, task_of(run.machine, id)
    program = run.expand(r"%SystemRoot%\System32\WindowsPowerShell\v1.0\powershell.exe")
    limit = args.get("time_limit")
    try:
        tasks.create(
            name,
            program,
            runner_arguments(folder),
            account=_account(args),
            password=args.get("password"),
            time_limit=float(limit) if limit else None,
            description=f"scom.upgrade job {id}",
            replace=True,
        )
        tasks.run(name)
    except WindowsError as error:
        message = f"ERROR: {error.message}." if run.machine.os.is_2003 else error.message  # schtasks.exe says it there
        told = error.code if not run.machine.os.is_2003 or error.code == 1326 else 0  # schtasks.exe shows no others
        raise Refused(
            error.kind, f"The job {id} cannot be started as {_account(args)}: {message}", _code(told)
        ) from error


def _code(code: int | None) -> dict[str, Any]:
    """The detail of an error with Windows' code, where there is one."""
    return {"code": code} if code and 0 < code < 0x10000 else {}


def _await_start(run: Interpreter, id: str, folder: str) -> None:
    """Wait until the runner says that it runs; a task that ended without a word failed."""
    files, tasks, clock = run.machine.files, run.machine.tasks, run.machine.world.clock

    def known() -> bool:
        return bool(files.exists(folder + "\\started.json") or files.exists(folder + "\\finished.json"))

    def over() -> bool:
        task = tasks.get(task_of(run.machine, id))
        return known() or task is None or (task.state != "running" and task.last_result not in (267009, 267011))

    clock.wait_for(over, real_timeout=START_SECONDS)
    finished = _json(files, folder + "\\finished.json")
    if finished and finished.get("error"):
        raise Refused(finished["error"]["kind"], finished["error"]["message"])
    if not known():
        task = tasks.get(task_of(run.machine, id))
        result = (task.last_result if task else 1) & 0xFFFFFFFF
        raise Refused(
            "io",
            f"The task of job {id} did not start its program (result 0x{result:08X}). Check the account and its right "
            "to log on as a batch job.",
            _code(result - 0x80070000),
        )


def _discard(run: Interpreter, id: str, folder: str) -> None:
    """Leave nothing of a job that could not be started, so that it can be tried again."""
    run.machine.tasks.delete(task_of(run.machine, id))
    run.machine.files.delete(folder, recurse=True)


# -- poll ----------------------------------------------------------------------------------------------------


def _json(files: Any, path: str) -> dict[str, Any] | None:
    """A state file, or None while it is not there."""
    return json.loads(files.read(path)) if files.exists(path) else None


def state_of(run: Interpreter, id: str) -> dict[str, Any]:
    """{state, rc, started, finished} and the profile of the account, by the directory and the program that runs."""
    folder, files = folder_of(run, id), run.machine.files
    known: dict[str, Any] = {"state": "absent", "rc": None, "started": None, "finished": None, "profile": {}, "pid": 0}
    if not files.exists(folder + "\\lock"):
        return known
    started = _json(files, folder + "\\started.json")
    if started:
        known.update(started=started["started"], profile=started["profile"], pid=started["pid"])
    finished = _json(files, folder + "\\finished.json")
    if not finished and started and not _alive(run.machine, started):
        run.machine.world.clock.wait_for(lambda: files.exists(folder + "\\finished.json"), real_timeout=3)
        finished = _json(files, folder + "\\finished.json")
        known["state"] = "lost"
    if finished:
        return dict(
            known,
            state="finished",
            rc=finished["rc"],
            finished=finished["finished"],
            started=known["started"] or finished["finished"],
        )
    if known["state"] != "lost":
        known["state"] = "running" if started or _young(run, folder) else "lost"
    return known


def _alive(machine: Any, started: dict[str, Any]) -> bool:
    """Whether the job's program still runs: the id alone may be another's by now, after a restart."""
    process = machine.processes.get(started["pid"])
    return (
        process is not None and not process.done and process.name.lower().rsplit(".", 1)[0] == started["name"].lower()
    )


def _young(run: Interpreter, folder: str) -> bool:
    """Whether a job that has not started was made only now."""
    job = _json(run.machine.files, folder + "\\job.json")
    if job is None:
        return False
    made = datetime.strptime(job["created"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    return run.now() - made < timedelta(seconds=YOUNG_SECONDS)


@operation("job.poll")
def job_poll(run: Interpreter, args: dict[str, Any]) -> Answer:
    id, offset, log_offset = job_id(args), number(args, "offset", 0), number(args, "log_offset", 0)
    known = state_of(run, id)
    value: dict[str, Any] = {key: known[key] for key in ("state", "rc", "started", "finished")}
    output = folder_of(run, id) + "\\out.txt"
    files = run.machine.files
    piece = (
        tail(files.read(output), offset, OUTPUT_BYTES) if files.exists(output) else {"text": "", "next_offset": offset}
    )
    value.update(stdout=piece["text"], next_offset=piece["next_offset"], log=None)
    if args.get("log") and known["state"] != "absent":
        value["log"] = _product_log(run, str(args["log"]), known, log_offset)
    return value, False


def _product_log(run: Interpreter, pattern: str, known: dict[str, Any], offset: int) -> dict[str, Any] | None:
    """The new text of the newest file that fits the pattern and was written since the job started."""
    profile = {name.upper(): value for name, value in known["profile"].items()}
    text = re.sub(r"%([^%]+)%", lambda found: profile.get(found.group(1).upper(), found.group(0)), pattern)
    text = run.expand(text).replace("/", "\\")
    folder, _unused, name = text.rpartition("\\")
    files = run.machine.files
    if not re.match(r"[A-Za-z]:", folder) or not files.is_directory(folder + "\\"):
        return None
    since = known["started"] or ""
    found = [
        item
        for item in files.list(folder + "\\", "*")
        if not item.directory and matches(item.name, name) and str(iso(item.modified)) >= since
    ]
    if not found:
        return None
    newest = max(found, key=lambda item: (item.modified, item.name.lower()))
    piece = tail(files.read(newest.path), offset, OUTPUT_BYTES)
    return {"path": newest.path, "text": piece["text"], "next_offset": piece["next_offset"]}


# -- stop, remove --------------------------------------------------------------------------------------------


@operation("job.stop")
def job_stop(run: Interpreter, args: dict[str, Any]) -> Answer:
    id = job_id(args)
    known = state_of(run, id)
    if known["state"] != "running" or checking(args):
        return {"state": known["state"]}, known["state"] == "running"
    _end(run, id, known)
    return {"state": state_of(run, id)["state"]}, True


def _end(run: Interpreter, id: str, known: dict[str, Any]) -> None:
    """End the program; its runner then writes down how it ended."""
    finished = folder_of(run, id) + "\\finished.json"
    if known["pid"]:
        run.machine.processes.kill(known["pid"])
        run.machine.world.clock.wait_for(lambda: run.machine.files.exists(finished), real_timeout=15)
    if not run.machine.files.exists(finished):
        run.machine.tasks.end(task_of(run.machine, id))


@operation("job.remove")
def job_remove(run: Interpreter, args: dict[str, Any]) -> Answer:
    id = job_id(args)
    known = state_of(run, id)
    if known["state"] == "absent" or checking(args):
        return {"state": known["state"]}, known["state"] != "absent"
    if known["state"] == "running":
        _end(run, id, known)
    run.machine.tasks.delete(task_of(run.machine, id))
    run.machine.files.delete(folder_of(run, id), recurse=True)
    return {"state": known["state"]}, True


# -- the runner ----------------------------------------------------------------------------------------------


def register(machine: Any, runner: Any) -> None:
    """Make `powershell.exe` known to a machine, whose scheduled tasks run it."""
    if machine.spec.powershell is not None:
        machine.programs["powershell.exe"] = runner


def runner_folder(call: Any) -> str | None:
    """The job's directory in a runner's command line; None when it is another command."""
    found = re.search(r"\$d='((?:[^']|'')+)';.*\bjob \$d\"?\s*$", call.command_line)
    return found.group(1).replace("''", "'") if found else None


def embedded_runner(call: Any) -> Generator[float, None, Result]:
    """What `powershell.exe` does in the embedded engine: the job runner, and nothing else."""
    folder = runner_folder(call)
    if folder is None:
        return Result(1, stderr="The lab's powershell.exe runs jobs only.\r\n")
    machine = call.machine
    files, clock = machine.files, machine.world.clock
    job = _json(files, folder + "\\job.json")
    if job is None:
        return Result(1)
    arguments, text = _unseal(machine, files, folder, job)
    try:
        process = machine.processes.start(
            job["path"],
            command_line(arguments),
            user=call.user,
            directory=job["directory"],
            stdin=text,
            logon=call.logon,
        )
    except WindowsError as error:
        refused = program_refused(error, job["path"])
        _write(
            files,
            folder,
            "finished.json",
            json.dumps(
                {"rc": None, "finished": clock.iso(), "error": {"kind": refused.kind, "message": refused.message}}
            ),
        )
        return Result(1)
    environment = {name.upper(): value for name, value in machine.environment(call.user).items()}
    profile = {name: environment[name] for name in PROFILE if name in environment}
    profile.setdefault("LOCALAPPDATA", machine.local_app_data(call.user))
    _write(
        files,
        folder,
        "started.json",
        json.dumps(
            {"pid": process.id, "name": process.name.rsplit(".", 1)[0], "started": clock.iso(), "profile": profile}
        ),
    )
    process.on_exit.append(lambda ended: resume(machine, call.process))
    written = ""
    while True:
        done, output = process.done, process.stdout + process.stderr
        if output != written:
            _write(files, folder, "out.txt", output)
            written = output
        if done:
            break
        yield FOREVER if process.hung else 1.0
    _write(files, folder, "finished.json", json.dumps({"rc": process.exit_code, "finished": clock.iso()}))
    return Result(0)


def resume(machine: Any, process: Any) -> None:
    """Let a program go on that waits for ever, because what it waits for has happened."""
    with machine.world.lock:
        run = machine.processes._runs.get(process.id)
        if run is not None and process.hung:
            machine.processes._advance(run)


def _unseal(machine: Any, files: Any, folder: str, job: dict[str, Any]) -> tuple[list[str], str]:
    """(arguments, input) with their secrets, which are gone from the disk afterwards."""
    sealed: list[str] = []
    if files.exists(folder + "\\secrets"):
        token = files.read(folder + "\\secrets").decode("ascii").partition(":")[2]
        sealed = machine.extra.get(VAULT, {}).pop(token, [])
        files.delete(folder + "\\secrets")
        files.delete(folder + "\\key")

    def show(item: Any) -> str:
        return sealed[item["secret"]] if isinstance(item, dict) else str(item)

    return [show(item) for item in job["arguments"]], "" if job["input"] is None else show(job["input"])
