"""Programs that come with Windows."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from .errors import WindowsError
from .processes import Call, Program, Result

if TYPE_CHECKING:
    from .machine import Machine
    from .services import Service

CRLF = "\r\n"
_CODES = {
    "running": "4  RUNNING",
    "stopped": "1  STOPPED",
    "paused": "7  PAUSED",
    "start_pending": "2  START_PENDING",
    "stop_pending": "3  STOP_PENDING",
}
_MODES = {"auto": "2   AUTO_START", "manual": "3   DEMAND_START", "disabled": "4   DISABLED"}


def register(machine: Machine) -> None:
    """Add Windows' own programs to a machine."""
    for name, program in {
        "hostname.exe": _hostname,
        "whoami.exe": _whoami,
        "shutdown.exe": _shutdown,
        "certutil.exe": _certutil,
        "net.exe": _net,
        "sc.exe": _sc,
        "openfiles.exe": _openfiles,
        "tasklist.exe": _tasklist,
        "taskkill.exe": _taskkill,
        "icacls.exe": _quiet,
        "cacls.exe": _quiet,
        "netsh.exe": _quiet,
        "timeout.exe": _timeout,
        "ping.exe": _ping,
    }.items():
        add(machine, name, program)
    add(machine, "ntbackup.exe" if machine.os.is_2003 else "wbadmin.exe", _ntbackup if machine.os.is_2003 else _wbadmin)


def add(machine: Machine, name: str, program: Program, directory: str | None = None) -> None:
    """A program that is there without a file of ours, in the system directory unless told."""
    machine.programs[name.lower()] = program
    machine.windows_programs[name.lower()] = directory or machine.system_directory


def lines(*text: str) -> str:
    """Lines with Windows' ends."""
    return "".join(line + CRLF for line in text)


def options(arguments: list[str]) -> tuple[list[str], dict[str, str | None]]:
    """(words, {switch in lower case without its mark: value after `:` or None})."""
    words: list[str] = []
    found: dict[str, str | None] = {}
    for argument in arguments:
        if argument[:1] in "/-" and len(argument) > 1:
            name, mark, value = argument[1:].partition(":")
            found[name.lower()] = value if mark else None
        else:
            words.append(argument)
    return words, found


def _quiet(call: Call) -> Result:
    return Result(0)


def _hostname(call: Call) -> Result:
    return Result(0, lines(call.machine.name))


def _whoami(call: Call) -> Result:
    _unused, found = options(call.arguments)
    if "groups" not in found:
        return Result(0, lines(call.user.lower()))
    if [argument.lower() for argument in call.arguments[1:3]] != ["/fo", "csv"]:
        return Result(1, "", lines("ERROR: The lab's whoami.exe shows groups as CSV only."))
    heading = [] if "nh" in found else [("Group Name", "Type", "SID", "Attributes")]
    return Result(0, lines(*(",".join(f'"{cell}"' for cell in row) for row in [*heading, *_groups(call)])))


def _groups(call: Call) -> list[tuple[str, str, str, str]]:
    """The groups in the token of whoever runs the program: name, type, SID, attributes."""
    accounts, enabled = call.machine.world.accounts, "Mandatory group, Enabled by default, Enabled group"
    known, account = "Well-known group", accounts.find(call.user, call.machine)
    rows = [("Everyone", known, "S-1-1-0", enabled), ("BUILTIN\\Users", "Alias", "S-1-5-32-545", enabled)]
    if accounts.may(call.user, "administrator", call.machine):
        rows.append(("BUILTIN\\Administrators", "Alias", "S-1-5-32-544", enabled + ", Group owner"))
    logons = {"batch": ("BATCH", "S-1-5-3"), "service": ("SERVICE", "S-1-5-6")}
    name, sid = logons.get(call.logon, ("NETWORK", "S-1-5-2"))
    rows.append((f"NT AUTHORITY\\{name}", known, sid, enabled))
    rows.append(("NT AUTHORITY\\Authenticated Users", known, "S-1-5-11", enabled))
    if account is not None and account.domain:
        rows.append((f"{account.domain}\\Domain Users", "Group", "S-1-5-21-1004336348-1177238915-682003330-513", enabled))
    return rows


def _timeout(call: Call) -> Result:
    words, found = options(call.arguments)
    number = found.get("t") or next((w for w in words if w.isdigit()), "0")
    return Result(0, seconds=float(number or 0))


def _ping(call: Call) -> Result:
    words, _unused = options(call.arguments)
    host = words[-1] if words else ""
    target = call.machine.world.find(host)
    if target is None:
        return Result(1, lines(f"Ping request could not find host {host}. Please check the name and try again."))
    if not target.up:
        return Result(1, lines("", f"Pinging {target.fqdn} with 32 bytes of data:", "Request timed out."))
    return Result(0, lines("", f"Pinging {target.fqdn} with 32 bytes of data:", "Reply: bytes=32 time<1ms TTL=128"))


def _shutdown(call: Call) -> Result:
    arguments = [a.lower().replace("-", "/", 1) for a in call.arguments]
    if "/a" in arguments:
        if call.machine.abort_restart():
            return Result(0)
        return Result(1116, "", lines("Unable to abort the system shutdown because no shutdown was in progress.(1116)"))
    if "/r" not in arguments:
        return Result(1, "", lines("Only a restart (/r) can be simulated."))
    if not call.machine.world.accounts.may(call.user, "administrator", call.machine):
        return Result(5, "", lines("Access is denied.(5)"))

    def after(switch: str, default: str) -> str:
        return call.arguments[arguments.index(switch) + 1] if switch in arguments[:-1] else default

    try:
        call.machine.restart(call.user, delay=float(after("/t", "30")), reason=after("/c", ""))
    except WindowsError as error:
        return Result(error.code or 1, "", lines(f"{error.message}.({error.code})"))
    return Result(0)


# -- services ------------------------------------------------------------------------------------------------


def _sc(call: Call) -> Result:
    words = [*call.arguments]
    if words and words[0].startswith("\\\\"):
        words.pop(0)
    if not words:
        return Result(
            1639,
            lines(
                "DESCRIPTION:",
                "        SC is a command line program used for communicating with the",
                "        Service Control Manager and services.",
            ),
        )
    verb, name = words[0].lower(), words[1] if len(words) > 1 else ""
    services = call.machine.services
    try:
        if verb in ("query", "queryex") and not name:
            return Result(0, "".join(_state(s) for s in services.list() if s.running))
        service = services.require(name)
        if verb in ("query", "queryex"):
            return Result(0, _state(service))
        if verb == "qc":
            return Result(0, _configuration(service))
        if verb == "start":
            if service.running:
                raise WindowsError("io", "An instance of the service is already running.", 1056)
            services.start(name)
            return Result(0, _state(service))
        if verb == "stop":
            if service.state == "stopped":
                raise WindowsError("io", "The service has not been started.", 1062)
            services.stop(name)
            return Result(0, _state(service))
        if verb == "config":
            pairs = {key.rstrip("=").lower(): value for key, value in zip(words[2::2], words[3::2])}
            if "start" in pairs:
                services.set_start_mode(
                    name, {"auto": "auto", "demand": "manual", "disabled": "disabled"}.get(pairs["start"].lower(), "?")
                )
            services.configure(
                name, account=pairs.get("obj"), path=pairs.get("binpath"), display_name=pairs.get("displayname")
            )
            return Result(0, lines("[SC] ChangeServiceConfig SUCCESS"))
        if verb == "delete":
            services.delete(name)
            return Result(0, lines("[SC] DeleteService SUCCESS"))
    except WindowsError as error:
        return Result(error.code or 1, lines(f"[SC] {verb.upper()} FAILED {error.code}:", "", error.message, ""))
    return Result(1639, lines(f"ERROR:  Unrecognized command: {verb}"))


def _state(service: Service) -> str:
    return lines(
        "",
        f"SERVICE_NAME: {service.name}",
        "        TYPE               : 10  WIN32_OWN_PROCESS",
        f"        STATE              : {_CODES[service.state]}",
        "        WIN32_EXIT_CODE    : 0  (0x0)",
        "        SERVICE_EXIT_CODE  : 0  (0x0)",
        "        CHECKPOINT         : 0x0",
        "        WAIT_HINT          : 0x0",
    )


def _configuration(service: Service) -> str:
    return lines(
        "[SC] QueryServiceConfig SUCCESS",
        "",
        f"SERVICE_NAME: {service.name}",
        "        TYPE               : 10  WIN32_OWN_PROCESS",
        f"        START_TYPE         : {_MODES[service.start_mode]}",
        f"        BINARY_PATH_NAME   : {service.path}",
        f"        DISPLAY_NAME       : {service.display_name}",
        f"        DEPENDENCIES       : {' '.join(service.depends_on)}",
        f"        SERVICE_START_NAME : {service.account}",
    )


def _net(call: Call) -> Result:
    words, _unused = options(call.arguments)
    verb, name = (words[0].lower() if words else ""), words[1] if len(words) > 1 else ""
    services = call.machine.services
    if verb == "start" and not name:
        started = [f"   {s.display_name}" for s in services.list() if s.running]
        return Result(
            0, lines("These Windows services are started:", "", *started, "", "The command completed successfully.")
        )
    if verb in ("start", "stop"):
        try:
            service = services.require(name)
            changed = services.start(name) if verb == "start" else services.stop(name, force=True)
        except WindowsError as error:
            if error.code == 1060:
                return Result(
                    2,
                    "",
                    lines("The service name is invalid.", "", "More help is available by typing NET HELPMSG 2185."),
                )
            return Result(2, "", lines(f"System error {error.code} has occurred.", "", error.message + "."))
        if not changed:
            state = "has already been started" if verb == "start" else "is not started"
            return Result(2, "", lines(f"The {service.display_name} service {state}."))
        done = "started" if verb == "start" else "stopped"
        return Result(
            0,
            lines(
                f"The {service.display_name} service is {'starting' if verb == 'start' else 'stopping'}.",
                f"The {service.display_name} service was {done} successfully.",
                "",
            ),
        )
    if verb == "localgroup":
        members = [a.name for a in call.machine.world.accounts.all() if a.may("administrator")]
        return Result(
            0,
            lines(
                f"Alias name     {name}", "", "Members", "", "-" * 79, *members, "The command completed successfully."
            ),
        )
    if verb == "share":
        shares = [f"{share:<12} {path}" for share, path in call.machine.all_shares().items()]
        return Result(0, lines("", "Share name   Resource", "-" * 79, *shares, "The command completed successfully."))
    return Result(1, "", lines("The syntax of this command is:", "", "NET [ LOCALGROUP | SHARE | START | STOP ]"))


# -- processes -----------------------------------------------------------------------------------------------


def _tasklist(call: Call) -> Result:
    rows = [
        f"{p.name:<25} {p.id:>8} Services                   0     10,000 K"
        for p in call.machine.processes.list()
        if p is not call.process
    ]
    return Result(
        0,
        lines(
            "",
            "Image Name                     PID Session Name        Session#    Mem Usage",
            "========================= ======== ================ =========== ============",
            *rows,
        ),
    )


def _taskkill(call: Call) -> Result:
    words = [a.lower() for a in call.arguments]
    processes = call.machine.processes
    if "/pid" in words[:-1]:
        found = [p for p in processes.list() if str(p.id) == words[words.index("/pid") + 1]]
    elif "/im" in words[:-1]:
        found = [p for p in processes.list() if p.name.lower() == words[words.index("/im") + 1]]
    else:
        return Result(1, "", lines("ERROR: Invalid syntax. Neither /FI nor /PID nor /IM were specified."))
    if not found:
        return Result(128, "", lines("ERROR: The process not found."))
    for process in found:
        processes.kill(process.id)
    return Result(0, lines(*(f"SUCCESS: The process with PID {p.id} has been terminated." for p in found)))


NO_OPEN_FILES = "INFO: No shared open files found."
LOCAL_OFF = (
    "",
    "INFO: The system global flag 'maintain objects list' needs",
    "      to be enabled to see local opened files.",
    "      See Openfiles /? for more information.",
    "",
)


def _openfiles(call: Call) -> Result:
    """What is open over shares, as CSV without a head. The texts are recalled."""
    words = [a.lower() for a in call.arguments]
    if not call.machine.world.accounts.may(call.user, "administrator", call.machine):
        return Result(1, "", lines("ERROR: Logged-on user does not have administrative privilege."))
    if words != ["/query", "/fo", "csv", "/nh"]:
        return Result(1, "", lines("ERROR: Invalid syntax.", 'Type "OPENFILES /?" for usage.'))
    head = ("", "Files Opened Remotely via local share points:", "-" * 45)
    files = call.machine.spec.open_files
    rows = [f'"{number}","{file.by}","Windows","{file.path}"' for number, file in enumerate(files, 24)]
    return Result(0, lines(*LOCAL_OFF, *head, *(rows or ["", NO_OPEN_FILES])))


# -- backups, certificates -----------------------------------------------------------------------------------


def _wbadmin(call: Call) -> Result:
    head = lines("wbadmin 1.0 - Backup command-line tool", "(C) Copyright 2004 Microsoft Corp.", "")
    words, found = options(call.arguments)
    verbs = [word.lower() for word in words[:2]]
    backups = call.machine.backups
    if verbs == ["get", "versions"]:
        if not backups.versions():
            return Result(-2, head + lines("ERROR - No backups were found."))
        text = head
        for moment in backups.versions():
            text += lines(
                f"Backup time: {moment.month}/{moment.day}/{moment.year} {moment.strftime('%I:%M %p').lstrip('0')}",
                "Backup target: Fixed Disk labeled Data(D:)",
                f"Version identifier: {moment.strftime('%m/%d/%Y-%H:%M')}",
                "Can recover: Volume(s), File(s), Application(s), Bare Metal Recovery, System State",
                "",
            )
        return Result(0, text)
    if verbs == ["start", "systemstatebackup"]:
        target = found.get("backuptarget") or ""
        if not target:
            return Result(-1, head + lines("ERROR - Command syntax incorrect. Missing -backupTarget."))

        def finish() -> None:
            backups.add(file=target.rstrip("\\") + r"\WindowsImageBackup")

        return Result(
            0,
            head + lines("Starting to back up the system state...", "The backup operation successfully completed."),
            seconds=900.0,
            finish=finish,
        )
    return Result(-1, head + lines("ERROR - Command syntax incorrect. See the command syntax below."))


def _ntbackup(call: Call) -> Result:
    words = [a.lower() for a in call.arguments]
    if "backup" not in words or "systemstate" not in words:
        return Result(1, "", lines("The command line is not valid."))
    file = call.arguments[words.index("/f") + 1] if "/f" in words[:-1] else r"D:\systemstate.bkf"

    def finish() -> None:
        call.machine.files.put(file, "system state", size=700 * 1048576)
        call.machine.backups.add(file=file)

    return Result(0, seconds=900.0, finish=finish)


def _certutil(call: Call) -> Result:
    words, found = options(call.arguments)
    if "hashfile" in found and words:
        algorithm = (words[1] if len(words) > 1 else "SHA1").lower()
        try:
            data = call.machine.files.read(words[0])
        except WindowsError as error:
            return Result(
                error.code or 1, lines(f"CertUtil: -hashfile command FAILED: 0x{0x80070000 | (error.code or 1):08x}")
            )
        digest = hashlib.new(algorithm, data).hexdigest()
        return Result(
            0,
            lines(
                f"{algorithm.upper()} hash of file {words[0]}:",
                digest,
                "CertUtil: -hashfile command completed successfully.",
            ),
        )
    if "store" in found:
        text = lines(f'{(words or ["CA"])[0]} "Personal"')
        for number, certificate in enumerate(call.machine.extra.get("certificates", [])):
            until: datetime = certificate["not_after"]
            text += lines(
                f"================ Certificate {number} ================",
                f"Serial Number: {certificate['serial']}",
                f"Issuer: {certificate.get('issuer', 'CN=Lab CA')}",
                f" NotAfter: {until.month}/{until.day}/{until.year} {until.strftime('%I:%M %p').lstrip('0')}",
                f"Subject: {certificate['subject']}",
                f"Cert Hash(sha1): {certificate['thumbprint'].lower()}",
                "  Provider = Microsoft RSA SChannel Cryptographic Provider",
                "Encryption test passed",
            )
        return Result(0, text + lines("CertUtil: -store command completed successfully."))
    return Result(-2147024809, lines("CertUtil: The parameter is incorrect. 0x80070057 (WIN32: 87)"))
