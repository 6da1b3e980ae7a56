"""The two Operations Manager shells of a machine.

``Shell.open(user, logon)`` gives a session, which is what one PowerShell process holds. ``session.connect(server)`` makes a
connection; ``session.invoke(cmdlet, parameters, input, location)`` runs a cmdlet; ``session.call_method(id, name, ...)``
calls a method of an object it gave. ``Shell.invoke`` does all with a session of its own, ``location`` naming the server.

The 2007 shell is location sensitive: without a current location below ``OperationsManagerMonitoring::`` and without ``-Path``
its cmdlets fail. It connects to the root management server only; the 2012 module to any upgraded management server of an
upgraded group. Sessions of shells are not told by GetConnectedUserNames here, only consoles' are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.lab.world.errors import WindowsError

from . import objects
from .footprint import running_service
from .names import SETUP_2012, SNAPIN_KEY

PROVIDER = "OperationsManagerMonitoring"
MONITORING = "Microsoft.EnterpriseManagement.OperationsManager.ClientShell"


@dataclass(frozen=True)
class Parameter:
    """A parameter of a cmdlet, as the bridge declares it."""

    name: str
    type: str = "System.String[]"
    mandatory: bool = False
    position: int = -1
    pipeline: bool = False
    set: str = "__AllParameterSets"
    aliases: tuple = ()

    def declaration(self):
        """The entry for the bridge's hello."""
        found = {"name": self.name, "type": self.type, "mandatory": self.mandatory}
        if self.position >= 0:
            found["position"] = self.position
        if self.pipeline:
            found["pipeline"] = True
        if self.set != "__AllParameterSets":
            found["set"] = self.set
        if self.aliases:
            found["aliases"] = list(self.aliases)
        return found


@dataclass(frozen=True)
class Cmdlet:
    """A cmdlet: its parameters, and the function ``run(session, group, parameters, piped)``."""

    name: str
    parameters: tuple
    run: object
    snapin: str = ""


class ShellError(WindowsError):
    """An error of a shell: ``exception`` is the .NET type's name."""

    def __init__(
        self,
        message,
        exception="System.InvalidOperationException",
        cmdlet="",
        terminating=True,
        category="InvalidOperation",
    ):
        super().__init__("opsmgr", message, None, {"exception": exception, "cmdlet": cmdlet})
        self.exception = exception
        self.cmdlet = cmdlet
        self.terminating = terminating
        self.category = category


COMMON = "Microsoft.EnterpriseManagement.Common."


def unauthorized():
    return ShellError(
        "The user does not have sufficient permission to perform the operation.",
        COMMON + "UnauthorizedAccessMonitoringException",
        category="PermissionDenied",
    )


def unavailable(server):
    return ShellError(
        f"The sdk service is either not running or not yet initialized. The server was {server}.",
        COMMON + "ServiceNotRunningException",
        category="ConnectionError",
    )


class Shell:
    """One generation's shell on one machine: ``generation`` is "2007" or "2012"."""

    def __init__(self, machine, group, generation, cmdlets):
        self.machine = machine
        self.group = group
        self.generation = generation
        self.cmdlets = {c.name.lower(): c for c in cmdlets}

    @property
    def installed(self):
        """Whether the snap-in is registered, or the module is there."""
        registry = self.machine.registry
        if self.generation == "2007":
            return registry.exists(SNAPIN_KEY)
        return registry.exists(rf"{SETUP_2012}\Powershell\V2")

    def open(self, user="", logon="network"):
        """A session of one process."""
        if not self.installed:
            raise self.missing()
        return ShellSession(self, user, logon)

    def missing(self):
        if self.generation == "2007":
            return ShellError(
                "The Windows PowerShell snap-in 'Microsoft.EnterpriseManagement.OperationsManager.Client' is not "
                "installed on this machine.",
                "System.Management.Automation.PSArgumentException",
                "Add-PSSnapin",
                category="InvalidArgument",
            )
        return ShellError(
            "The specified module 'OperationsManager' was not loaded because no valid module file was found in any "
            "module directory.",
            "System.IO.FileNotFoundException",
            "Import-Module",
            category="ResourceUnavailable",
        )

    def invoke(self, cmdlet, parameters=None, input=None, location=None, *, user="", logon="network"):
        """One cmdlet in a session of its own, connected to the server that ``location`` names."""
        session = self.open(user, logon)
        session.connect(server_of(location) or self.machine.fqdn)
        return session.invoke(
            cmdlet, parameters or {}, input, location if self.generation == "2012" else session.location
        )

    def declarations(self):
        """The entries of the bridge's ``cmdlets``."""
        found = []
        for cmdlet in self.cmdlets.values():
            item = {
                "name": cmdlet.name,
                "parameters": [p.declaration() for p in cmdlet.parameters],
                "class": f"{MONITORING}.{cmdlet.name.replace('-', '')}Cmdlet",
            }
            if self.generation == "2007":
                item["snapin"] = "Microsoft.EnterpriseManagement.OperationsManager.Client"
            found.append(item)
        return found


class ShellSession:
    """What one process holds: its connections, and the location of the 2007 shell."""

    def __init__(self, shell, user, logon):
        self.shell = shell
        self.machine = shell.machine
        self.group = shell.group
        self.user = user
        self.logon = logon
        self.connections = {}
        self.location = None
        self.connected_to = None

    # ---- connecting -------------------------------------------------------------------------------------------

    def connect(self, server, user=None, password=None):
        """Connect to a management server; answers the connection's location."""
        world = self.machine.world
        group, name = self.group, (server or self.machine.fqdn).strip()
        if name.lower() in ("localhost", "."):
            name = self.machine.fqdn
        target = world.find(name)
        node = group.node(target.fqdn if target is not None else name)
        if group.cluster and target is None and name.lower().split(".")[0] == group.cluster.lower():
            node = group.root_node
        if target is None and node is None:
            raise unavailable(name)
        hosts = (
            group.machines_of_root()
            if node is not None and node.fqdn == group.root and group.cluster
            else [target or node.machine]
        )
        here = self.machine in hosts
        if (
            not here
            and not any(m is not None and m.up and self.machine.network.can_reach(name, 5724) for m in hosts)
            and not (group.cluster and node is not None and node.fqdn == group.root)
        ):
            raise unavailable(name)
        if (
            node is None
            or node.kind != "management_server"
            or not any(m is not None and running_service(m, "OMSDK") for m in hosts)
        ):
            raise unavailable(name)
        new = group.new and node.new
        if self.shell.generation == "2007":
            if new:
                raise ShellError(
                    f"The server {name} runs a version of the product that this shell cannot connect to.",
                    COMMON + "ServerDisconnectedException",
                )
            if group.root != node.fqdn:
                raise unavailable(name)
        elif not new:
            raise ShellError(
                f"The management group of {name} has not been upgraded: version {group.version} cannot be managed with "
                "this module.",
                COMMON + "ServerDisconnectedException",
            )
        who, logon = (user, "interactive") if user else (self.user, self.logon)
        if user and password is not None:
            world.accounts.check(user, password, self.machine)
        if not here and logon == "network":
            raise unauthorized()
        if who and not allowed(world, who, self.machine, here):
            raise unauthorized()
        self.connections[node.fqdn] = node
        self.location = f"{PROVIDER}::{node.fqdn}"
        self.connected_to = node.fqdn
        return self.location

    def node_for(self, parameters, location, cmdlet):
        """The connection a call uses; refused as the product refuses."""
        if self.shell.generation == "2012":
            wanted = parameters.get("ComputerName") or [None]
            wanted = wanted[0] if isinstance(wanted, list) else wanted
            if wanted:
                self.connect(wanted)
            if not self.connections:
                raise ShellError(
                    "There is no active connection to a management group. Create one with "
                    "New-SCOMManagementGroupConnection.",
                    "System.InvalidOperationException",
                    cmdlet,
                )
            return self.connections[self.connected_to]
        path = parameters.get("Path")
        path = path[0] if isinstance(path, list) else path
        server = server_of(path or location)
        node = self.group.node(server) if server else None
        if node is None or node.fqdn not in self.connections:
            raise ShellError(
                "The current location is not under the Operations Manager provider, or names no connected management "
                f"server. Set the location to {PROVIDER}::<server> first, or give -Path.",
                "System.Management.Automation.ProviderNotFoundException",
                cmdlet,
            )
        return self.connections[node.fqdn]

    # ---- calls ------------------------------------------------------------------------------------------------

    def invoke(self, cmdlet, parameters=None, input=None, location=None):
        """Run a cmdlet; answers its objects."""
        found = self.shell.cmdlets.get(cmdlet.lower())
        if found is None:
            raise ShellError(
                f"The term '{cmdlet}' is not recognized as the name of a cmdlet, function, script file, or operable "
                "program.",
                "System.Management.Automation.CommandNotFoundException",
                cmdlet,
                category="ObjectNotFound",
            )
        named = {p.name.lower(): p.name for p in found.parameters}
        named.update({a.lower(): p.name for p in found.parameters for a in p.aliases})
        bound = {}
        for name, value in (parameters or {}).items():
            if value is None:
                continue
            if name.lower() not in named:
                raise ShellError(
                    f"A parameter cannot be found that matches parameter name '{name}'.",
                    "System.Management.Automation.ParameterBindingException",
                    found.name,
                    category="InvalidArgument",
                )
            bound[named[name.lower()]] = value
        piped = list(input) if input is not None else None
        taken = next((p.name for p in found.parameters if p.pipeline), None)
        if piped is not None and taken and taken not in bound:
            bound[taken] = piped
        for parameter in found.parameters:
            if parameter.mandatory and parameter.set == "__AllParameterSets" and parameter.name not in bound:
                raise ShellError(
                    f"Cannot process command because of one or more missing mandatory parameters: {parameter.name}.",
                    "System.Management.Automation.ParameterBindingException",
                    found.name,
                    category="InvalidArgument",
                )
        with self.machine.world.lock:
            if found.run in FREE:
                return list(found.run(self, self.group, bound) or [])
            node = self.node_for(
                bound,
                location if location is not None else (self.location if self.shell.generation == "2012" else None),
                found.name,
            )
            self.check_alive(node)
            try:
                return list(found.run(self, self.group, bound) or [])
            except ShellError as error:
                error.cmdlet = error.cmdlet or found.name
                error.detail["cmdlet"] = error.detail.get("cmdlet") or found.name
                raise

    def check_alive(self, node):
        hosts = self.group.machines_of_root() if node.fqdn == self.group.root and self.group.cluster else [node.machine]
        if not any(m is not None and m.running_windows and running_service(m, "OMSDK") for m in hosts):
            self.connections.pop(node.fqdn, None)
            raise unavailable(node.fqdn)
        if self.shell.generation == "2007" and self.group.new:
            raise ShellError(
                "The client has been disconnected from the server. Please call ManagementGroup.Reconnect() to reestablish "
                "the connection.",
                COMMON + "ServerDisconnectedException",
            )

    def management_group(self):
        """The connection's ManagementGroup object."""
        if not self.connections:
            raise unavailable(self.machine.fqdn)
        return objects.management_group(self.group)

    def call_method(self, id, name, arguments=(), properties=None):
        """Call a method of an object by its id. ``properties``: the object's as the script left them (for Update)."""
        group = self.group
        with self.machine.world.lock:
            wanted = str(id).lower()
            if name == "GetConnectedUserNames" and wanted == group.id:
                return list(group.sessions)
            node = group.node(wanted)
            if node is not None and name == "GetPrimaryManagementServer":
                parent = group.nodes.get(node.primary)
                return objects.server(group, parent) if parent else None
            if node is not None and name == "GetFailoverManagementServers":
                return [objects.server(group, group.nodes[f]) for f in node.failover if f in group.nodes]
            item = next((s for s in group.subscriptions if s.id == wanted), None)
            if item is not None and name == "Update":
                enabled = next((v for k, v in (properties or {}).items() if k.lower() == "enabled"), item.enabled)
                if isinstance(enabled, str):
                    enabled = enabled.lower() == "true"
                group.set_subscription(item, bool(enabled))
                return None
        raise ShellError(
            f"Method invocation failed because the object does not contain a method named '{name}'.",
            "System.Management.Automation.RuntimeException",
        )

    # ---- provider (the 2007 shell's) --------------------------------------------------------------------------

    def provider_exists(self, path):
        """Whether a path of the provider is there: its root, or a connected server."""
        server = server_of(path)
        return not server or (self.group.node(server) is not None and self.group.node(server).fqdn in self.connections)


def allowed(world, user, machine, here):
    """Whether a user is an Operations Manager administrator (a local administrator is one on the server itself)."""
    if world.accounts.may(user, "opsmgr_admin", machine):
        return True
    return here and world.accounts.may(user, "administrator", machine)


ROLES = {
    "OperationsManagerAdministrators": "Operations Manager Administrators",
    "OperationsManagerReadOnlyOperators": "Operations Manager Read-Only Operators",
}


def user_roles(session, parameters):
    """The user roles. Administrators of the servers are Operations Manager administrators until somebody takes them out.

    An account that is one without being a local administrator must be named in the role itself.
    """
    accounts = session.machine.world.accounts.all()
    named_ones = [a.name for a in accounts if a.may("opsmgr_admin") and not a.may("administrator")]
    users = {"OperationsManagerAdministrators": ["BUILTIN\\Administrators", *named_ones]}
    return [
        objects.user_role(name, title, users.get(name, []))
        for name, title in named(ROLES.items(), lambda role: role[0], parameters.get("Name"))
    ]


def server_of(location):
    """The server a location names: ``Snapin\\OperationsManagerMonitoring::RMS01``, ``Monitoring:\\RMS01\\Agent``, ``RMS01``."""
    text = str(location or "")
    found = re.search(r"::\\?([^\\]*)", text) or re.match(r"[A-Za-z]\w*:\\([^\\]*)", text)
    return (found.group(1) if found else text).strip("\\") or None


# ---- reading parameters ---------------------------------------------------------------------------------------


def many(value):
    """A parameter as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def ident(item):
    """The id (or name) an argument names an object by: a PsObject, the bridge's reference, or text."""
    if isinstance(item, objects.PsObject):
        return item.id
    if isinstance(item, dict):
        return item.get("$ref") or item.get("$id") or (item.get("$properties") or {}).get("Name")
    return str(item)


def nodes_of(group, value, kinds, cmdlet):
    """Nodes that an argument names."""
    found = []
    for item in many(value):
        wanted = str(ident(item) or "").lower()
        node = group.node(wanted)
        if node is None or node.kind not in kinds:
            raise ShellError(
                f"Cannot bind parameter: no such object: {wanted}.",
                "System.Management.Automation.ParameterBindingException",
                cmdlet,
                category="InvalidArgument",
            )
        found.append(node)
    return found


def named(items, key, pattern):
    """Items whose text matches any of the patterns (``*`` and ``?``, no case)."""
    import fnmatch

    patterns = [str(p).lower() for p in many(pattern)]
    return [i for i in items if not patterns or any(fnmatch.fnmatchcase(key(i).lower(), p) for p in patterns)]


P = Parameter
NAME0 = P("Name", position=0)
PATH = P("Path", position=0)
FREE = set()


# ---- work both shells do --------------------------------------------------------------------------------------


def entries_of(group, value, cmdlet):
    found = []
    for item in many(value):
        wanted = str(ident(item) or "").lower()
        entry = next((p for p in group.pending if wanted in (p.id, p.agent) and not p.hidden), None)
        if entry is None:
            raise ShellError(
                "The requested agent pending action was not found.", COMMON + "ObjectNotFoundException", cmdlet
            )
        found.append(entry)
    return found


PUSH_SECONDS = 180.0
PARALLEL = 10


def approve(session, group, parameters, key):
    """Approve: pushes are done by their servers, ten at a time, over minutes."""
    entries = entries_of(group, parameters.get(key), key)
    if parameters.get("WhatIf"):
        return []
    from .pushes import start

    start(group, entries)
    return []


def reject(session, group, parameters, key):
    """Reject: the entry goes; a manual agent may ask again."""
    entries = entries_of(group, parameters.get(key), key)
    if not parameters.get("WhatIf"):
        for entry in entries:
            group.drop_pending(entry, "rejected")
    return []


def read_pack_file(session, path):
    """The Pack of a file: sealed ones are named by the media's list, unsealed ones by their own text."""
    from .group import Pack

    files = session.machine.files
    if not files.exists(path):
        raise ShellError(f"Could not find file '{path}'.", "System.IO.FileNotFoundException", category="ObjectNotFound")
    text = files.read_text(path)
    name = re.search(r"<ID>([^<]+)</ID>", text)
    version = re.search(r"<Version>([^<]+)</Version>", text)
    if not (name and version):
        raise ShellError(
            f"The management pack '{path}' is not valid.",
            "Microsoft.EnterpriseManagement.Common.ManagementPackException",
            category="InvalidData",
        )
    return Pack(
        name.group(1), version.group(1), path.lower().endswith((".mp", ".mpb")), True, name.group(1).replace(".", " ")
    )


def import_packs(session, group, paths):

    for path in paths:
        pack = read_pack_file(session, str(path))
        before = next((p for p in group.packs if p.name.lower() == pack.name.lower()), None)
        if before is not None and tuple(map(int, before.version.split("."))) > tuple(map(int, pack.version.split("."))):
            raise ShellError(
                f"The management pack {pack.name} is newer in the management group.",
                "Microsoft.EnterpriseManagement.Common.ManagementPackException",
            )
        group.import_pack(pack)
    return []


def packs_of(group, value, cmdlet):
    found = []
    for item in many(value):
        wanted = str(ident(item) or "").lower()
        pack = next((p for p in group.packs if wanted in (p.id, p.name.lower())), None)
        if pack is None:
            raise ShellError(f"The management pack {wanted} was not found.", COMMON + "ObjectNotFoundException", cmdlet)
        found.append(pack)
    return found


def remove_packs(session, group, value, cmdlet):
    packs = packs_of(group, value, cmdlet)
    for pack in packs:
        users = [p.name for p in group.packs if pack.name in p.needs and p not in packs]
        if users or pack.builtin:
            raise ShellError(
                f"The management pack {pack.name} cannot be removed: {', '.join(users) or 'it belongs to the product'}.",
                "Microsoft.EnterpriseManagement.Common.ManagementPackException",
                cmdlet,
            )
    for pack in packs:
        group.remove_pack(pack)
    return []


def export_packs(session, group, value, folder, cmdlet):
    for pack in packs_of(group, value, cmdlet):
        if not session.machine.files.is_directory(folder):
            raise ShellError(
                f"The directory '{folder}' does not exist.", "System.IO.DirectoryNotFoundException", cmdlet
            )
        text = (
            f'<?xml version="1.0" encoding="utf-8"?>\r\n<ManagementPack><Manifest><Identity><ID>{pack.name}</ID>'
            f"<Version>{pack.version}</Version></Identity></Manifest></ManagementPack>\r\n"
        )
        session.machine.files.write(folder.rstrip("\\") + f"\\{pack.name}.xml", text.encode())
    return []


CLASSES = (
    "Microsoft.SystemCenter.Agent",
    "Microsoft.SystemCenter.HealthService",
    "Microsoft.SystemCenter.HealthServiceWatcher",
    "Microsoft.SystemCenter.GatewayManagementServer",
    "Microsoft.SystemCenter.ManagementServer",
    "Microsoft.SystemCenter.RootManagementServer",
    "Microsoft.Windows.Computer",
)


def classes(group, parameters):
    return [objects.class_(c) for c in named(CLASSES, lambda c: c, parameters.get("Name"))]


def instances(group, value, wrapped):
    """Monitoring objects of classes."""
    found = []
    from .names import guid

    for item in many(value):
        wanted = str(ident(item) or "").lower()
        name = next((c for c in CLASSES if wanted in (c.lower(), guid("class", c))), None)
        if name is None:
            raise ShellError(f"The class {wanted} was not found.", COMMON + "ObjectNotFoundException")
        kinds = {
            "Agent": ("agent",),
            "GatewayManagementServer": ("gateway",),
            "ManagementServer": ("management_server",),
            "RootManagementServer": ("management_server",),
        }.get(name.rsplit(".", 1)[-1], ("agent", "gateway", "management_server"))
        for node in group.of_kind(*kinds):
            if name.endswith("RootManagementServer") and node.fqdn not in (group.root, group.emulator):
                continue
            found.append(objects.instance(group, node, name, wrapped))
    return found
