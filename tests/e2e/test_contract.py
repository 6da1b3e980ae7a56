"""The plan is a contract: approved by hash, held to by every phase, and a person's own steps stay a person's."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from .harness import Lab

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("contract")]

NAMED = ("-e", '{"scom_upgrade_approver": "Jane Doe"}')
REQUIRED = ("-e", "scom_upgrade_require_approval=true")
SWITCH = """
- hosts: OM01
  gather_facts: false
  tasks:
    - scom.upgrade.subscriptions:
        state: {state}
        subscriptions: [{{name: Weekend pager}}]
        server: "{{{{ ansible_facts.fqdn | default('om01.fabrikam.test') }}}}"
        product: "2007"
"""


def refused(run, *words):
    """It failed with these words in its message, changed nothing, and showed no traceback."""
    said = " ".join(run.output.split())
    assert run.code == 2, run.tail()
    assert [word for word in words if word not in said] == [], run.tail()
    assert run.kinds() == Counter()
    assert "Traceback" not in run.output


def switch(lab, state):
    """Somebody else switches a subscription, as a person would in the console."""
    path = lab.state / "somebody.yml"
    path.write_text(SWITCH.format(state=state), encoding="utf-8")
    assert lab.play(str(path.with_suffix(""))).kinds()["subscription"] == 1


def test_what_was_approved_is_what_runs(tmp_path):
    with Lab("single-simple", tmp_path / "lab") as lab:
        lab.play("plan")
        plan = json.loads((lab.reports / "upgrade-plan.json").read_text(encoding="utf-8"))["plan"]["hash"]

        refused(lab.play("quiesce", *REQUIRED, expect=None), plan[:12], "is not approved", "playbooks/approve.yml")
        refused(lab.play("approve", "-e", f"scom_upgrade_approve={'0' * 12}", *NAMED, expect=None), plan[:12], "0" * 12)

        switch(lab, "enabled")
        changed = "group.subscriptions[Weekend pager].enabled: was False, is True"
        refused(lab.play("approve", "-e", f"scom_upgrade_approve={plan}", *NAMED, expect=None), changed)
        switch(lab, "disabled")

        approved = lab.play("approve", "-e", f"scom_upgrade_approve={plan[:12]}", *NAMED)
        assert set(approved.kinds()) == {"file"} and "approved by Jane Doe" in approved.output
        assert (lab.reports / "approved-plan.json").exists()

        switch(lab, "enabled")
        refused(lab.play("quiesce", expect=None), "no longer fits the facts", "quiesce.subscriptions", "Weekend pager")
        switch(lab, "disabled")

        half = lab.play("quiesce", *REQUIRED)
        assert half.changed_steps
        # A controller that forgets its files gets the approved plan back from the server.
        (lab.reports / "approved-plan.json").unlink()
        rest = lab.play("management_group", *REQUIRED, check=True)
        assert [step["step"] for step in rest.steps] == ["management_group.upgrade"]
        assert (lab.reports / "approved-plan.json").exists()
        assert (lab.reports / "snapshot-before.json").exists()

        words = ("-e", "scom_upgrade_sign_off=management_group.upgrade", *NAMED)
        refused(lab.play("sign_off", *words, expect=None), "not done by hand", "playbooks/management_group.yml")


def test_a_complex_path_stops_before_anything_is_changed(tmp_path):
    with Lab("distributed-complex-32bit", tmp_path / "lab") as lab:
        run = lab.play("upgrade", expect=None)
        refused(run, "does not carry them out", "prepare.join.NEWMS", "A person does that, by the plan")
        assert run.steps == []
