"""`opsmgr.run`: an Operations Manager pipeline, described as data, over the product's shells."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from ..world.errors import WindowsError
from .operations import Answer, Interpreter, Refused, checking, choice, iso, operation, required

SETUP_2012 = r"HKLM\SOFTWARE\Microsoft\System Center Operations Manager\12\Setup"
NAMES = {"2007": "2007 R2", "2012": "2012"}
CONNECT = {"2007": "New-ManagementGroupConnection", "2012": "New-SCOMManagementGroupConnection"}
LIST_METHODS = ("GetFailoverManagementServers", "GetConnectedUserNames")
METHODS = ("GetPrimaryManagementServer", *LIST_METHODS)
CMDLETS = {
    "2007": (
        "Get-ManagementServer",
        "Get-RootManagementServer",
        "Get-Agent",
        "Get-AgentPendingAction",
        "Approve-AgentPendingAction",
        "Reject-AgentPendingAction",
        "Get-NotificationSubscription",
        "Get-Connector",
        "Get-ManagementPack",
        "Install-ManagementPack",
        "Uninstall-ManagementPack",
        "Export-ManagementPack",
        "Set-ManagementServer",
        "Get-PrimaryManagementServer",
        "Get-FailoverManagementServer",
        "Get-DefaultSetting",
        "Get-MonitoringClass",
        "Get-MonitoringObject",
        "Get-Alert",
        "Get-UserRole",
    ),
    "2012": (
        "Get-SCOMManagementServer",
        "Get-SCOMGatewayManagementServer",
        "Get-SCOMAgent",
        "Get-SCOMPendingManagement",
        "Approve-SCOMPendingManagement",
        "Deny-SCOMPendingManagement",
        "Get-SCOMNotificationSubscription",
        "Enable-SCOMNotificationSubscription",
        "Disable-SCOMNotificationSubscription",
        "Get-SCOMConnector",
        "Get-SCOMManagementPack",
        "Import-SCOMManagementPack",
        "Remove-SCOMManagementPack",
        "Get-SCOMParentManagementServer",
        "Set-SCOMParentManagementServer",
        "Get-SCOMRMSEmulator",
        "Set-SCOMRMSEmulator",
        "Get-SCOMResourcePool",
        "Get-SCOMManagementGroup",
        "Get-SCOMClass",
        "Get-SCOMClassInstance",
        "Get-SCOMAlert",
        "Repair-SCOMAgent",
        "Get-SCOMUserRole",
    ),
}


@operation("opsmgr.run")
def opsmgr_run(run: Interpreter, args: dict[str, Any]) -> Answer:
    server = required(args, "server")
    if not re.fullmatch(r"[A-Za-z0-9._-]+", server):
        raise Refused("invalid_argument", f"Not a name of a server: {server}")
    product = choice(args, "product", ("auto", "2007", "2012"), "auto")
    if product == "auto":
        product = "2012" if run.machine.registry.exists(SETUP_2012) else "2007"
    pipeline = _Pipeline(_connect(run, product, server), product, checking(args))
    outputs = {}
    for step in args.get("steps") or []:
        name = str(step.get("name") or "")
        try:
            found = pipeline.step(step)
            pipeline.objects[name] = found
            if step.get("select") is not None:
                outputs[name] = pipeline.selection(found, step)
        except WindowsError as error:
            raise opsmgr_refused(error, name, str(step.get("cmdlet") or "")) from error
    return {"product": product, "connected_to": server, "outputs": outputs}, pipeline.changed


def _connect(run: Interpreter, product: str, server: str) -> Any:
    shell = run.machine.shells.get(product)
    if shell is None or not shell.installed:
        raise Refused("not_found", f"The Operations Manager {NAMES[product]} shell is not installed on this host.")
    try:
        session = shell.open(run.user, run.logon)
        session.connect(server)
    except WindowsError as error:
        raise opsmgr_refused(error, "", CONNECT[product]) from error
    return session


def opsmgr_refused(error: WindowsError, step: str, cmdlet: str) -> Refused:
    """The shell's refusal, as an operation's error."""
    exception = error.detail.get("exception") or {
        "access_denied": "System.UnauthorizedAccessException",
        "not_found": "System.IO.FileNotFoundException",
        "invalid_argument": "System.ArgumentException",
        "io": "System.IO.IOException",
        "timeout": "System.TimeoutException",
    }.get(error.kind, "System.InvalidOperationException")
    return Refused("opsmgr", error.message.strip(), {"exception": exception, "cmdlet": cmdlet, "step": step})


class _Pipeline:
    """The steps of one run: the objects that each gave, and whether anything was changed."""

    def __init__(self, session: Any, product: str, check: bool):
        self.session, self.product, self.check = session, product, check
        self.objects: dict[str, list[Any]] = {}
        self.changed = False

    def step(self, step: dict[str, Any]) -> list[Any]:
        """Run one step and answer its objects."""
        if step.get("management_group"):
            return [self.session.management_group()]
        if step.get("each") is not None:
            return self._each(step, self.chosen(step["each"]))
        cmdlet = str(step.get("cmdlet") or "")
        if cmdlet not in CMDLETS[self.product]:
            raise Refused("unsupported", f"The cmdlet {cmdlet} is not on the list.")
        parameters = self._parameters(step.get("parameters") or {})
        if parameters is None:
            return []
        writes = not cmdlet.startswith("Get-")
        self.changed = self.changed or writes
        if writes and self.check:
            return []
        location = self.session.location if self.product == "2007" else None
        return list(self.session.invoke(cmdlet, parameters, None, location))

    def _parameters(self, wanted: dict[str, Any]) -> dict[str, Any] | None:
        """Parameters bound to objects; None when a reference finds none, because then there is nothing to do."""
        bound: dict[str, Any] = {}
        for name, value in wanted.items():
            if isinstance(value, dict):
                found = self.chosen(value)
                if not found:
                    return None
                value = found[0] if value.get("one") else found
            bound[name] = value
        return bound

    def chosen(self, reference: dict[str, Any]) -> list[Any]:
        """The objects of an earlier step that a reference means."""
        name = str(reference.get("from") or "")
        if name not in self.objects:
            raise Refused("invalid_argument", f"There is no earlier step {name}.")
        found = [
            item for item in self.objects[name] if all(self._meets(item, one) for one in reference.get("where") or [])
        ]
        if reference.get("one") and len(found) != 1:
            raise Refused("not_found", f"The step {name} gives {len(found)} objects where one is wanted.")
        return found

    def _meets(self, item: Any, condition: dict[str, Any]) -> bool:
        wanted = [condition["equals"]] if "equals" in condition else condition.get("in") or []
        have = self.value(item, str(condition.get("property")))
        return any(
            _text(value).lower() == _text(one).lower()
            for value in (have if isinstance(have, list) else [have])
            for one in wanted
        )

    def _each(self, step: dict[str, Any], chosen: list[Any]) -> list[Any]:
        """Set properties of objects, then call a method without arguments."""
        properties, call = step.get("set"), str(step.get("call") or "")
        if call not in ("", "Update"):
            raise Refused("unsupported", f"The method {call} is not on the list.")
        if (properties is not None or call) and chosen:
            self.changed = True
        for item in chosen if not self.check else []:
            for name, value in (properties or {}).items():
                item.set(name, value)
            if call:
                self.session.call_method(item.id, call, (), item.properties)
        return chosen

    def selection(self, found: list[Any], step: dict[str, Any]) -> Any:
        """What a step returns of its objects."""
        names = [str(name) for name in step["select"]]
        rows = [[self.value(item, name) for name in names] for item in found]
        if step.get("columns"):
            return {"columns": names, "rows": rows}
        return [dict(zip(names, row)) for row in rows]

    def value(self, item: Any, path: str) -> Any:
        """The value of a dotted path, as plain data: one, or a list when a list was on the way."""
        values, many = [item], False
        for part in path.split("."):
            following: list[Any] = []
            for value in values:
                found = None if value is None else self._part(value, part)
                if isinstance(found, (list, tuple)):
                    many = True
                    following += [one for one in found if one is not None]
                else:
                    following.append(found)
            values = following
        plain = [_plain(value) for value in values]
        return plain if many else plain[0] if plain else None

    def _part(self, value: Any, part: str) -> Any:
        if part.endswith("()"):
            name = part[:-2]
            if name not in METHODS:
                raise Refused("unsupported", f"The method {name} is not on the list.")
            try:
                found = self.session.call_method(value.id, name, (), value.properties) if hasattr(value, "id") else None
            except WindowsError:
                return [] if name in LIST_METHODS else None
            return list(found or []) if name in LIST_METHODS else found
        if hasattr(value, "properties"):
            known = {key.lower() for key in value.properties}
            return value.get(part) if part.lower() in known else value if part == "Value" else None
        return value if part == "Value" else None


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, datetime):
        return iso(value)
    return str(value)


def _text(value: Any) -> str:
    """A value as PowerShell's [string] has it."""
    return "" if value is None else str(value)
