#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module `scom.upgrade.probe_targets`: what each host should try before an upgrade, because reading does not tell."""

from __future__ import annotations

DOCUMENTATION = r"""
module: probe_targets
short_description: Say what each host should try before the upgrade
version_added: 1.0.0
description:
  - Computes from a snapshot the ports that each host has to reach, the accounts that setup will use on it, and the SQL Server
    instances on which the account needs rights.
  - The actions M(scom.upgrade.port_probe) and M(scom.upgrade.account_probe) try these, and the rules R69 and R70 judge the answers.
extends_documentation_fragment:
  - scom.upgrade.decision
seealso:
  - module: scom.upgrade.port_probe
  - module: scom.upgrade.account_probe
"""

EXAMPLES = r"""
- name: See what there is to try
  scom.upgrade.probe_targets:
    path: reports/snapshot.json
    inputs:
      account: EXAMPLE\scomadmin
  delegate_to: localhost
  register: probing

- name: Try the ports of this host
  scom.upgrade.port_probe:
    targets: "{{ probing.hosts[inventory_hostname].ports }}"
"""

RETURN = r"""
hosts:
  description:
    - What each host should try, by inventory name. It has the keys C(ports), C(accounts) (by the input that names them), C(instances) and
      C(sql_accounts), the accounts to look up on these.
  returned: success
  type: dict
  sample:
    MS02:
      ports: [{to: SQL01, address: sql01.contoso.test, port: 1433}]
      accounts: [{input: account, name: 'CONTOSO\scomadmin'}]
      instances: []
      sql_accounts: []
order:
  description:
    - The names of these hosts, that with the most accounts first. Where an account is tried there before anywhere else, a wrong
      password is found out once and not on every host, which would lock the account.
  returned: success
  type: list
  elements: str
  sample: [RMS01, MS02]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.scom.upgrade.plugins.module_utils.decide import PROBLEMS, read_snapshot
from ansible_collections.scom.upgrade.plugins.module_utils.probing import targets


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path"},
            "snapshot": {"type": "dict"},
            "inputs": {"type": "dict", "default": {}},
        },
        mutually_exclusive=[("path", "snapshot")],
        required_one_of=[("path", "snapshot")],
        supports_check_mode=True,
    )
    given = module.params
    try:
        hosts = targets(read_snapshot(given["snapshot"] or given["path"]), given["inputs"])
    except PROBLEMS as problem:
        module.fail_json(msg=str(problem))
    order = sorted(hosts, key=lambda name: (-len(hosts[name]["accounts"]), name))
    module.exit_json(changed=False, hosts=hosts, order=order)


if __name__ == "__main__":
    main()
