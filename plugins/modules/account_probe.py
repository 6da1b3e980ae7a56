# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action `scom.upgrade.account_probe`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: account_probe
short_description: Try whether the accounts of the upgrade can log on, and what they may
version_added: 1.0.0
description:
  - Logs each account with a password on to the host, as a job, which is how the upgrade will use it. The job runs
    C(whoami.exe /groups), and its groups tell whether the account is a local administrator.
  - Asks SQL Server's C(xp_logininfo) for the privilege of each account on the instances of the host. That finds sysadmins
    that are such through a Windows group as well. The connection's user has to be a sysadmin there.
  - What could not be tried or read is null, with the reason in C(error). Only what Windows itself refused is false.
  - The job's task and directory are removed afterwards, also when something fails, and those of a probe that was interrupted
    are removed by the next one. As the host is then as it was, the result is never C(changed).
  - A wrong password counts for the lock-out of the account, once for each host that it is tried on. Try new passwords on one
    host first, and on the others only those that were taken there.
extends_documentation_fragment:
  - scom.upgrade.host.facts
attributes:
  check_mode:
    description: Tries no log-on in check mode, but for built-in accounts, which need none. SQL Server is asked all the same.
    support: partial
    details: RV(accounts[].logs_on) is null then.
options:
  accounts:
    description: The accounts to log on. One that is given for several inputs is tried once.
    type: list
    elements: dict
    default: []
    suboptions:
      input:
        description:
          - The input that names the account, which comes back in the result.
          - Setup and the collection's own jobs run as V(account), which therefore has to be allowed to log on as a batch job.
            The other accounts are used by services; where such an account may not log on as a batch job, its password was
            right, and whether it can log on stays unknown.
        type: str
        required: true
      name:
        description:
          - The account, C(DOMAIN\user).
          - Built-in accounts such as C(LocalSystem) and C(NT AUTHORITY\NETWORK SERVICE) always log on and are not tried.
        type: str
        required: true
      password:
        description: Its password. Without one no log-on is tried.
        type: str
  sql_accounts:
    description: The accounts to look up on the SQL Server instances, C(DOMAIN\user).
    type: list
    elements: str
    default: []
  instances:
    description: SQL Server instances of this host, as the registry names them, such as V(MSSQLSERVER) or V(OMDW).
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds that a job may take until its groups are known.
    type: int
    default: 60
  poll_seconds:
    description: Seconds between two looks.
    type: float
    default: 1
"""

EXAMPLES = r"""
- name: Try the accounts on a server
  scom.upgrade.account_probe:
    accounts:
      - input: account
        name: CONTOSO\scomadmin
        password: "{{ scom_upgrade_account_password }}"
      - input: data_access_account
        name: CONTOSO\scomdas
        password: "{{ scom_upgrade_data_access_account_password }}"
  register: probe

- name: Ask an instance whether the account is a sysadmin
  scom.upgrade.account_probe:
    sql_accounts: [CONTOSO\scomadmin]
    instances: [MSSQLSERVER]
"""

RETURN = r"""
accounts:
  description: An entry for each account that was given, in their order.
  returned: success
  type: list
  elements: dict
  sample:
    - host: MS01
      input: account
      account: CONTOSO\scomadmin
      logs_on: true
      batch: true
      administrator: true
      groups: [Everyone, BUILTIN\Administrators, CONTOSO\Domain Users]
      error: null
  contains:
    host:
      description: The host as the inventory names it.
      type: str
      returned: always
      sample: MS01
    input:
      description: The input that named the account.
      type: str
      returned: always
      sample: account
    account:
      description: The account.
      type: str
      returned: always
      sample: CONTOSO\scomadmin
    logs_on:
      description: Whether it can log on. Null where that was not tried or not found out.
      type: bool
      returned: always
      sample: true
    batch:
      description:
        - Whether it may log on as a batch job. False where Windows took its password and refused the job, null where that was
          not tried or not found out.
      type: bool
      returned: always
      sample: true
    administrator:
      description: Whether it is a local administrator of the host. Null where its groups could not be read.
      type: bool
      returned: always
      sample: true
    groups:
      description: The groups it is in on this host, as Windows names them. Null where they could not be read.
      type: list
      elements: str
      returned: always
      sample: [BUILTIN\Administrators]
    error:
      description: What was refused or could not be tried, else null.
      type: str
      returned: always
      sample: null
sql:
  description: An entry for each account on each instance.
  returned: success
  type: list
  elements: dict
  sample:
    - host: SQL01
      instance: MSSQLSERVER
      account: CONTOSO\scomadmin
      sysadmin: true
      error: null
  contains:
    host:
      description: The host as the inventory names it.
      type: str
      returned: always
      sample: SQL01
    instance:
      description: The instance.
      type: str
      returned: always
      sample: MSSQLSERVER
    account:
      description: The account.
      type: str
      returned: always
      sample: CONTOSO\scomadmin
    sysadmin:
      description: Whether it is a sysadmin, by itself or through a group. Null where SQL Server did not say.
      type: bool
      returned: always
      sample: true
    error:
      description: Why SQL Server did not say, else null.
      type: str
      returned: always
      sample: null
"""
