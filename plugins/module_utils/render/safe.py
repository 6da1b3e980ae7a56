# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Make text that came from facts inert in each of the formats, and build HTML and SVG that cannot be forgotten to escape.

Everything a host or a management group said is untrusted: a name may hold markup, quotes, pipes, control characters or
direction overrides. Views never paste text into a format themselves; they go through this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Union

# C0 and C1 controls, direction and invisible format characters, lone surrogates, what XML 1.0 forbids.
_ODD = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_NON_CHARACTERS = re.compile(
    "[" + "".join(chr(p + 0xFFFE) + chr(p + 0xFFFF) for p in range(0x10000, 0x110000, 0x10000)) + "]"
)
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~$&])")
_LINE_START = re.compile(r"^([#+=:!-])|^(\d+)(?=[.)](?:\s|$))")
_URL_ISH = re.compile(r"(?i)\b(https?|ftp|mailto|javascript|data)(:)")
_WWW_ISH = re.compile(r"(?i)\b(www)(\.)")
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9:_-]*\Z")


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code in (0x09, 0x0A, 0x0D, 0x2028, 0x2029):
        return " "
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"


def clean(value: object) -> str:
    """``value`` as one line of printable text; controls become visible symbols, line ends become spaces."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    text = _ODD.sub(_visible, text)
    return _NON_CHARACTERS.sub("\ufffd", text) if any(c > "\uffff" for c in text) else text


def shorten(value: object, width: int) -> str:
    """Clean text of at most ``width`` characters, cut with an ellipsis."""
    text = clean(value)
    return text if len(text) <= width else text[: max(width - 1, 0)].rstrip() + "…"


def plain(value: object, limit: int = 240) -> str:
    """A fact's value for people: lists joined, mappings as ``key: value``, everything on one line and cut at ``limit``."""
    return shorten(_said(value, 0), limit)


def _said(value: object, depth: int) -> str:
    if isinstance(value, Mapping) and depth < 4:
        pairs = sorted(value.items(), key=lambda pair: str(pair[0]))[:40]
        return ", ".join(f"{key}: {_said(item, depth + 1)}" for key, item in pairs)
    if isinstance(value, (list, tuple)) and depth < 4:
        more = f" and {len(value) - 40:,} more" if len(value) > 40 else ""
        return ", ".join(_said(v, depth + 1) for v in value[:40]) + more
    return "none" if value is None else clean(value)


def markdown(value: object) -> str:
    """Text for a Markdown paragraph, list item or table cell: no markup, link, table border or HTML can come out of it."""
    text = _MARKDOWN.sub(r"\\\1", clean(value)).strip()
    text = _URL_ISH.sub(r"\1\\\2", text)
    text = _WWW_ISH.sub(r"\1\\\2", text)
    return _LINE_START.sub(lambda m: "\\" + m[1] if m[1] else m[2] + "\\", text)


class Safe(str):
    """Markup that was built by this module; everything else is text and gets escaped."""

    __slots__ = ()


Child = Union[str, int, float, None, Iterable["Child"]]


def escape(value: object) -> str:
    """Text for HTML, SVG and XML, in content and in quoted attributes."""
    text = clean(value)
    if not text.isalnum():
        text = (
            text.replace("&", "&amp;")
            .replace("<", "&lt;")
            .replace(">", "&gt;")
            .replace('"', "&quot;")
            .replace("'", "&#39;")
        )
    return text


def join(*children: Child) -> Safe:
    """Children one after another: :class:`Safe` as it is, anything else escaped, ``None`` left out."""
    parts: list[str] = []
    _collect(children, parts)
    return Safe("".join(parts))


def _collect(children: Iterable[Child], parts: list[str]) -> None:
    for child in children:
        if child is None:
            continue
        if isinstance(child, Safe):
            parts.append(child)
        elif isinstance(child, (str, int, float)):
            parts.append(escape(child))
        else:
            _collect(child, parts)


_VOID = frozenset(("br", "hr", "img", "input", "meta", "link", "col", "wbr"))


def el(tag: str, /, *children: Child, **attributes: object) -> Safe:
    """An element. ``class_`` and ``for_`` lose their underscore, other underscores become hyphens; ``None`` leaves one out."""
    parts = ["<", tag]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        key = key[:-1] if key.endswith("_") else key.replace("_", "-")
        if not _ATTRIBUTE.match(key) or key.lower().startswith("on"):
            raise ValueError(f"not an attribute: {key!r}")
        parts.append(f" {key}" if value is True else f' {key}="{escape(value)}"')
    parts.append(">")
    if tag not in _VOID:
        _collect(children, parts)
        parts.append(f"</{tag}>")
    return Safe("".join(parts))


def web_link(value: object) -> Union[str, None]:
    """``value`` when it is an ordinary web address that may become a link, else ``None``."""
    text = str(value)
    return text if re.match(r"https?://[A-Za-z0-9][A-Za-z0-9._~:/?#@!$&()*+,;=%-]*\Z", text) else None
