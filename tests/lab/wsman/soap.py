"""WS-Man envelopes: read a request, write responses and faults."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from .refusal import Refusal

S = "http://www.w3.org/2003/05/soap-envelope"
A = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
X = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
W = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
P = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
RSP = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
IDENTITY = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"

CMD_SHELL = RSP + "/cmd"
SHELL = RSP
POWERSHELL = "http://schemas.microsoft.com/powershell/"

_DURATION = re.compile(r"^P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?$")


def tag(namespace: str, name: str) -> str:
    """A name as ElementTree spells it."""
    return f"{{{namespace}}}{name}"


def seconds(duration: str | None, default: float) -> float:
    """An xs:duration in seconds."""
    match = _DURATION.match((duration or "").strip())
    if not match or not any(match.groups()):
        return default
    days, hours, minutes, rest = (float(part or 0) for part in match.groups())
    return days * 86400 + hours * 3600 + minutes * 60 + rest


@dataclass
class Request:
    """One WS-Man request."""

    action: str
    resource: str
    message_id: str
    body: ElementTree.Element
    timeout: float
    max_envelope: int
    selectors: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)

    @property
    def verb(self) -> str:
        """The last word of the action: Create, Command, Send, Receive, Signal, Delete."""
        return self.action.rstrip("/").rsplit("/", 1)[-1]

    @property
    def identify(self) -> bool:
        """Whether it asks for the service's identity, which takes no WS-Addressing header."""
        return self.body.find(tag(IDENTITY, "Identify")) is not None

    @property
    def command_id(self) -> str:
        """The command it is about."""
        return next((found for each in self.body.iter() if (found := each.get("CommandId"))), "")

    @property
    def shell_id(self) -> str:
        return self.selectors.get("shellid", "")

    def first(self, name: str) -> ElementTree.Element | None:
        """The first element of the shell namespace with that name in the body."""
        return next(self.body.iter(tag(RSP, name)), None)

    def text(self, name: str) -> str:
        found = self.first(name)
        return (found.text or "") if found is not None else ""


def parse(envelope: bytes, *, default_timeout: float, default_envelope: int) -> Request:
    """Read an envelope; raises ValueError when it is not one."""
    try:
        root = ElementTree.fromstring(envelope)
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from error
    header, body = root.find(tag(S, "Header")), root.find(tag(S, "Body"))
    if root.tag != tag(S, "Envelope"):
        raise ValueError("not a SOAP envelope")
    if header is None:
        header = ElementTree.Element(tag(S, "Header"))
    if body is None:
        body = ElementTree.Element(tag(S, "Body"))

    def value(namespace: str, name: str) -> str:
        return (header.findtext(tag(namespace, name)) or "").strip()

    size = value(W, "MaxEnvelopeSize")
    return Request(
        action=value(A, "Action"),
        resource=value(W, "ResourceURI"),
        message_id=value(A, "MessageID"),
        body=body,
        timeout=seconds(value(W, "OperationTimeout"), default_timeout),
        max_envelope=int(size) if size.isdigit() else default_envelope,
        selectors={
            (item.get("Name") or "").lower(): (item.text or "").strip()
            for item in header.iterfind(f"{tag(W, 'SelectorSet')}/{tag(W, 'Selector')}")
        },
        options={
            (item.get("Name") or "").upper(): (item.text or "").strip()
            for item in header.iterfind(f"{tag(W, 'OptionSet')}/{tag(W, 'Option')}")
        },
    )


def _envelope(action: str, relates_to: str, body: str) -> bytes:
    related = f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo>" if relates_to else ""
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{S}" xmlns:a="{A}" xmlns:x="{X}" xmlns:w="{W}" xmlns:rsp="{RSP}" '
        f'xmlns:p="{P}"><s:Header><a:Action>{escape(action)}</a:Action>'
        f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID><a:To>{ANONYMOUS}</a:To>{related}</s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def response(request: Request, body: str = "") -> bytes:
    """The answer to a request that went well."""
    return _envelope(request.action + "Response", request.message_id, body)


def fault(refusal: Refusal, relates_to: str, machine: str) -> bytes:
    """The answer to a request that was refused."""
    text = escape(refusal.text)
    return _envelope(
        "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault",
        relates_to,
        f"<s:Fault><s:Code><s:Value>{'s:Sender' if refusal.sender else 's:Receiver'}</s:Value>"
        f"<s:Subcode><s:Value>{refusal.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{text}</s:Text></s:Reason>'
        f'<s:Detail><f:WSManFault xmlns:f="{FAULT}" Code="{refusal.code}" Machine={quoteattr(machine)}>'
        f"<f:Message>{text}</f:Message></f:WSManFault></s:Detail></s:Fault>",
    )


def identity(product_version: str) -> bytes:
    """The answer to Identify."""
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{S}"><s:Header/><s:Body>'
        f'<wsmid:IdentifyResponse xmlns:wsmid="{IDENTITY}">'
        "<wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</wsmid:ProtocolVersion>"
        "<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>"
        f"<wsmid:ProductVersion>{escape(product_version)}</wsmid:ProductVersion>"
        "</wsmid:IdentifyResponse></s:Body></s:Envelope>"
    ).encode()
