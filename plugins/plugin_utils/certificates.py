# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read subject and validity of an X.509 certificate as Windows keeps it in the registry.

A certificate store entry is a sequence of properties (id, reserved, length, data; 4-byte little-endian numbers each);
property 32 is the certificate itself in DER. Standard library only, because nothing else is needed for two fields.
Private to this collection.
"""

from __future__ import annotations

import struct
from datetime import datetime

CERTIFICATE_PROPERTY = 32
_UTC_TIME, _GENERAL_TIME, _SEQUENCE, _SET, _OID = 0x17, 0x18, 0x30, 0x31, 0x06
_NAMES = {b"\x55\x04\x03": "CN", b"\x55\x04\x0a": "O", b"\x55\x04\x0b": "OU", b"\x55\x04\x06": "C"}


class Unreadable(ValueError):
    """The bytes are not a certificate as Windows keeps it."""


def read(blob):
    """Give `{subject, not_after, serial}` of a registry blob (bytes); `not_after` is ISO 8601 UTC. Raises Unreadable."""
    try:
        return _certificate(_property(blob, CERTIFICATE_PROPERTY))
    except (IndexError, struct.error, UnicodeDecodeError, ValueError) as error:
        raise Unreadable(f"not a certificate that can be read: {error}") from error


def _property(blob, wanted):
    position = 0
    while position + 12 <= len(blob):
        number, _reserved, length = struct.unpack_from("<III", blob, position)
        position += 12
        if number == wanted:
            return blob[position : position + length]
        position += length
    raise ValueError(f"the entry has no property {wanted}")


def _element(data, position):
    """One DER element at `position`: tag, content, position after it."""
    tag, length = data[position], data[position + 1]
    position += 2
    if length & 0x80:
        count = length & 0x7F
        length = int.from_bytes(data[position : position + count], "big")
        position += count
    if position + length > len(data):
        raise ValueError("it ends too early")
    return tag, data[position : position + length], position + length


def _children(data):
    position, found = 0, []
    while position < len(data):
        tag, content, position = _element(data, position)
        found.append((tag, content))
    return found


def _certificate(der):
    body = _children(_element(der, 0)[1])[0][1]
    fields = _children(body)
    if fields[0][0] == 0xA0:  # explicit version; absent in version 1
        fields = fields[1:]
    serial, _algorithm, _issuer, validity, subject = (content for _tag, content in fields[:5])
    _not_before, not_after = _children(validity)
    return {"subject": _name(subject), "not_after": _time(*not_after), "serial": serial.hex().upper()}


def _name(content):
    parts = []
    for _tag, relative in _children(content):
        for _inner, attribute in _children(relative):
            (_oid_tag, oid), (_value_tag, value) = _children(attribute)
            parts.append(f"{_NAMES.get(bytes(oid), 'OID')}={value.decode('utf-8')}")
    return ", ".join(parts)


def _time(tag, content):
    text = content.decode("ascii")
    shape = "%y%m%d%H%M%SZ" if tag == _UTC_TIME else "%Y%m%d%H%M%SZ"
    return datetime.strptime(text, shape).strftime("%Y-%m-%dT%H:%M:%SZ")
