"""Accounts: who may log on, with what password, and what an account is allowed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .errors import win32

if TYPE_CHECKING:
    from .machine import Machine

SYSTEM = "NT AUTHORITY\\SYSTEM"
NETWORK_SERVICE = "NT AUTHORITY\\NETWORK SERVICE"
LOCAL_SERVICE = "NT AUTHORITY\\LOCAL SERVICE"

_BUILTIN = {
    "": SYSTEM,
    "system": SYSTEM,
    "localsystem": SYSTEM,
    "nt authority\\system": SYSTEM,
    "s-1-5-18": SYSTEM,
    ".\\localsystem": SYSTEM,
    "networkservice": NETWORK_SERVICE,
    "network service": NETWORK_SERVICE,
    "nt authority\\network service": NETWORK_SERVICE,
    "nt authority\\networkservice": NETWORK_SERVICE,
    "s-1-5-20": NETWORK_SERVICE,
    "localservice": LOCAL_SERVICE,
    "local service": LOCAL_SERVICE,
    "nt authority\\local service": LOCAL_SERVICE,
    "nt authority\\localservice": LOCAL_SERVICE,
    "s-1-5-19": LOCAL_SERVICE,
}


@dataclass
class Account:
    """A user. `domain` is the NetBIOS domain, or None for an account that every machine has as its own.

    rights: `administrator` (local administrator everywhere), `sysadmin` (of every SQL Server), `opsmgr_admin`
    (Operations Manager administrator); further ones are the product's.
    """

    user: str
    password: str
    domain: str | None = None
    rights: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """`DOMAIN\\user`, or `user` for a local account."""
        return f"{self.domain}\\{self.user}" if self.domain else self.user

    def may(self, right: str) -> bool:
        return right in self.rights


class Accounts:
    """The accounts of the estate. Names are compared without case; `user`, `DOMAIN\\user` and `user@dns` all name one."""

    def __init__(self, dns_domain: str = ""):
        self.dns_domain = dns_domain
        self.netbios = dns_domain.split(".")[0].upper()
        self._accounts: list[Account] = []

    def add(self, user: str, password: str, *, domain: str | None = None, rights: set[str] | None = None) -> Account:
        """Add an account, or replace the one of that name."""
        account = Account(user, password, domain, set(rights or ()))
        self._accounts = [a for a in self._accounts if a.name.lower() != account.name.lower()] + [account]
        return account

    def all(self) -> list[Account]:
        return list(self._accounts)

    def builtin(self, user: str | None) -> str | None:
        """The full name of a built-in account (`NT AUTHORITY\\SYSTEM`), or None."""
        return _BUILTIN.get((user or "").strip().lower())

    def find(self, user: str, machine: Machine | None = None) -> Account | None:
        """The account a name means on `machine` (which matters for `MACHINE\\user` and `.\\user`)."""
        domain, name = split_user(user)
        for account in self._accounts:
            if account.user.lower() != name.lower():
                continue
            if not domain:
                return account
            if account.domain is None:
                if domain == "." or (
                    machine is not None and domain.lower() in (machine.name.lower(), machine.fqdn.lower())
                ):
                    return account
            elif domain.lower() in (account.domain.lower(), self.dns_domain.lower()):
                return account
        return None

    def check(self, user: str, password: str, machine: Machine | None = None) -> Account:
        """The account, when the password is right and the machine can know it; else WindowsError 1326."""
        account = self.find(user, machine)
        if account is None or account.password != password:
            raise win32(1326)
        if account.domain and machine is not None and not machine.domain_joined:
            raise win32(1326)
        return account

    def full_name(self, user: str, machine: Machine | None = None) -> str:
        """The name Windows would show: `DOMAIN\\user`, `MACHINE\\user`, `NT AUTHORITY\\SYSTEM`."""
        builtin = self.builtin(user)
        if builtin:
            return builtin
        account = self.find(user, machine)
        if account is None:
            return user
        if account.domain is None and machine is not None:
            return f"{machine.name}\\{account.user}"
        return account.name

    def may(self, user: str, right: str, machine: Machine | None = None) -> bool:
        """Whether a user has a right. SYSTEM is administrator of its machine, and nothing else."""
        builtin = self.builtin(user)
        if builtin:
            return builtin == SYSTEM and right == "administrator"
        account = self.find(user, machine)
        return account is not None and account.may(right)


def split_user(user: str) -> tuple[str, str]:
    """(domain or "", user) of `DOMAIN\\user`, `user@domain` or `user`."""
    if "\\" in user:
        domain, _unused, name = user.partition("\\")
        return domain, name
    if "@" in user:
        name, _unused, domain = user.partition("@")
        return domain, name
    return "", user


def same_user(one: str, other: str) -> bool:
    """Whether two full names are one account's."""
    return one.strip().lower() == other.strip().lower()
