"""SOAP faults of the service, by the codes of wsmerror.h."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """The service answers a request with a SOAP fault."""

    def __init__(self, code: int, subcode: str, text: str, *, sender: bool = True) -> None:
        super().__init__(text)
        self.code = code
        self.subcode = subcode
        self.text = text
        self.sender = sender


class Rejected(Exception):
    """The service answers a request with a bare HTTP status, as it does below SOAP."""

    def __init__(self, status: int, answer: Any = None) -> None:
        """answer: names the shell and command that the exchange is charged to, where that is known."""
        super().__init__(f"HTTP {status}")
        self.status = status
        self.answer = answer


class Gone(Exception):
    """Nobody waits for the answer any more: the client, the shell or the host went away."""


def timed_out() -> Refusal:
    """A Receive that had nothing to say within the client's OperationTimeout; clients ask again."""
    return Refusal(
        2150858793,
        "w:TimedOut",
        "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  ",
        sender=False,
    )


def access_denied() -> Refusal:
    return Refusal(5, "w:AccessDenied", "Access is denied. ")


def shell_not_found(shell_id: str) -> Refusal:
    return Refusal(
        2150858843,
        "w:InvalidSelectors",
        f"The request for the Windows Remote Shell with ShellId {shell_id} failed because the shell was not found on "
        "the server. Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the "
        "server. Provide the correct ShellId or create a new shell and retry the operation. ",
    )


def command_not_found() -> Refusal:
    return Refusal(87, "w:InvalidParameter", "The parameter is incorrect. ")


def too_many_shells(allowed: int) -> Refusal:
    return Refusal(
        2150859173,
        "w:QuotaLimit",
        "The WS-Management service cannot process the request. This user is allowed a maximum number of "
        f"{allowed} concurrent shells, which has been exceeded. Close existing shells or raise the quota for this "
        "user. ",
    )


def too_many_users(allowed: int) -> Refusal:
    return Refusal(
        2150859179,
        "w:QuotaLimit",
        "The WS-Management service cannot process the request. The maximum number of users executing shell "
        f"operations ({allowed}) has been exceeded. Retry after sometime or raise the quota for concurrent shell "
        "users. ",
    )


def too_many_processes() -> Refusal:
    return Refusal(1816, "w:QuotaLimit", "Not enough quota is available to process this command. ", sender=False)


def unknown_resource(uri: str) -> Refusal:
    return Refusal(
        2150858811,
        "a:DestinationUnreachable",
        f"The WS-Management service cannot process the request. The resource URI ({uri}) was not found in the "
        "WS-Management catalog. The catalog contains the metadata that describes resources, or logical endpoints. ",
    )


def unknown_action(action: str) -> Refusal:
    return Refusal(
        2150858753,
        "a:ActionNotSupported",
        f"The WS-Management service cannot process the request. The action {action} is not supported by this "
        "resource. ",
    )


def bad_input(reason: str) -> Refusal:
    return Refusal(2150858819, "w:SchemaValidationError", f"The WS-Management service cannot process it: {reason} ")
