"""The figures' table: what is kept, what is shown, and what counts as outside its limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools import figures


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "STORE", tmp_path / "build" / "figures.json")


def test_the_newest_value_is_kept_and_compared_with_its_limit() -> None:
    assert not figures.record("payload", 100_001, "bytes", 100_000)
    assert figures.record("payload", 100_000, "bytes", 100_000)
    assert figures.record("plan", 0.257, "s")
    assert figures.rows() == [
        ("payload", "100,000 bytes", "100,000 bytes", "yes"),
        ("plan", "0.26 s", "", ""),
    ]
    assert figures.main([]) == 0


def test_a_figure_outside_its_limit_fails_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    figures.record("commands a host", 2, "", 1)
    assert figures.main([]) == 1
    assert "| commands a host |        2 |     1 | NO   |" in capsys.readouterr().out


def test_without_figures_there_is_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert figures.main([]) == 0
    assert capsys.readouterr().out == "no figures were recorded\n"
