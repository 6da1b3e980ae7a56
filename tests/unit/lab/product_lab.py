"""What the product's tests have in common: a world on a clock that stands still, and short ways to run its programs."""

from __future__ import annotations

from pathlib import Path

from tests.lab.estate import read_estate
from tests.lab.product import footprint
from tests.lab.product.build import build_world
from tests.lab.product.names import product_code
from tests.lab.world import ManualClock

ESTATES = Path(__file__).parents[2] / "estates"
MEDIA = r"C:\Media\SCOM2012"
EULA = "/AcceptEndUserLicenseAgreement"
UPGRADE = ["/silent", "/upgrade", EULA]


class Lab:
    """A world and hands to work in it, as the upgrade account with a full logon."""

    def __init__(self, estate, folder, change=None):
        spec = read_estate(ESTATES / f"{estate}.yml")
        if change:
            change(spec)
        self.world = build_world(spec, state_dir=folder, clock=ManualClock())
        self.group = self.world.group
        self.events = self.world.record.events
        self.domain = self.world.netbios_domain
        self.admin = rf"{self.domain}\scomadmin"

    def run(self, host, path, arguments, *, user=None, logon="batch", stdin="", directory=None):
        return self.world.machines[host].run_program(
            path, arguments, user=user or self.admin, logon=logon, stdin=stdin, directory=directory
        )

    def setup(self, host, *arguments, **more):
        """Exit code of setup.exe."""
        return self.run(host, rf"{MEDIA}\setup.exe", list(arguments), **more).exit_code

    @property
    def das(self):
        return [rf"/DASAccountUser:{self.domain}\scomdas", "/DASAccountPassword:Lab-Serv1ce"]

    @property
    def reader(self):
        return [rf"/DataReaderUser:{self.domain}\scomdr", "/DataReaderPassword:Lab-Serv1ce"]

    def warehouse(self, source):
        return [
            f"/DWSqlServerInstance:{source}",
            "/DWDatabaseName:OperationsManagerDW",
            rf"/DataWriterUser:{self.domain}\scomdw",
            "/DataWriterPassword:Lab-Serv1ce",
        ]

    def server(self, host, *more, **how):
        """Upgrade of a management server."""
        return self.setup(host, *UPGRADE, *self.das, *more, **how)

    def whole_group(self, host, *more, **how):
        return self.server(host, *self.reader, *more, **how)

    def msi(self, host, *arguments, **how):
        return self.run(host, "msiexec.exe", list(arguments), **how).exit_code

    def agent(self, host, *more, **how):
        folder = "AMD64" if self.world.machines[host].os.architecture == "x64" else "i386"
        return self.msi(
            host, "/i", rf"{MEDIA}\agent\{folder}\MOMAgent.msi", "/qn", "REBOOT=ReallySuppress", *more, **how
        )

    def gateway(self, host, **how):
        return self.msi(host, "/i", rf"{MEDIA}\gateway\AMD64\MOMGateway.msi", "/qn", **how)

    def manual_agents(self):
        """Every manual agent that can be reached, its console first."""
        for node in [n for n in self.group.agents if n.install == "manual" and n.machine is not None and not n.new]:
            if footprint.has(node.machine, "console"):
                assert self.msi(node.name, "/x", product_code("console", "2007"), "/qn") == 0
            assert self.agent(node.name) == 0, node.name

    def acs(self, host, **how):
        return self.run(
            host, rf"{MEDIA}\acs\AdtSetup.exe", ["/i", "/s", rf"/p:{MEDIA}\acs\AcsUpgrade.xml"], **how
        ).exit_code

    def shell(self, host=None, generation=None, *, logon="batch", user=None):
        """A connected session of a shell."""
        generation = generation or self.group.product
        host = host or self.group.node(self.group.root or self.group.emulator).name
        session = self.world.machines[host].shells[generation].open(user or self.admin, logon)
        session.connect(self.group.root if generation == "2007" else self.world.machines[host].fqdn)
        return session

    def call(self, session, cmdlet, **parameters):
        return session.invoke(cmdlet, parameters, None, session.location)

    def approve_all(self):
        session = self.shell()
        names = (
            ("Get-AgentPendingAction", "Approve-AgentPendingAction", "AgentPendingAction")
            if self.group.product == "2007"
            else ("Get-SCOMPendingManagement", "Approve-SCOMPendingManagement", "PendingAction")
        )
        self.call(session, names[1], **{names[2]: self.call(session, names[0])})
        self.world.clock.finish()

    def reject_all(self):
        session = self.shell()
        self.call(session, "Reject-AgentPendingAction", AgentPendingAction=self.call(session, "Get-AgentPendingAction"))

    def move(self, old, new, *failover):
        """Move the agents of one server to another, in the 2007 shell."""
        session = self.shell()
        servers = {s.get("ComputerName"): s for s in self.call(session, "Get-ManagementServer")}
        agents = [
            a
            for a in self.call(session, "Get-Agent")
            if a.get("PrimaryManagementServerName") == servers[old].get("Name")
        ]
        self.call(
            session,
            "Set-ManagementServer",
            PrimaryManagementServer=servers[new],
            AgentManagedComputer=agents,
            FailoverServer=[servers[f] for f in failover],
        )
        return len(agents)

    def last(self, kind):
        return next(e for e in reversed(self.events) if e["kind"] == kind)

    def reason(self):
        return self.last("installer")["reason"] or ""

    def all_green(self):
        """Nothing is old, nobody is grey, nothing is pending."""
        assert self.group.new
        assert [n.name for n in self.group.nodes.values() if not n.new] == []
        assert [n.name for n in self.group.nodes.values() if not n.available] == []
        assert [p.agent for p in self.group.pending] == []
