"""A world whose time stands still until a test moves it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.world import HostSpec, Machine, ManualClock, OsSpec, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "state", clock=ManualClock(), dns_domain="contoso.test")
    yield made
    made.close()


@pytest.fixture
def machine(world: World) -> Machine:
    return add(world, "RMS01")


def add(
    world: World, name: str, release: str = "2008 R2", pack: int = 1, architecture: str = "x64", **more: object
) -> Machine:
    """A machine of a release in the world."""
    spec = HostSpec(name, f"{name.lower()}.contoso.test", "contoso.test", OsSpec(release, pack, architecture), **more)
    return world.add_machine(spec)


def kinds(world: World, *fields: str) -> list[tuple[object, ...]]:
    """The events so far: their kind and some fields."""
    return [(event["kind"], *(event.get(field) for field in fields)) for event in world.record.events]
