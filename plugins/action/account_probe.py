# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action of the module `scom.upgrade.account_probe`."""

from __future__ import annotations

import csv

from ansible_collections.scom.upgrade.plugins.plugin_utils.host_action import HostAction
from ansible_collections.scom.upgrade.plugins.plugin_utils.remote import WireError
from ansible_collections.scom.upgrade.plugins.plugin_utils.sql import statement

WHOAMI = {"path": r"%SystemRoot%\System32\whoami.exe", "arguments": ["/groups", "/fo", "csv", "/nh"]}
ADMINISTRATORS = "S-1-5-32-544"
SYSTEM = ("localsystem", r".\localsystem", "system", r"nt authority\system")
SERVICES = tuple(
    prefix + name
    for prefix in ("", "nt authority\\")
    for name in ("networkservice", "network service", "localservice", "local service")
)
# Win32 codes that mean: Windows refused this account. Names as in winerror.h (kb): LOGON_FAILURE, ACCOUNT_RESTRICTION,
# INVALID_LOGON_HOURS, INVALID_WORKSTATION, PASSWORD_EXPIRED, ACCOUNT_DISABLED, NONE_MAPPED, ACCOUNT_EXPIRED,
# PASSWORD_MUST_CHANGE, ACCOUNT_LOCKED_OUT.
REFUSED = (1326, 1327, 1328, 1329, 1330, 1331, 1332, 1793, 1907, 1909)
LOGON_TYPE = 1385  # ERROR_LOGON_TYPE_NOT_GRANTED: name and password were right
NO_BATCH = "The password is right, and the account may not log on as a batch job on this host."
UNTRIED = {"logs_on": None, "batch": None, "administrator": None, "groups": None}

# Documented (kb): third column `privilege` is admin or user, and no row means that the account does not get in. The error for
# an account that the server cannot resolve (15404) is documented as well; that a group's members come out as admin follows
# from the fifth column, the permission path.
LOGIN = "EXEC master..xp_logininfo @acctname = @account, @option = 'all'"
PRIVILEGE = 2


class ActionModule(HostAction):
    """Tries what only trying tells: whether accounts log on here, and with which rights."""

    MODULE = "account_probe"

    def perform(self, arguments, task_vars):
        """See the module's documentation."""
        tries = [] if self.checking else _tries(arguments["accounts"])
        lookups = [(one, name) for one in arguments["instances"] for name in arguments["sql_accounts"]]
        jobs = {f"account-probe-{number}": one for number, one in enumerate(tries, 1)}
        ours = list(jobs)
        try:
            answers = self.remote.run(_batch(jobs, lookups))
            started = {answer.id: answer for answer in answers if answer.id in jobs}
            ours = [name for name, answer in started.items() if answer.ok and not answer.value["attached"]]
            groups = self.groups(ours, arguments)
        finally:
            self.clear(ours)
        found = {jobs[name]: (answer, groups.get(name)) for name, answer in started.items()}
        return {
            "changed": False,
            "accounts": [{"host": self.host, **self.account(one, found)} for one in arguments["accounts"]],
            "sql": [
                {"host": self.host, "instance": instance, "account": name, **_privilege(answer)}
                for (instance, name), answer in zip(lookups, answers[len(answers) - len(lookups) :])
            ],
        }

    def groups(self, names, arguments):
        """What each job wrote, once it has ended: (text, None), else (None, the reason)."""
        texts, offsets, ended = dict.fromkeys(names, ""), dict.fromkeys(names, 0), {}
        deadline = self.remote.clock() + arguments["timeout"]
        while len(ended) < len(names):
            late, news = self.remote.clock() >= deadline, False
            polls = [_poll(name, offsets[name]) for name in names if name not in ended]
            for answer in self.remote.run(polls):
                name, value = answer.id, answer.value
                if not answer.ok:
                    ended[name] = None, answer.error["message"]
                    continue
                drained = value["next_offset"] == offsets[name]
                texts[name] += value["stdout"] or ""
                offsets[name] = value["next_offset"]
                news = news or not drained
                if late or (drained and value["state"] != "running"):
                    ended[name] = _outcome(value, texts[name])
            if len(ended) < len(names) and not news:
                self.remote.sleep(arguments["poll_seconds"])
        return ended

    def clear(self, names):
        """Remove the jobs. Where the connection is gone, the next probe removes them; a password is in none of them."""
        try:
            removals = [{"id": name, "op": "job.remove", "args": {"id": name}} for name in names]
            failed = [answer.error["message"] for answer in self.remote.run(removals) if not answer.ok]
        except WireError as error:
            failed = [str(error)]
        for reason in failed:
            self._display.warning(f"{self.host}: a job of the probe could not be removed: {reason}")

    def account(self, one, found):
        """The entry of one account."""
        entry = {"input": one["input"], "account": one["name"], **UNTRIED}
        if _builtin(one["name"]):
            return {**entry, "logs_on": True, "administrator": one["name"].lower() in SYSTEM, "error": None}
        if not one.get("password"):
            return {**entry, "error": "not tried without a password"}
        if self.checking:
            return {**entry, "error": "not tried in check mode"}
        answer, outcome = found[_key(one)]
        if not answer.ok:
            return {**entry, **_refusal(one["input"], answer.error)}
        if outcome is None:
            return {**entry, "error": "not tried, because the job of another probe is under way"}
        text, reason = outcome
        entry = {**entry, "logs_on": True, "batch": True}
        if reason:
            return {**entry, "error": reason}
        rows = _group_rows(text)
        if not rows:
            return {**entry, "error": "whoami.exe named no group"}
        administrator = any(sid == ADMINISTRATORS for _name, sid in rows)
        names = [name for name, _sid in rows if name]
        return {**entry, "administrator": administrator, "groups": names, "error": None}


def _builtin(name):
    return name.lower() in SYSTEM + SERVICES


def _key(one):
    return one["name"].lower(), one["password"]


def _tries(accounts):
    """The log-ons to try: one that stands for several inputs once, because each failure counts for a lock-out."""
    wanted = {_key(one): None for one in accounts if one.get("password") and not _builtin(one["name"])}
    return list(wanted)


def _batch(jobs, lookups):
    """Everything in one round trip. What an interrupted probe left is removed first: its answer would be an old one."""
    batch = [{"id": f"old {name}", "op": "job.remove", "args": {"id": name}} for name in jobs]
    for name, (account, password) in jobs.items():
        logon = {"id": name, "account": account, "password": password}
        batch.append({"id": name, "op": "job.start", "args": {**logon, **WHOAMI}})
    for number, (instance, account) in enumerate(lookups):
        batch.append(statement(f"sql {number}", instance, LOGIN, {"account": account}, kind="reader"))
    return batch


def _poll(name, offset):
    return {"id": name, "op": "job.poll", "args": {"id": name, "offset": offset}}


def _outcome(value, text):
    """What a job came to: its output, or the reason why there is none."""
    if value["state"] == "finished" and value["rc"] == 0:
        return text, None
    if value["state"] == "finished":
        return None, f"it logged on, and whoami.exe ended with exit code {value['rc']}: {text.strip()[-200:]}"
    return None, f"it logged on, and whoami.exe did not end: its job is {value['state']}"


def _group_rows(text):
    """Name and SID of each group. By the place of the columns, because the rest is in the language of the host."""
    rows = csv.reader(text.splitlines())
    return [(row[0], row[2]) for row in rows if len(row) >= 3 and row[2].startswith("S-1-")]


def _refusal(input_name, error):
    """What a job that could not be started tells of the account."""
    code, text = (error.get("detail") or {}).get("code"), str(error.get("message") or "")
    if code == LOGON_TYPE:
        refused = False if input_name == "account" else None
        return {"logs_on": refused, "batch": False, "error": f"{NO_BATCH} ({code})"}
    return {"logs_on": False if code in REFUSED else None, "error": text}


def _privilege(answer):
    """Whether SQL Server calls an account an administrator."""
    if not answer.ok:
        return {"sysadmin": None, "error": str(answer.error.get("message") or "")}
    rows = [row for result in answer.value["results"] for row in result["rows"]]
    return {"sysadmin": any(str(row[PRIVILEGE]).strip() == "admin" for row in rows), "error": None}
