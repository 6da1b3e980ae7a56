"""The operations of docs/wire.md, interpreted over the machine model: what remote.ps1 does on a real host.

One function an operation. It gets the interpreter and the operation's arguments and answers (value, changed), or raises
`Refused` (or the model's WindowsError). The messages are those that remote.ps1 gives: the parity test compares them.
"""

from __future__ import annotations

import base64
import fnmatch
import hashlib
import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from ..world.errors import WindowsError

Answer = tuple[Any, bool]
OPERATIONS: dict[str, Callable[[Interpreter, dict[str, Any]], Answer]] = {}

SERVICE_STATES = {"running": "running", "stopped": "stopped", "restarted": "running"}
HASHES = ("md5", "sha1", "sha256")


class Refused(Exception):
    """An operation that is refused: kind, message and detail of the error it answers."""

    def __init__(self, kind: str, message: str, detail: dict[str, Any] | None = None):
        super().__init__(message)
        self.kind, self.message, self.detail = kind, message, detail or {}


def operation(name: str) -> Callable[[Any], Any]:
    """Register the function of an operation."""

    def register(function: Any) -> Any:
        OPERATIONS[name] = function
        return function

    return register


class Interpreter:
    """Runs batches on one machine as one user, who logged on over the network.

    script: the text of remote.ps1 as it arrived, which a job leaves on the host for its runner.
    """

    def __init__(self, machine: Any, user: str, script: str = "", logon: str = "network"):
        self.machine, self.script, self.logon = machine, script, logon
        self.user = machine.world.accounts.full_name(user, machine)

    def batch(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Carry out a batch; answers what goes into the frame."""
        if batch.get("version") != 1 or not isinstance(batch.get("operations"), list):
            return {
                "version": 1,
                "error": {"kind": "unsupported", "message": "This is not a batch of version 1.", "detail": {}},
            }
        results: list[dict[str, Any]] = []
        failed = False
        for item in batch["operations"]:
            if failed and batch.get("stop_on_error"):
                error = {"kind": "skipped", "message": "An earlier operation failed.", "detail": {}}
                results.append({"id": str(item.get("id") or item.get("op")), "ok": False, "ms": 0, "error": error})
                continue
            results.append(self.one(item))
            failed = failed or not results[-1]["ok"]
        return {"version": 1, "results": results}

    def one(self, item: dict[str, Any]) -> dict[str, Any]:
        """Carry out one operation; it fails alone."""
        started = time.monotonic()
        name = str(item.get("op"))
        answer: dict[str, Any] = {"id": str(item.get("id") or name)}
        try:
            function = OPERATIONS.get(name)
            if function is None:
                raise Refused("unsupported", f"There is no operation {name}.")
            value, changed = function(self, item.get("args") or {})
            answer.update(ok=True, changed=changed, value=value)
        except Refused as error:
            answer.update(ok=False, error={"kind": error.kind, "message": error.message, "detail": error.detail})
        except WindowsError as error:
            answer.update(ok=False, error={"kind": error.kind, "message": error.message, "detail": error.detail})
        answer["ms"] = int((time.monotonic() - started) * 1000)
        return answer

    # -- what operations share -------------------------------------------------------------------------------------

    def expand(self, text: str) -> str:
        """A text with `%NAME%` expanded as the host does; `%ProgramData%` is `%ALLUSERSPROFILE%` where there is none."""
        names = {name.upper(): value for name, value in self.machine.environment(self.user).items()}
        names.setdefault("PROGRAMDATA", names.get("ALLUSERSPROFILE", "%ProgramData%"))
        return re.sub(r"%([^%]+)%", lambda found: names.get(found.group(1).upper(), found.group(0)), text)

    def path(self, args: dict[str, Any], name: str = "path") -> tuple[Any, str]:
        """(file system, path) of a path argument."""
        text = self.full_path(args, name)
        fs, local = self.machine.open_path(text, self.logon)
        return fs, local

    def full_path(self, args: dict[str, Any], name: str = "path") -> str:
        """A path argument, expanded; it has to be absolute."""
        text = self.expand(required(args, name)).replace("/", "\\")
        if not re.match(r"^([A-Za-z]:\\|\\\\[^\\]+\\[^\\]+)", text) or re.search(r'[<>"|?*\x00-\x1f]', text):
            raise Refused("invalid_argument", f"Not an absolute path: {text}")
        return text if re.fullmatch(r"[A-Za-z]:\\", text) else text.rstrip("\\")

    def now(self) -> datetime:
        """The machine's time."""
        return self.machine.world.clock.utc()


def required(args: dict[str, Any], name: str) -> str:
    """A text argument that must be there."""
    value = args.get(name)
    if value is None or value == "":
        raise Refused("invalid_argument", f"The argument {name} is missing.")
    return str(value)


def number(args: dict[str, Any], name: str, default: int) -> int:
    """A number that is not negative."""
    value = args.get(name, default)
    value = default if value is None else value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise Refused("invalid_argument", f"The argument {name} is not a number.")
    return int(value)


def choice(args: dict[str, Any], name: str, allowed: tuple[str, ...], default: str | None = None) -> str:
    """One of several words."""
    value = args.get(name) or default
    if value not in allowed:
        raise Refused("invalid_argument", f"The argument {name} must be one of {', '.join(allowed)}.")
    return str(value)


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC, whole seconds."""
    if moment is None:
        return None
    if moment.tzinfo is not None:
        moment = moment.astimezone(timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def content(args: dict[str, Any]) -> bytes:
    """The argument `data`: base64."""
    if args.get("data") is None:
        raise Refused("invalid_argument", "The argument data is missing.")
    try:
        return base64.b64decode(str(args["data"]), validate=True)
    except ValueError:
        raise Refused("invalid_argument", "The argument data is not base64.") from None


def checking(args: dict[str, Any]) -> bool:
    """Whether nothing may be changed."""
    return bool(args.get("check"))


# -- the machine ---------------------------------------------------------------------------------------------


@operation("system.info")
def system_info(run: Interpreter, args: dict[str, Any]) -> Answer:
    machine = run.machine
    environment = {name.upper(): value for name, value in machine.environment(run.user).items()}
    environment.setdefault("PROGRAMDATA", environment["ALLUSERSPROFILE"])
    wanted = ("ProgramFiles", "ProgramData", "SystemRoot", "SystemDrive", "TEMP")
    return {
        "name": machine.name,
        "domain": machine.domain or None,
        "domain_joined": machine.domain_joined,
        "fqdn": machine.fqdn,
        "time": iso(run.now()),
        "boot_time": iso(machine.boot_time),
        "powershell": powershell_version(machine),
        "clr": clr_version(machine),
        "bitness": 32 if machine.os.architecture == "x86" else 64,
        "user": run.user,
        "os_version": machine.os.version,
        "environment": {name: environment.get(name.upper()) for name in wanted},
    }, False


def powershell_version(machine: Any) -> str:
    """What $PSVersionTable tells."""
    return str(machine.spec.powershell or "2.0")


def clr_version(machine: Any) -> str:
    """The runtime that this PowerShell starts: 2.0, and 4.0 from PowerShell 3.0 on (major.minor only: builds vary)."""
    return "2.0" if float(machine.spec.powershell or 2) < 3 else "4.0"


# -- registry ------------------------------------------------------------------------------------------------

HIVES = (
    "HKLM",
    "HKEY_LOCAL_MACHINE",
    "HKU",
    "HKEY_USERS",
    "HKCR",
    "HKEY_CLASSES_ROOT",
    "HKCU",
    "HKEY_CURRENT_USER",
    "HKCC",
    "HKEY_CURRENT_CONFIG",
)


def key_of(args: dict[str, Any]) -> str:
    """The argument `key`."""
    text = required(args, "key")
    hive = text.partition("\\")[0]
    if hive.upper() not in HIVES:
        raise Refused("invalid_argument", f"Not a registry key: {text}")
    return text.rstrip("\\")


def registry_value(kind: str, data: Any) -> dict[str, Any]:
    """A value as the wire has it."""
    return {
        "kind": kind,
        "data": base64.b64encode(data).decode("ascii") if isinstance(data, (bytes, bytearray)) else data,
    }


@operation("registry.read")
def registry_read(run: Interpreter, args: dict[str, Any]) -> Answer:
    key, depth = key_of(args), number(args, "depth", 0)
    if run.machine.registry.read(key) is None:
        return {"exists": False, "values": {}, "subkeys": {}}, False
    return {"exists": True, **_key(run.machine.registry, key, depth)}, False


def _key(registry: Any, key: str, depth: int) -> dict[str, Any]:
    found = registry.read(key)
    values = {name: registry_value(kind, data) for name, (kind, data) in found.values.items()}
    subkeys = {name: _key(registry, f"{key}\\{name}", depth - 1) if depth else {} for name in found.subkeys}
    return {"values": values, "subkeys": subkeys}


@operation("registry.write")
def registry_write(run: Interpreter, args: dict[str, Any]) -> Answer:
    key, name = key_of(args), str(args.get("name") or "")
    kinds = ("String", "ExpandString", "DWord", "QWord", "MultiString", "Binary")
    kind = choice(args, "kind", kinds, "String")
    data = registry_data(kind, args)
    registry = run.machine.registry
    before = _value(registry, key, name)
    changed = before is None or (before["kind"], before["data"]) != (kind, registry_value(kind, data)["data"])
    if changed and not checking(args):
        registry.set(key, name, kind, data)
    return {"before": before}, changed


def registry_data(kind: str, args: dict[str, Any]) -> Any:
    """The argument `data` in the form that its kind stores."""
    if kind == "Binary":
        return content(args)
    data = args.get("data")
    problem = Refused("invalid_argument", f"The argument data does not fit the kind {kind}.")
    if kind in ("DWord", "QWord"):
        if isinstance(data, bool) or not isinstance(data, int) or not 0 <= data < 2 ** (32 if kind == "DWord" else 64):
            raise problem
        return data
    if kind == "MultiString":
        if not isinstance(data, list) or not all(isinstance(item, str) for item in data):
            raise problem
        return data
    if not isinstance(data, str):
        raise problem
    return data


def _value(registry: Any, key: str, name: str) -> dict[str, Any] | None:
    found = registry.read(key)
    for known, (kind, data) in (found.values if found else {}).items():
        if known.lower() == name.lower():
            return registry_value(kind, data)
    return None


@operation("registry.delete")
def registry_delete(run: Interpreter, args: dict[str, Any]) -> Answer:
    key, registry = key_of(args), run.machine.registry
    if "name" in args and args["name"] is not None:
        existed = _value(registry, key, str(args["name"])) is not None
        if existed and not checking(args):
            registry.remove(key, str(args["name"]))
        return {"existed": existed}, existed
    if "\\" not in key:
        raise Refused("invalid_argument", f"A whole hive is not deleted: {key}")
    existed = registry.read(key) is not None
    if existed and not checking(args):
        registry.delete(key)
    return {"existed": existed}, existed


# -- WMI -----------------------------------------------------------------------------------------------------


@operation("wmi.query")
def wmi_query(run: Interpreter, args: dict[str, Any]) -> Answer:
    name, namespace = required(args, "class"), str(args.get("namespace") or r"root\cimv2")
    wanted = [str(item) for item in args.get("properties") or []]
    where = args.get("where") or []
    if not wanted:
        raise Refused("invalid_argument", "The argument properties is missing.")
    for word in [name, *wanted, *(str(item.get("property")) for item in where)]:
        if not re.fullmatch(r"[A-Za-z_]\w*", word, re.A):
            raise Refused("invalid_argument", f"Not a name of WMI: {word}")
    try:
        rows = run.machine.wmi.query(namespace, name, where)
    except WindowsError as error:
        raise wmi_refused(error, namespace, name) from error
    return {"rows": [_wmi_row(row, wanted) for row in rows]}, False


def wmi_refused(error: WindowsError, namespace: str, name: str) -> Refused:
    """The errors of WMI in our words."""
    code = (error.code or 0) & 0xFFFFFFFF
    if code in (0x80041010, 0x8004100E, 0x80041002):
        return Refused("not_found", f"WMI has no class {name} in {namespace}.")
    return Refused(error.kind, error.message)


def _wmi_row(row: dict[str, Any], wanted: list[str]) -> dict[str, Any]:
    known = {name.lower(): value for name, value in row.items()}
    return {name: wmi_value(known.get(name.lower())) for name in wanted}


def wmi_value(value: Any) -> Any:
    """A WMI value: DMTF dates become ISO times."""
    if isinstance(value, (list, tuple)):
        return [wmi_value(item) for item in value]
    if isinstance(value, datetime):
        return iso(value)
    found = re.fullmatch(r"(\d{14})\.(\d{6})([+-]\d{3})", value) if isinstance(value, str) else None
    if not found:
        return value
    try:
        moment = datetime.strptime(found.group(1), "%Y%m%d%H%M%S")
    except ValueError:
        return value
    return iso(moment - timedelta(minutes=int(found.group(3))))


# -- services ------------------------------------------------------------------------------------------------


@operation("service.list")
def service_list(run: Interpreter, args: dict[str, Any]) -> Answer:
    services = {service.name.lower(): service for service in run.machine.services.list()}
    names = args.get("names")
    wanted = [service.name for service in services.values()] if names is None else [str(name) for name in names]
    return {"services": {name: _service(services[name.lower()]) for name in wanted if name.lower() in services}}, False


def _service(service: Any) -> dict[str, Any]:
    return {
        "display_name": service.display_name,
        "state": service.state,
        "start_mode": service.start_mode,
        "account": service.account,
        "path": service.path,
    }


@operation("service.set")
def service_set(run: Interpreter, args: dict[str, Any]) -> Answer:
    name, services, clock = required(args, "name"), run.machine.services, run.machine.world.clock
    state = choice(args, "state", ("running", "stopped", "restarted")) if args.get("state") else None
    mode = choice(args, "start_mode", ("auto", "manual", "disabled")) if args.get("start_mode") else None
    timeout = number(args, "timeout", 120)
    service = next((item for item in services.list() if item.name.lower() == name.lower()), None)
    if service is None:
        raise Refused("not_found", f"There is no service {name}.")
    before = {"state": service.state, "start_mode": service.start_mode}
    wanted = SERVICE_STATES[state] if state else service.state
    changed = state == "restarted" or wanted != service.state or (mode or service.start_mode) != service.start_mode
    if checking(args):
        return {"before": before, "after": {"state": wanted, "start_mode": mode or service.start_mode}}, changed
    if mode and mode != service.start_mode:
        services.set_start_mode(service.name, mode)
    dependents = _running_dependents(services, service.name) if state == "restarted" else []
    try:
        if state in ("stopped", "restarted"):
            services.stop(service.name, force=True)
            _wait_service(run, service.name, "stopped", timeout)
        for item in [service.name, *dependents] if state in ("running", "restarted") else []:
            services.start(item)
            _wait_service(run, item, "running", timeout)
    except WindowsError as error:
        raise Refused(
            error.kind,
            f"The service {service.name} cannot be {'stopped' if state == 'stopped' else 'started'}: {error.message}",
        ) from error
    clock.notify()
    service = services.get(service.name)
    return {"before": before, "after": {"state": service.state, "start_mode": service.start_mode}}, changed


def _running_dependents(services: Any, name: str) -> list[str]:
    """What depends on a service and runs, in the order in which it is started again."""
    found: list[str] = []
    for other in services.dependents(name):
        if other.state == "running":
            found += [item for item in [other.name, *_running_dependents(services, other.name)] if item not in found]
    return found


def _wait_service(run: Interpreter, name: str, state: str, timeout: int) -> None:
    services = run.machine.services
    if not run.machine.world.clock.wait_for(lambda: services.get(name).state == state, timeout):
        raise Refused(
            "timeout", f"The service {name} is {services.get(name).state} after {timeout} seconds, not {state}."
        )


# -- files ---------------------------------------------------------------------------------------------------


def file_refused(error: WindowsError, path: str) -> Refused:
    """A refusal about a file, in the words of remote.ps1."""
    if error.kind == "access_denied":
        return Refused("access_denied", f"Access to {path} is denied.")
    if error.kind == "not_found":
        return Refused("not_found", f"There is no {path}.")
    return Refused(error.kind, error.message)


@operation("file.stat")
def file_stat(run: Interpreter, args: dict[str, Any]) -> Answer:
    fs, path = run.path(args)
    algorithm = choice(args, "hash", HASHES) if args.get("hash") else None
    stat = fs.stat(path)
    value = {
        "exists": stat is not None,
        "directory": False,
        "size": None,
        "modified": None,
        "version": None,
        "product_version": None,
        "hash": None,
    }
    if stat is None:
        return value, False
    value.update(directory=stat.directory, size=None if stat.directory else stat.size, modified=iso(stat.modified))
    if args.get("version") and not stat.directory:
        version = fs.version(path)
        value.update(
            version=plain_version(version and version.file), product_version=plain_version(version and version.product)
        )
    if algorithm and not stat.directory:
        value["hash"] = hashlib.new(algorithm, fs.read(path)).hexdigest()
    return value, False


def plain_version(text: str | None) -> str | None:
    """The number in a version text: `6.1.7221.0 (x)` is 6.1.7221.0."""
    found = re.match(r"\s*(\d+(?:[.,]\s*\d+){1,3})", text or "")
    return re.sub(r"[,.]\s*", ".", found.group(1)) if found else None


@operation("file.list")
def file_list(run: Interpreter, args: dict[str, Any]) -> Answer:
    fs, path = run.path(args)
    pattern = str(args.get("pattern") or "*")
    if not fs.is_directory(path):
        return {"exists": False, "entries": []}, False
    entries = [item for item in fs.list(path, "*", bool(args.get("recurse"))) if matches(item.name, pattern)]
    entries.sort(key=lambda item: [part.lower() for part in item.path.split("\\")])
    return {
        "exists": True,
        "entries": [
            {
                "path": item.path,
                "name": item.name,
                "directory": item.directory,
                "size": None if item.directory else item.size,
                "modified": iso(item.modified),
            }
            for item in entries
        ],
    }, False


def matches(name: str, pattern: str) -> bool:
    """Whether a name fits a pattern of `*` and `?`."""
    return fnmatch.fnmatchcase(name.lower(), re.sub(r"\[", "[[]", pattern.lower()))


def _file(fs: Any, path: str) -> Any:
    """The stat of a file that must be there."""
    stat = fs.stat(path)
    if stat is None or stat.directory:
        raise Refused("not_found", f"There is no file {path}.")
    return stat


@operation("file.read")
def file_read(run: Interpreter, args: dict[str, Any]) -> Answer:
    fs, path = run.path(args)
    offset, length = number(args, "offset", 0), number(args, "length", 65536)
    size = _file(fs, path).size
    data = fs.read(path, min(offset, size), length)
    return {"size": size, "offset": min(offset, size), "data": base64.b64encode(data).decode("ascii")}, False


@operation("file.tail")
def file_tail(run: Interpreter, args: dict[str, Any]) -> Answer:
    fs, path = run.path(args)
    limit = number(args, "bytes", 32768)
    offset = None if args.get("offset") is None else number(args, "offset", 0)
    stat = fs.stat(path)
    if stat is None or stat.directory:
        return {"exists": False, "size": 0, "offset": 0, "next_offset": 0, "text": ""}, False
    return {"exists": True, **tail(fs.read(path), offset, limit)}, False


def tail(data: bytes, offset: int | None, limit: int) -> dict[str, Any]:
    """A piece of a text file that may still grow: whole characters only, so that the next piece fits on.

    offset None: the last `limit` bytes. An offset behind the end means that the file was begun anew: read from its start.
    """
    size = len(data)
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    mark = 2 if wide else 3 if data[:3] == b"\xef\xbb\xbf" else 0
    start = max(0, size - limit) if offset is None else (0 if offset > size else offset)
    if wide:
        start -= start % 2
    piece = data[start : start + limit]
    skipped = 0
    if wide:
        piece = piece[: len(piece) - len(piece) % 2]
        text = piece[max(0, mark - start) :].decode("utf-16-le" if data[:1] == b"\xff" else "utf-16-be", "replace")
    else:
        if offset is None and start:
            while skipped < min(3, len(piece)) and 0x80 <= piece[skipped] < 0xC0:
                skipped += 1
        piece = _whole_utf8(piece[skipped:])
        body = piece[max(0, mark - start - skipped) :]
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            text = body.decode("cp1252", "replace")
    return {"size": size, "offset": start + skipped, "next_offset": start + skipped + len(piece), "text": text}


def _whole_utf8(piece: bytes) -> bytes:
    """The piece without a last character of UTF-8 whose end has not arrived."""
    for back in range(1, min(4, len(piece)) + 1):
        byte = piece[-back]
        if byte < 0x80:
            return piece
        if byte >= 0xC0:
            need = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return piece[:-back] if back < need else piece
    return piece


@operation("file.write")
def file_write(run: Interpreter, args: dict[str, Any]) -> Answer:
    fs, path = run.path(args)
    data, offset, final = content(args), number(args, "offset", 0), bool(args.get("final", True))
    stat = fs.stat(path)
    if stat is not None and stat.directory:
        raise Refused("io", f"{path} is a folder.")
    folder = path.rsplit("\\", 1)[0]
    there = fs.is_directory(folder + "\\" if folder.endswith(":") else folder)
    if stat is None and not there and not args.get("create_directory"):
        raise Refused("not_found", f"There is no folder {folder}.")
    size = stat.size if stat else -1
    same = stat is not None and size >= offset + len(data) and fs.read(path, offset, len(data)) == data
    changed = not same or (final and size != offset + len(data))
    after = offset + len(data) if final else max(size, offset + len(data))
    if changed and not checking(args):
        try:
            fs.write(path, data, offset, truncate=final, create_directory=bool(args.get("create_directory")))
        except WindowsError as error:
            raise file_refused(error, path) from error
    return {"size": after}, changed


@operation("file.delete")
def file_delete(run: Interpreter, args: dict[str, Any]) -> Answer:
    fs, path = run.path(args)
    stat = fs.stat(path)
    if stat is None:
        return {"existed": False}, False
    if re.fullmatch(r"[A-Za-z]:\\?", path):
        raise Refused("invalid_argument", f"A whole drive is not deleted: {path}")
    if stat.directory and not args.get("recurse") and fs.list(path):
        raise Refused("io", f"The folder {path} is not empty.")
    if not checking(args):
        try:
            fs.delete(path, recurse=bool(args.get("recurse")))
        except WindowsError as error:
            raise file_refused(error, path) from error
    return {"existed": True}, True


@operation("file.mkdir")
def file_mkdir(run: Interpreter, args: dict[str, Any]) -> Answer:
    fs, path = run.path(args)
    stat = fs.stat(path)
    if stat is not None and not stat.directory:
        raise Refused("io", f"{path} is a file.")
    if stat is None and not checking(args):
        try:
            fs.mkdir(path)
        except WindowsError as error:
            raise file_refused(error, path) from error
    return {"existed": stat is not None}, stat is None


# -- programs and the network --------------------------------------------------------------------------------


def quote(argument: str) -> str:
    """One argument of a command line, so that CommandLineToArgvW gives it back.

    What stands before a value (`NAME=`, `/switch:`) stays outside the quotes, because Windows Installer reads its command
    line itself and refuses `"NAME=a value"`.
    """
    if argument and not re.search(r'[\s"]', argument):
        return argument
    found = re.match(r"(?:[A-Za-z_][A-Za-z0-9_.]*=|[/-][A-Za-z][A-Za-z0-9_]*[:=])", argument)
    head = found.group(0) if found else ""
    value = re.sub(r'(\\*)"', r'\1\1\\"', argument[len(head) :])
    return head + '"' + re.sub(r"(\\+)$", r"\1\1", value) + '"'


def command_line(arguments: list[Any]) -> str:
    """The raw arguments of a program."""
    return " ".join(quote(str(item)) for item in arguments)


def program_path(run: Interpreter, args: dict[str, Any]) -> str:
    """The argument `path` of a program: absolute, or a bare name that Windows looks up."""
    text = run.expand(required(args, "path"))
    if not re.fullmatch(r"[\w.+-]+", text, re.A):
        text = run.full_path(dict(args, path=text))
    return text


def working_directory(run: Interpreter, args: dict[str, Any]) -> str | None:
    """The argument `directory`; it must be there."""
    if not args.get("directory"):
        return None
    folder = run.full_path(args, "directory")
    fs, local = run.machine.open_path(folder, run.logon)
    if not fs.is_directory(local):
        raise Refused("not_found", f"There is no folder {folder}.")
    return folder


@operation("command.run")
def command_run(run: Interpreter, args: dict[str, Any]) -> Answer:
    path, timeout = program_path(run, args), number(args, "timeout", 60)
    raw, folder = command_line(args.get("arguments") or []), working_directory(run, args)
    if checking(args):
        return {"rc": None, "stdout": "", "stderr": "", "timed_out": False}, True
    processes = run.machine.processes
    try:
        process = processes.start(
            path, raw, user=run.user, directory=folder, stdin=str(args.get("input") or ""), logon=run.logon
        )
    except WindowsError as error:
        raise program_refused(error, path) from error
    timed_out = not processes.wait(process, timeout)
    if timed_out:
        processes.kill(process.id)
    return {
        "rc": None if timed_out else process.exit_code,
        "stdout": process.stdout,
        "stderr": process.stderr,
        "timed_out": timed_out,
    }, True


def program_refused(error: WindowsError, path: str) -> Refused:
    """Why a program did not start, in the words of remote.ps1."""
    if error.kind == "not_found":
        return Refused("not_found", f"There is no program {path}.")
    return Refused(error.kind, f"{path} cannot be started: {error.message}")


@operation("tcp.test")
def tcp_test(run: Interpreter, args: dict[str, Any]) -> Answer:
    host, port = required(args, "host"), number(args, "port", 0)
    if not 0 < port < 65536:
        raise Refused("invalid_argument", "The argument port is not a port.")
    number(args, "timeout", 3)
    why = run.machine.network.why_not(host, port)
    return {"reachable": why is None, "error": None if why is None else tcp_error(why)}, False


def tcp_error(text: str) -> str:
    """The model's reason as one of three words."""
    lower = text.lower()
    if "no such host" in lower or "not known" in lower:
        return "unknown host"
    if "refused" in lower:
        return "refused"
    return "no answer"


@operation("reboot")
def reboot(run: Interpreter, args: dict[str, Any]) -> Answer:
    delay = number(args, "delay", 5)
    before = iso(run.machine.boot_time)
    if not checking(args):
        run.machine.restart(run.user, delay=delay, reason=str(args.get("reason") or ""))
    return {"boot_time": before}, True


# -- event logs ----------------------------------------------------------------------------------------------


@operation("eventlog.read")
def eventlog_read(run: Interpreter, args: dict[str, Any]) -> Answer:
    log, logs, newest = required(args, "log"), run.machine.eventlog, number(args, "newest", 100)
    since = moment(args, "since")
    ids = {int(item) for item in args.get("ids") or []}
    levels = set(args.get("levels") or [])
    if not levels <= {"error", "warning", "information"}:
        raise Refused("invalid_argument", "The argument levels must be of error, warning, information.")
    sources = {str(item).lower() for item in args.get("sources") or []}
    if not logs.exists(log):
        return {"exists": False, "entries": []}, False
    found: list[dict[str, Any]] = []
    for entry in reversed(logs.entries(log)):
        if len(found) >= newest or (since and entry.time < since):
            break
        if (ids and entry.id not in ids) or (levels and entry.level not in levels):
            continue
        if sources and entry.source.lower() not in sources:
            continue
        found.append(
            {
                "id": entry.id,
                "level": entry.level,
                "source": entry.source,
                "time": iso(entry.time),
                "message": entry.message,
            }
        )
    return {"exists": True, "entries": found}, False


def moment(args: dict[str, Any], name: str) -> datetime | None:
    """A time argument (ISO 8601, UTC)."""
    if not args.get(name):
        return None
    try:
        return datetime.strptime(str(args[name]), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise Refused("invalid_argument", f"The argument {name} is not a time.") from None


from . import download, jobs, opsmgr, sql  # noqa: E402 - they register the rest of the operations

MODULES = (download, jobs, opsmgr, sql)
