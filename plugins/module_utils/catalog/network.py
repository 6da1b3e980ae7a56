# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ports, and between which roles each must be open for the upgrade."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Port:
    """One connection: who opens it, to whom, on which port."""

    source_role: str
    target_role: str
    ports: str
    when: str
    evidence: str = "later guide"
    source: str = "product-reference 9"


#: ``server`` stands for every management server, the root management server included.
PORTS: tuple[Port, ...] = (
    Port("server", "operational_database", "1433/tcp", "always; the instance's own port where it has one"),
    Port("server", "data_warehouse", "1433/tcp", "always"),
    Port("reporting", "data_warehouse", "1433/tcp", "always"),
    Port("acs_collector", "acs_database", "1433/tcp", "always"),
    Port("server", "operational_database", "1434/udp", "named instances"),
    Port("server", "server", "5723/tcp, 5724/tcp", "5724 while setup runs"),
    Port("reporting", "server", "5723/tcp, 5724/tcp", "5724 while setup runs"),
    Port("agent", "parent", "5723/tcp", "always"),
    Port("gateway", "parent", "5723/tcp", "always"),
    Port("console", "server", "5724/tcp", "always"),
    Port("web_console", "server", "5724/tcp", "always"),
    Port("connector", "server", "51905/tcp", "connector framework"),
    Port("browser", "web_console", "51908/tcp, 80/tcp, 443/tcp", "51908 is the site of 2007"),
    Port("acs_forwarder", "acs_collector", "51909/tcp", "always"),
    Port("console", "reporting", "80/tcp", "reports"),
    Port(
        "parent",
        "agent",
        "135/tcp, 137-138/udp, 139/tcp, 445/tcp, 49152-65535/tcp",
        "push upgrade; Windows Server 2003 answers on 1024-5000",
    ),
    Port("controller", "host", "5985/tcp, 5986/tcp", "WinRM", "documented", "product-reference 9"),
)
