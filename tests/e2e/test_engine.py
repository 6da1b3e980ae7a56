"""The same upgrades with the script that came over the wire run by a real PowerShell engine: equal worlds in the end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools import figures

from .harness import Lab, not_upgraded
from .test_upgrade import without_time

pytestmark = [pytest.mark.lab, pytest.mark.engine]

# What hangs on the moment of the run, and so differs between any two runs.
MOMENTS = ("time", "finished", "started", "age", "backups", "boot_time", "modified", "file")


def timeless(value: Any) -> Any:
    """A status without moments, for comparing two worlds."""
    if isinstance(value, dict):
        return {key: timeless(item) for key, item in value.items() if key not in MOMENTS}
    if isinstance(value, list):
        return [timeless(item) for item in value]
    return value


@pytest.mark.slow
@pytest.mark.parametrize("estate", ["single-simple", "distributed-simple"])
def test_the_engine_and_the_embedded_interpreter_lead_to_the_same_world(estate, engine, tmp_path):
    worlds = {}
    for face, options in (("embedded", ()), ("powershell", ("--powershell",))):
        with Lab(estate, tmp_path / face, ("--scale", "3000", *options)) as lab:
            run = lab.play("upgrade")
            assert not_upgraded(lab.status()) == []
            worlds[face] = (timeless(without_time(lab.status())), set(run.kinds()), run.changed_steps, run.seconds)
    assert worlds["embedded"][2] == worlds["powershell"][2]
    assert worlds["embedded"][1] == worlds["powershell"][1]
    assert worlds["embedded"][0] == worlds["powershell"][0]
    figures.record(f"{estate}: upgrade.yml through the PowerShell engine", round(worlds["powershell"][3], 1), "s")
