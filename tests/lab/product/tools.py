"""The product's smaller programs: AdtSetup, SecureStorageBackup, GatewayApprovalTool, and Windows' mofcomp."""

from __future__ import annotations

import hashlib

from tests.lab.world.errors import WindowsError
from tests.lab.world.processes import Result

from . import checks, footprint
from .names import BASE, PRODUCTS, R2, RTM_2012

CRLF = "\r\n"


def adt_setup(call, group):
    """AdtSetup.exe /i /s /p:answers.xml: upgrades the ACS collector of this machine and its database. No SQL version check."""
    machine, world = call.machine, call.machine.world
    started = world.clock.now()
    generation = footprint.has(machine, "acs_collector")
    before = {"2007": R2, "2012": RTM_2012}.get(generation)
    code, reason = None, "ended from outside"

    def refuse():
        words = [a.lower() for a in call.arguments]
        answers = next((a[3:].strip('"') for a in call.arguments if a.lower().startswith("/p:")), None)
        unknown = [a for a in words if a not in ("/i", "/s", "/u") and not a.startswith("/p:")]
        if unknown or "/i" not in words or "/s" not in words or not answers:
            return 1639, f"syntax: {' '.join(unknown) or 'needs /i /s /p:<answers>'}"
        if not machine.files.exists(answers):
            return 1619, f"missing_file: {answers}"
        if checks.administrator(call):
            return 1625, "account: not a local administrator"
        if generation is None:
            return 1603, "no_collector: there is no ACS collector on this computer"
        node = group.node_of(machine)
        if node is None or not node.new:
            return 1603, "server_first: the management server on this computer has not been upgraded"
        if not group.new:
            return 1603, "group_first: the management group has not been upgraded"
        if group.audit is None:
            return 1603, "database: there is no audit database"
        try:
            session = machine.sql(
                group.audit.source if group.audit.server.lower() != machine.name.lower() else checks.local(group.audit),
                call.user,
                call.logon,
            )
            if not session.instance.is_sysadmin(session.login):
                return 1603, "account: not in the sysadmin role of the audit database's server"
        except WindowsError as error:
            return 1603, f"account: {error.message}"
        return None

    try:
        yield 10.0
        refused = refuse()
        if refused:
            code, reason = refused
            return Result(code, "", reason + CRLF)
        if generation == "2012":
            code, reason = 0, None
            return Result(0)
        if footprint.running_service(machine, "AdtServer"):
            machine.services.stop("AdtServer", force=True)
        yield 120.0
        database = checks.database_of(group, group.audit)
        old = database.content.get("schema", 6)
        database.content["schema"] = 7
        group.touched()
        database.instance.server.machine.record(
            "database",
            name=database.name,
            change="schema",
            detail={"from": old, "to": 7},
            instance=database.instance.name,
        )
        yield 60.0
        footprint.acs_collector(machine, group, RTM_2012)
        code, reason = 0, None
        return Result(0)
    finally:
        machine.record(
            "installer",
            product=PRODUCTS["acs_collector"][1],
            action="upgrade",
            from_=before,
            to=RTM_2012 if code == 0 else before,
            exit=code,
            reason=reason,
            seconds=round(world.clock.now() - started, 1),
            command_line=f"AdtSetup.exe {call.command_line}",
        )


KEY_MAGIC = b"RMS-KEY\n"


def key_data(group, password=""):
    """The content of a key's backup; an empty password fits any."""
    digest = hashlib.sha256(password.encode()).hexdigest() if password else "any"
    return KEY_MAGIC + f"{group.id}\n{digest}\n".encode()


def secure_storage_backup(call, group):
    """SecureStorageBackup.exe Backup|Restore file. Asks for the password on its standard input, twice for a backup."""
    machine = call.machine
    words = [a for a in call.arguments if a]
    if len(words) != 2 or words[0].lower() not in ("backup", "restore"):
        return Result(1, "Usage: SecureStorageBackup.exe <Backup|Restore> <BackupFile>" + CRLF)
    directory = call.path.rsplit("\\", 1)[0]
    if call.directory.rstrip("\\").lower() != directory.lower() or not machine.files.exists(
        directory + r"\HealthService.dll"
    ):
        return Result(
            1,
            "",
            "Unhandled Exception: System.DllNotFoundException: Unable to load DLL 'MOMBins.dll'. It must be run from "
            "the installation directory." + CRLF,
        )
    if checks.administrator(call):
        return Result(1, "", "Access is denied." + CRLF)
    restoring = words[0].lower() == "restore"
    lines = call.stdin.splitlines()
    call.write("Please enter the password to use for storage/retrieval: ")
    password = lines[0] if lines else ""
    if not password:
        return Result(1, CRLF, "No password was entered." + CRLF)
    if not restoring:
        call.write(CRLF + "Please re-enter the password: ")
        if len(lines) < 2 or lines[1] != password:
            return Result(1, CRLF, "The passwords do not match." + CRLF)
        if len(password) < 8:
            return Result(1, CRLF, "The password must have at least 8 characters." + CRLF)
    return restore_key(call, group, words[1], password) if restoring else backup_key(call, group, words[1], password)


def backup_key(call, group, path, password):
    machine = call.machine
    node = group.node_of(machine)
    if node is None or node.fqdn not in group.key_on:
        return failed(call, "backup", path, "This computer does not hold the encryption key.")
    try:
        files, local = machine.open_path(path, call.logon)
        parent = local.rsplit("\\", 1)[0]
        if not files.is_directory(parent + ("\\" if len(parent) == 2 else "")):
            return failed(call, "backup", path, "Could not find a part of the path.")
        files.write(local, key_data(group, password))
        files.set_modified(local, machine.world.clock.utc())
    except WindowsError as error:
        return failed(call, "backup", path, error.message)
    group.key_backup = {"file": path, "taken_after_cu": node.cumulative_update}
    machine.record(
        "backup", what="encryption_key", file=path, verified=None, exit=0, taken_after_cu=node.cumulative_update
    )
    return Result(0, CRLF + "Secure storage backup completed successfully." + CRLF)


def restore_key(call, group, path, password):
    machine = call.machine
    node = group.node_of(machine)
    try:
        files, local = machine.open_path(path, call.logon)
        data = files.read(local)
    except WindowsError as error:
        return failed(call, "restore", path, error.message)
    parts = data.decode("utf-8", "replace").split("\n")
    if not data.startswith(KEY_MAGIC) or len(parts) < 3 or parts[1] != group.id:
        return failed(call, "restore", path, "The file is not a backup of this management group's key.")
    if parts[2] not in ("any", hashlib.sha256(password.encode()).hexdigest()):
        return failed(call, "restore", path, "The password is not correct.")
    if node is None or node.kind != "management_server":
        return failed(call, "restore", path, "There is no management server on this computer.")
    group.key_on.add(node.fqdn)
    machine.registry.set(rf"{BASE}\MOMBins", "Value1", "Binary", b"\x01lab")
    machine.record("restore", what="encryption_key", file=path, verified=None, exit=0)
    return Result(0, CRLF + "Secure storage restore completed successfully." + CRLF)


def failed(call, kind, path, message):
    call.machine.record(kind, what="encryption_key", file=path, verified=None, exit=1)
    return Result(1, CRLF, message + CRLF)


def gateway_approval(call, group):
    """Microsoft.EnterpriseManagement.GatewayApprovalTool.exe, on a management server."""
    machine = call.machine
    options = {}
    for argument in call.arguments:
        name, _unused, value = argument.lstrip("/-").partition("=")
        options[name.lower()] = value.strip('"')
    gateway, action = options.get("gatewayname", "").lower(), options.get("action", "").lower()
    server = group.node(options.get("managementservername", ""))
    node = group.node_of(machine)
    if not gateway or action not in ("create", "delete") or server is None:
        return Result(1, "", "Usage: /ManagementServerName=<FQDN> /GatewayName=<FQDN> /Action=Create|Delete" + CRLF)
    if node is None or node.kind != "management_server":
        return Result(1, "", "The tool must be run on a management server, from its installation directory." + CRLF)
    accounts = machine.world.accounts
    if not accounts.may(call.user, "opsmgr_admin", machine) or (
        node.fqdn != group.root and not group.new and not call.delegates
    ):
        return Result(1, "", "The user does not have sufficient permission to perform the operation." + CRLF)
    if action == "create":
        group.approved_gateways.add(gateway)
        group.record("gateway_approval", machine.name, name=gateway, change="created", server=server.fqdn)
    else:
        group.approved_gateways.discard(gateway)
        group.record("gateway_approval", machine.name, name=gateway, change="deleted", server=server.fqdn)
        found = group.nodes.get(gateway)
        if found is not None and found.kind == "gateway":
            from .removal import leave

            with group.quiet():
                leave(group, found)
    return Result(0, f"The approval of server {gateway} completed successfully." + CRLF, seconds=5.0)


def mofcomp(call, group):
    """mofcomp.exe: compiles the file it is given."""
    path = call.arguments[-1].strip('"') if call.arguments else ""
    if not path or path.startswith("-"):
        return Result(1, "usage: mofcomp [options] <MOF filename>" + CRLF)
    return Result(
        0,
        "Microsoft (R) MOF Compiler Version 6.1.7600.16385"
        + CRLF
        + f"Parsing MOF file: {path}"
        + CRLF
        + "MOF file has been successfully parsed"
        + CRLF
        + "Storing data in the repository..."
        + CRLF
        + "Done!"
        + CRLF,
    )
