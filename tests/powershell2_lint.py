"""A check of the collection's one PowerShell script against Windows PowerShell 2.0 that needs no PowerShell.

    python -m tests.powershell2_lint [FILE ...]

tree-sitter parses the script; this module knows what the script may use: cmdlets of 2.0 with the parameters they had, types
of .NET 2.0, operators and members of that time. Everything else is a finding, so a new cmdlet or type has to be added here
by somebody who has looked it up. The real parser's lint sees more (overloads, scalars' `.Count`); this one runs everywhere.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tree_sitter
import tree_sitter_pwsh

SCRIPT = Path(__file__).resolve().parents[1] / "plugins" / "plugin_utils" / "remote.ps1"

# Cmdlets of Windows PowerShell 2.0 (its help, and about_* pages that say what came with 3.0), with the parameters used.
COMMANDS: dict[str, set[str]] = {
    "Add-PSSnapin": {"Name"},
    "ConvertFrom-SecureString": {"SecureString", "Key"},
    "ConvertTo-SecureString": {"String", "AsPlainText", "Force", "Key"},
    "ForEach-Object": set(),
    "Get-Command": {"Name", "ErrorAction"},
    "Get-Location": set(),
    "Get-Module": {"Name", "ListAvailable"},
    "Get-PSSnapin": {"Name", "Registered", "ErrorAction"},
    "Get-Service": {"Name"},
    "Get-WmiObject": {"Class", "Namespace", "Query"},
    "Import-Module": {"Name"},
    "New-Object": {"ComObject"},
    "Set-Location": {"LiteralPath"},
    "Set-Service": {"Name", "StartupType"},
    "Sort-Object": set(),
    "Start-Sleep": {"Milliseconds"},
    "Where-Object": set(),
    "Write-Output": set(),
}
# Cmdlets of the product's two shells, which the script loads itself (scripting reference 1.1 and 1.3).
PRODUCT: dict[str, set[str]] = {
    "Get-ManagementGroupConnection": set(),
    "Get-SCOMManagementGroup": set(),
    "Get-SCOMManagementGroupConnection": set(),
    "New-ManagementGroupConnection": {"ConnectionString"},
    "New-SCOMManagementGroupConnection": {"ComputerName"},
    "Remove-ManagementGroupConnection": set(),
    "Remove-SCOMManagementGroupConnection": set(),
}
# Types of .NET 2.0: mscorlib, System, System.Data, System.Security, System.ServiceProcess; and PowerShell's short names.
TYPES = set(
    """
    ArgumentException Array Base64FormattingOptions BitConverter Console Convert DateTime DateTimeKind DBNull Environment
    Environment+SpecialFolder Exception InvalidOperationException Math PlatformNotSupportedException StringComparer ValueType
    Collections.ArrayList Collections.IDictionary Collections.IEnumerable Collections.Stack
    Data.SqlClient.SqlConnection Data.SqlClient.SqlConnectionStringBuilder
    Diagnostics.EventLog Diagnostics.FileVersionInfo Diagnostics.Process Diagnostics.ProcessStartInfo Diagnostics.Stopwatch
    Globalization.CultureInfo Globalization.DateTimeStyles
    IO.Compression.CompressionMode IO.Compression.GZipStream IO.Directory IO.DirectoryNotFoundException IO.File IO.FileAccess
    IO.FileAttributes IO.FileInfo IO.FileMode IO.FileNotFoundException IO.FileShare IO.FileStream IO.IOException IO.MemoryStream
    IO.Path IO.SeekOrigin IO.StreamReader
    Microsoft.Win32.Registry Microsoft.Win32.RegistryValueKind Microsoft.Win32.RegistryValueOptions
    Net.Sockets.SocketException Net.Sockets.TcpClient Net.WebClient Net.WebException Reflection.Assembly
    Runtime.InteropServices.Marshal
    Security.AccessControl.AccessControlType Security.AccessControl.DirectorySecurity Security.AccessControl.FileSystemAccessRule
    Security.AccessControl.FileSystemRights Security.AccessControl.InheritanceFlags Security.AccessControl.PropagationFlags
    Security.Cryptography.DataProtectionScope Security.Cryptography.MD5CryptoServiceProvider Security.Cryptography.ProtectedData
    Security.Cryptography.RandomNumberGenerator Security.Cryptography.SHA1Managed Security.Cryptography.SHA256Managed
    Security.Principal.NTAccount Security.Principal.SecurityIdentifier Security.Principal.WindowsIdentity
    Security.SecurityElement Security.SecurityException
    Text.Encoding Text.RegularExpressions.Regex Text.RegularExpressions.RegexOptions Text.StringBuilder Text.UTF8Encoding
    Threading.Thread
    bool byte byte[] char char[] decimal double enum int int64 ref regex scriptblock single string string[] uint32 uint64 void
    """.split()
)
OPERATORS = set(
    "-eq -ne -lt -le -gt -ge -is -isnot -match -notmatch -cmatch -cnotmatch -contains -notcontains -cnotcontains -ceq -cne"
    " -replace".split()
)
# Members that came after .NET 2.0 or after PowerShell 2.0, and that one is tempted to use.
NEWER_MEMBERS = {
    "new": "PowerShell 5.0",
    "IsNullOrWhiteSpace": ".NET 4.0",
    "CopyTo": ".NET 4.0 on streams",
    "HasFlag": ".NET 4.0",
    "GetFileSystemInfos": "the engine's stand-ins do not have it; GetFileSystemEntries serves",
    "EnumerateFiles": ".NET 4.0",
    "EnumerateDirectories": ".NET 4.0",
    "ReadLines": ".NET 4.0",
    "OpenBaseKey": ".NET 4.0",
    "ForEach": "PowerShell 4.0",
    "Where": "PowerShell 4.0",
    "Restart": ".NET 4.0 on stopwatches",
}
NEWER_NODES = {
    "class_statement": "classes are of PowerShell 5.0",
    "enum_statement": "enumerations are of PowerShell 5.0",
    "invocation_foreach_expression": "the method foreach is of PowerShell 4.0",
    "invocation_where_expression": "the method where is of PowerShell 4.0",
    "parallel_statement": "workflows are of PowerShell 3.0",
    "inlinescript_statement": "workflows are of PowerShell 3.0",
    "stop_parsing": "--% is of PowerShell 3.0",
    "verbatim_command_argument": "--% is of PowerShell 3.0",
    "expandable_here_string_literal": "a text of several lines would not survive the packing",
    "verbatim_here_string_literal": "a text of several lines would not survive the packing",
}
NEWER_VARIABLES = re.compile(r"(?i)^\$\{?(psitem|psscriptroot|pscommandpath|psdefaultparametervalues|using:.*)\}?$")
CODE_FROM_TEXT = {"invoke-expression", "iex", "add-type", "invoke-command"}


@dataclass(frozen=True)
class Finding:
    """Something that 2.0 does not have, or that this script must not do."""

    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.text}"


def _walk(node: Any) -> Iterator[Any]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _text(node: Any) -> str:
    return str(node.text.decode("utf-8", "replace"))


def _child(node: Any, *types: str) -> Any:
    return next((child for child in node.children if child.type in types), None)


class _Check:
    """One pass over one script."""

    def __init__(self, source: bytes):
        language = tree_sitter.Language(tree_sitter_pwsh.language())
        self.root = tree_sitter.Parser(language).parse(source).root_node
        self.functions = {_text(_child(node, "function_name")).lower() for node in _walk(self.root) if node.type == "function_statement"}
        self.commands = {name.lower(): parameters for name, parameters in {**COMMANDS, **PRODUCT}.items()}
        self.types = {name.lower() for name in TYPES}
        self.findings: list[Finding] = []

    def find(self, node: Any, text: str) -> None:
        row, column = node.start_point
        self.findings.append(Finding(row + 1, column + 1, text))

    def run(self) -> list[Finding]:
        for node in _walk(self.root):
            if node.type == "ERROR" or node.is_missing:
                self.find(node, f"cannot be parsed: {_text(node)[:40]!r}")
            elif node.type in NEWER_NODES:
                self.find(node, NEWER_NODES[node.type])
            else:
                check = getattr(self, "check_" + node.type, None)
                if check is not None:
                    check(node)
        return sorted(self.findings, key=lambda finding: (finding.line, finding.column))

    def check_command(self, node: Any) -> None:
        """The command is known, and so are its parameters."""
        name = _child(node, "command_name", "command_name_expr")
        if name is None or name.type == "command_name_expr":
            return  # a variable after &: what it may hold is the real lint's affair
        word = _text(name).lower()
        if word in self.functions:
            return
        if word in CODE_FROM_TEXT:
            self.find(node, f"{_text(name)} turns text into code")
            return
        if word not in self.commands:
            self.find(node, f"{_text(name)} is not a cmdlet of 2.0 that this script may use")
            return
        known = {parameter.lower() for parameter in self.commands[word]}
        elements = _child(node, "command_elements")
        for element in elements.children if elements else ():
            if element.type == "command_parameter":
                parameter = _text(element).lstrip("-").rstrip(":").lower()
                if parameter not in known:
                    self.find(element, f"{_text(name)} has no parameter {_text(element)} that this script may use")
        if word in ("where-object", "foreach-object") and elements and not any(
            inner.type == "script_block_expression" for inner in _walk(elements)
        ):
            self.find(node, f"{_text(name)} without a script block is of PowerShell 3.0")
        if word == "new-object":
            self._object(elements)

    def _object(self, elements: Any) -> None:
        token = _child(elements, "generic_token") if elements else None
        if token is not None and _text(token).lower() not in self.types:
            self.find(token, f"the type {_text(token)} is not of .NET 2.0, or not known to this check")

    def check_type_literal(self, node: Any) -> None:
        """The type existed."""
        name = _text(node).strip("[]").replace(" ", "").lower()
        if _text(node).endswith("[]]"):
            name += "[]"
        if name in ("pscustomobject", "ordered"):
            self.find(node, f"[{name}] is of PowerShell 3.0")
        elif name not in self.types:
            self.find(node, f"the type {_text(node)} is not of .NET 2.0, or not known to this check")

    def check_comparison_operator(self, node: Any) -> None:
        """The operator existed."""
        if _text(node).lower() not in OPERATORS:
            self.find(node, f"the operator {_text(node)} is not of 2.0, or not known to this check")

    def check_variable(self, node: Any) -> None:
        """The variable existed."""
        if NEWER_VARIABLES.match(_text(node)):
            self.find(node, f"{_text(node)} is of PowerShell 3.0")

    def check_member_name(self, node: Any) -> None:
        """The member existed."""
        newer = {name.lower(): since for name, since in NEWER_MEMBERS.items()}
        if _text(node).lower() in newer:
            self.find(node, f"the member {_text(node)}: {newer[_text(node).lower()]}")

    def check_attribute_argument(self, node: Any) -> None:
        """An attribute's argument has a value."""
        if "=" not in _text(node) and re.match(r"(?i)(mandatory|valuefrom\w+)$", _text(node).strip()):
            self.find(node, f"{_text(node)} needs =$true in 2.0")

    def check_redirection(self, node: Any) -> None:
        """Only the streams that 2.0 has."""
        if re.match(r"\s*[3-6*]>", _text(node)):
            self.find(node, f"the redirection {_text(node).split()[0]} is of PowerShell 3.0")


def lint(source: bytes) -> list[Finding]:
    """Everything in a script that Windows PowerShell 2.0 does not have, or that this check does not know."""
    found = _Check(source).run()
    for number, line in enumerate(source.split(b"\n"), 1):
        if any(byte > 126 or (byte < 32 and byte not in (9, 13)) for byte in line):
            found.append(Finding(number, 1, "only ASCII: a script without a byte order mark is read in the ANSI code page"))
    return found


def main(arguments: list[str]) -> int:
    """Check files; 1 when something was found."""
    failed = False
    for path in [Path(argument) for argument in arguments] or [SCRIPT]:
        for finding in lint(path.read_bytes()):
            failed = True
            print(f"{path}:{finding}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
