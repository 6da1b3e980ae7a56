"""Both engines answer the same, to every operation and every error, and leave the same world behind."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.engine import find_pwsh

from . import cases, harness

pytestmark = [
    pytest.mark.engine,
    pytest.mark.xdist_group("engine"),
    pytest.mark.skipif(
        find_pwsh() is None, reason="no PowerShell engine: neither pwsh on the PATH nor ../shared/powershell/pwsh"
    ),
]


def _faces(tmp_path_factory: pytest.TempPathFactory, estate: str) -> Iterator[tuple[harness.Face, harness.Face]]:
    """The same small world twice: embedded, and with the real engine."""
    faces = tuple(
        harness.Face(tmp_path_factory.mktemp(name), estate, name == "powershell") for name in ("embedded", "powershell")
    )
    yield faces[0], faces[1]
    for face in faces:
        face.close()


@pytest.fixture(scope="module")
def faces_2007(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[harness.Face, harness.Face]]:
    """A group of 2007 R2."""
    yield from _faces(tmp_path_factory, "estate_2007.yml")


@pytest.fixture(scope="module")
def faces_2012(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[harness.Face, harness.Face]]:
    """A group of 2012."""
    yield from _faces(tmp_path_factory, "estate_2012.yml")


def without(value: Any, keys: tuple[str, ...]) -> Any:
    """A value without some keys, at any depth."""
    if isinstance(value, dict):
        return {key: without(item, keys) for key, item in value.items() if key not in keys}
    return [without(item, keys) for item in value] if isinstance(value, list) else value


def compare(faces: tuple[harness.Face, harness.Face], case: cases.Case) -> None:
    """Both answers, operation by operation: the message names the one that differs."""
    both = [without(harness.answers(face, case.host, case.operations, **case.options), case.drop) for face in faces]
    for operation, embedded, real in zip(case.operations, *both):
        assert real == embedded, f"{case.host}: {operation}"
        if not embedded["ok"]:
            assert embedded["error"]["kind"] != "internal", f"{case.host}: {operation}: {embedded['error']}"
    assert len(both[0]) == len(both[1]) == len(case.operations)


@pytest.mark.parametrize("case", cases.CASES_2007, ids=lambda case: case.name)
def test_same_answers(faces_2007: tuple[harness.Face, harness.Face], case: cases.Case) -> None:
    compare(faces_2007, case)


@pytest.mark.parametrize("case", cases.CASES_2012, ids=lambda case: case.name)
def test_same_answers_of_2012(faces_2012: tuple[harness.Face, harness.Face], case: cases.Case) -> None:
    compare(faces_2012, case)


def test_same_events(faces_2007: tuple[harness.Face, harness.Face]) -> None:
    """What all cases together changed is the same in both worlds, but for the times and the jobs' private files."""
    time.sleep(2)  # the restart that the last case asked for
    both = [[_event(event) for event in face.world.record.events] for face in faces_2007]
    wanted = [{key for key in (_key(event) for event in events) if key} for events in both]
    assert wanted[0] ^ wanted[1] == set()


def _event(event: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key not in ("n", "t")}


def _key(event: dict[str, Any]) -> str | None:
    """An event in one line; None for what belongs to the engine itself."""
    text = str(
        sorted((key, str(value)) for key, value in event.items() if key not in ("pid", "bytes", "hash", "boot_time"))
    )
    if event["kind"] in ("process", "command", "health", "fault") or r"\scom.upgrade" in text or ".part" in text:
        return None
    return harness.plain(text)
