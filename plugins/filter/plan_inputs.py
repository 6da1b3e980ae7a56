# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters `plan_inputs` and `input_problems`: the inputs of a plan from a host's variables."""

from __future__ import annotations

import difflib

from ansible.errors import AnsibleFilterError
from ansible.module_utils.parsing.convert_bool import BOOLEANS, boolean

from ansible_collections.scom.upgrade.plugins.module_utils.inputs import (
    INPUTS,
    NOT_INPUTS,
    PREFIX,
    InputError,
    from_variables,
)

# Variables that steer a run, and are no inputs of the plan it computes.
RUN_VARIABLES = (
    "management_group",
    "language",
    "state_path",
    "gateways_serial",
    "hide_output",
    "require_approval",
    "approve",
    "approver",
    "note",
    "sign_off",
)


def plan_inputs(variables):
    """Complete, checked inputs from all variables of a host. Raises one error that names every wrong variable.

    Values given on the command line are text; they count as the number or the truth value that they spell.
    """
    problems = input_problems(variables)
    if problems:
        raise AnsibleFilterError("Wrong variables. " + " | ".join(problems))
    return from_variables(_given(variables))


def input_problems(variables):
    """What is wrong with the variables of a host, one text each; an empty list when nothing is."""
    given = _given(variables)
    known = {*INPUTS, *NOT_INPUTS, *RUN_VARIABLES}
    problems = [_unknown(name) for name in sorted(given) if name[len(PREFIX) :] not in known]
    try:
        from_variables(given)
    except InputError as error:
        problems += error.problems
    return problems


def _given(variables):
    return {name: _value(name, variables[name]) for name in variables if name.startswith(PREFIX)}


def _value(name, value):
    default = INPUTS[name[len(PREFIX) :]].default if name[len(PREFIX) :] in INPUTS else None
    if isinstance(value, str) and isinstance(default, bool) and value.lower() in BOOLEANS:
        return boolean(value)
    if isinstance(value, str) and isinstance(default, (int, float)) and not isinstance(default, bool):
        try:
            return int(value) if value.lstrip("-").isdigit() else float(value)
        except ValueError:
            return value
    return value


def _unknown(name):
    known = [PREFIX + item for item in (*INPUTS, *NOT_INPUTS, *RUN_VARIABLES)]
    close = difflib.get_close_matches(name, known, 1)
    return f"{name}: no such variable" + (f"; did you mean {close[0]}?" if close else "; see inventories/example.")


class FilterModule:
    """The filter of this file."""

    def filters(self):
        """Filters by name."""
        return {"plan_inputs": plan_inputs, "input_problems": input_problems}
