# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every action of this collection on a Windows host has in common.

An action is a documented module of the same name plus a small subclass of `HostAction`. The options are read from the
module's own DOCUMENTATION, so specification and documentation are one. Private to this collection.
"""

from __future__ import annotations

import importlib

import yaml
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from ansible_collections.scom.upgrade.plugins.doc_fragments import host as host_fragment
from ansible_collections.scom.upgrade.plugins.plugin_utils.remote import (
    AuthenticationRejected,
    HostUnreachable,
    OperationFailed,
    Remote,
    WireError,
)

_PACKAGE = "ansible_collections.scom.upgrade.plugins.modules."
_SPEC_KEYS = ("type", "elements", "required", "default", "choices")


def argument_spec(documentation):
    """Turn a module's DOCUMENTATION (YAML text) into an Ansible argument specification.

    Options of the collection's own fragment are included. An option whose name speaks of a secret is not logged.
    """
    page = yaml.safe_load(documentation)
    options = dict(page.get("options") or {})
    for fragment in page.get("extends_documentation_fragment") or []:
        text = getattr(host_fragment.ModuleDocFragment, fragment.rpartition(".")[2].upper(), "{}")
        options.update(yaml.safe_load(text).get("options") or {})
    return {name: _argument(name, option) for name, option in options.items()}


def _argument(name, option):
    argument = {key: option[key] for key in _SPEC_KEYS if key in option}
    if "password" in name or "secret" in name:
        argument["no_log"] = True
    if "suboptions" in option:
        argument["options"] = {key: _argument(key, value) for key, value in option["suboptions"].items()}
    return argument


class HostAction(ActionBase):
    """Base class: checks the arguments, opens the wire, and turns what goes wrong into one clear message.

    A subclass sets `MODULE` and implements `perform(arguments, task_vars)`, which returns the result dictionary; it raises
    `ActionFailed` for what the operator can mend. `self.remote` talks to the host, `self.checking` is check mode.
    """

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    MODULE = ""

    def run(self, tmp=None, task_vars=None):
        """Run the action; see `ActionBase.run`."""
        del tmp
        result = super().run(None, task_vars)
        task_vars = task_vars or {}
        module = importlib.import_module(_PACKAGE + self.MODULE)
        arguments = plain(self.validate_argument_spec(argument_spec(module.DOCUMENTATION))[1])
        self.checking = bool(self._task.check_mode)
        self.host = self._task.delegate_to or task_vars.get("inventory_hostname", "?")
        self.remote = Remote(self._connection, self.host)
        if arguments.get("step"):
            result["step"] = arguments["step"]
        try:
            result.update(self.perform(arguments, task_vars))
        except (HostUnreachable, AuthenticationRejected) as error:
            raise AnsibleConnectionFailure(str(error)) from None
        except OperationFailed as error:
            result.update(failed=True, msg=f"{self.host}: {error}", error=error.as_dict())
        except (ActionFailed, WireError) as error:
            result.update(failed=True, msg=str(error), **getattr(error, "extra", {}))
        result.setdefault("changed", False)
        return result

    def perform(self, arguments, task_vars):
        """Do the work; returns the result's keys."""
        raise NotImplementedError


class ActionFailed(AnsibleActionFail):
    """The action cannot do what it was asked; the message names the thing and the remedy. `extra` goes into the result."""

    def __init__(self, message, **extra):
        super().__init__(message)
        self.extra = extra


def diff(before, after, header=""):
    """The `diff` of a result from two plain values (dictionaries, lists or text)."""
    return {"before": _text(before), "after": _text(after), "before_header": header, "after_header": header}


def _text(value):
    if isinstance(value, str):
        return value if value.endswith("\n") else value + "\n"
    return yaml.safe_dump(plain(value), default_flow_style=False, sort_keys=True)


def plain(value):
    """The value with Ansible's own kinds of text, numbers, lists and dictionaries turned into Python's."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    kind = next((kind for kind in (str, int, float) if isinstance(value, kind)), None)
    return value if kind is None or isinstance(value, bool) else kind(value)
