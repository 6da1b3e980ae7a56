"""The programs of the product, as every machine of the lab knows them."""

from __future__ import annotations

from tests.lab.world.processes import Result

from . import msi, setup2012, tools
from .tools import key_data


def register(machine, group):
    """Make the installers and tools known to a machine. They run where their file is; msiexec and mofcomp come with Windows."""

    def bound(function):
        return lambda call: function(call, group)

    machine.programs["setup.exe"] = bound(setup_of_any_media)
    machine.programs["adtsetup.exe"] = bound(tools.adt_setup)
    machine.programs["securestoragebackup.exe"] = bound(tools.secure_storage_backup)
    machine.programs["microsoft.enterprisemanagement.gatewayapprovaltool.exe"] = bound(tools.gateway_approval)
    for name, function, folder in (
        ("msiexec.exe", msi.msiexec, machine.system_directory),
        ("mofcomp.exe", tools.mofcomp, machine.system_directory + r"\wbem"),
    ):
        machine.programs[name] = bound(function)
        machine.windows_programs[name] = folder


def setup_of_any_media(call, group):
    """setup.exe: which media it lies on is told by its version."""
    found = call.machine.files.version(call.path)
    if found is None or not str(found.file).startswith("7."):
        return Result(-16, "", "This is not a setup of the 2012 media.\r\n")
    return setup2012.setup(call, group)


__all__ = ["key_data", "register"]
