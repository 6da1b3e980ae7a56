"""Labs for the tests of this folder."""

from __future__ import annotations

import pytest

from .harness import Lab, pwsh


@pytest.fixture()
def lab(tmp_path, request):
    """A fresh lab of the estate named by an indirect parameter, else of single-simple."""
    with Lab(getattr(request, "param", "single-simple"), tmp_path / "lab") as running:
        yield running


@pytest.fixture()
def engine():
    """The real PowerShell engine's path; the test is skipped where none is found."""
    found = pwsh()
    if not found:
        pytest.skip("no pwsh on PATH and none beside the project: the real PowerShell engine is not tried here")
    return found
