"""remote.ps1 keeps to Windows PowerShell 2.0 on .NET 2.0, by this project's own check and by the real engine's lint."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from ansible_collections.scom.upgrade.plugins.plugin_utils import remote as wire
from tests import powershell2_lint as check
from tests.lab.engine import find_pwsh

TEXT = check.SCRIPT.read_text(encoding="utf-8")
ENGINE = pytest.mark.skipif(find_pwsh() is None, reason="no PowerShell engine: neither pwsh on the PATH nor ../shared/powershell/pwsh")


def test_the_script_is_clean() -> None:
    assert [str(finding) for finding in check.lint(check.SCRIPT.read_bytes())] == []


def test_the_script_is_clean_as_it_travels() -> None:
    assert [str(finding) for finding in check.lint(wire.bare_script(TEXT).encode())] == []


def test_the_bootstrap_is_clean() -> None:
    assert [str(finding) for finding in check.lint(wire.BOOTSTRAP.encode())] == []


def test_the_lists_hold_nothing_that_is_not_used() -> None:
    used = TEXT + wire.BOOTSTRAP
    assert [name for name in [*check.COMMANDS, *check.PRODUCT] if not re.search(rf"\b{name}\b", used)] == []
    assert [name for name in check.TYPES if name.lower() not in used.lower()] == []


@pytest.mark.parametrize(
    "planted",
    [
        "$a = [pscustomobject]@{ x = 1 }", "$a = [ordered]@{ x = 1 }", "if ($a -in $b) { 1 }", "if ($a -notin $b) { 1 }", "$x -shl 2",
        "$x | Where-Object Name -eq 'x'", "$x | ForEach-Object Name", "Get-ChildItem -File", "Get-Content -Raw 'x'", "ConvertTo-Json $x",
        "Get-CimInstance Win32_Service", "Invoke-WebRequest 'x'", "Get-FileHash 'x'", "[IO.File]::ReadLines('x')", "$o.ForEach({ 1 })",
        "$o.Where({ 1 })", "[Text.StringBuilder]::new()", "class Y { }", "& $cmd 3> $null", "& $cmd *> $null", "$x = $PSScriptRoot",
        "$x | ForEach-Object { $PSItem }", "Invoke-Expression $t", "iex $t", "Get-WmiObject -Class 'x' -AsJob",
        "New-Object Collections.Generic.HashSet", "[Threading.Tasks.Task]::Run($x)", "[string]::IsNullOrWhiteSpace($x)",
        "function F {\n    param(\n        [Parameter(Mandatory)]\n        $p\n    )\n    $p\n}", "if ($a { 1 }",
        "$x = \"caf\u00e9\"", "$s.CopyTo($t)",
        "$x = @\"\ntext\n\"@", "Start-Process 'x'", "Get-Service -ComputerName 'x'",
    ],
)
def test_what_2_0_does_not_have_is_found(planted: str) -> None:
    assert check.lint((TEXT + "\n" + planted + "\n").encode("utf-8")), planted


def _engine_lint(path: Path) -> str:
    pwsh = find_pwsh()
    assert pwsh is not None
    return subprocess.run([pwsh, "--lint", str(path)], capture_output=True, text=True, check=False, timeout=120).stdout


@ENGINE
@pytest.mark.engine
def test_the_real_parser_finds_nothing() -> None:
    assert _engine_lint(check.SCRIPT) == ""


@ENGINE
@pytest.mark.engine
def test_every_allowance_has_a_reason_and_a_use(tmp_path: Path) -> None:
    allowed = re.findall(r"# lint: allow (\S+) (.*)", TEXT)
    assert all(len(reason.split()) > 4 for _rule, reason in allowed)
    bare = tmp_path / "bare.ps1"
    bare.write_text(re.sub(r"# lint: allow.*", "#", TEXT), encoding="utf-8")
    assert len({line.split(":")[1] for line in _engine_lint(bare).splitlines()}) == len(allowed)


@ENGINE
@pytest.mark.engine
def test_the_bootstrap_does_one_thing_that_a_lint_must_see(tmp_path: Path) -> None:
    """It runs the script that came with it: that is its purpose. Nothing else is found in it."""
    path = tmp_path / "bootstrap.ps1"
    path.write_text(wire.BOOTSTRAP, encoding="ascii")
    rules = [line.split()[2] for line in _engine_lint(path).splitlines()]
    assert sorted(rules) == ["injection-expression", "invoke-variable"]
