"""msiexec.exe: the product's packages, their updates and removals."""

from __future__ import annotations

from tests.lab.world.processes import Result

from . import checks, footprint
from .group import Node
from .names import BASE, CUMULATIVE_UPDATES, PRODUCTS, R2, RTM_2012, UNINSTALL, is_2012, product_code
from .removal import remove_feature

OK, FATAL, BUSY, UNKNOWN_PRODUCT, NO_PACKAGE, PLATFORM, COMMAND_LINE, NEEDS_REBOOT = (
    0,
    1603,
    1618,
    1605,
    1619,
    1633,
    1639,
    3010,
)
QUIET = {"qn", "quiet", "passive", "qb", "qb-", "qb!", "qr", "q", "qn+", "norestart", "forcerestart", "promptrestart"}
TAKES_VALUE = {
    "i",
    "package",
    "x",
    "uninstall",
    "p",
    "update",
    "l",
    "l*",
    "l*v",
    "l*vx",
    "lv",
    "log",
    "a",
    "f",
    "fa",
    "fvomus",
}


class Refused(Exception):
    """The package does not install: exit code and reason."""

    def __init__(self, code, key, text):
        super().__init__(text)
        self.code = code
        self.reason = f"{key}: {text}"


def parse(arguments):
    """(action, target, log, properties); Refused 1639 for what msiexec does not know."""
    action = target = log = None
    properties, i = {}, 0
    while i < len(arguments):
        word = arguments[i]
        i += 1
        if word.startswith(("/", "-")):
            name = word[1:].lower()
            if name in QUIET:
                continue
            if name[:1] in "ix" and len(name) > 1 and name[1:2] in '{"c' and name not in TAKES_VALUE:
                action, target = name[0], word[2:].strip('"')
                continue
            if name not in TAKES_VALUE and not (name.startswith("l") and set(name[1:]) <= set("*iwearucmopvx+!")):
                raise Refused(COMMAND_LINE, "syntax", f"unknown switch {word}")
            if i >= len(arguments):
                raise Refused(COMMAND_LINE, "syntax", f"{word} needs a value")
            value = arguments[i].strip('"')
            i += 1
            if name.startswith("l"):
                log = value
            elif action is not None:
                raise Refused(COMMAND_LINE, "syntax", "more than one action")
            else:
                action, target = {"package": "i", "uninstall": "x", "update": "p"}.get(name, name[0]), value
        elif "=" in word:
            name, _unused, value = word.partition("=")
            properties[name.upper()] = value.strip('"')
        else:
            raise Refused(COMMAND_LINE, "syntax", f"unexpected {word}")
    if action is None:
        raise Refused(COMMAND_LINE, "syntax", "no action")
    return action, target, log, properties


class Installer:
    """One run of msiexec."""

    def __init__(self, call, group):
        self.call = call
        self.machine = call.machine
        self.world = call.machine.world
        self.group = group
        self.started = self.world.clock.now()
        self.product = "Windows Installer"
        self.action = "install"
        self.before = self.after = None
        self.log_path = None

    def log(self, text):
        if self.log_path:
            stamp = self.world.clock.utc().strftime("%H:%M:%S:000")
            self.machine.files.append(self.log_path, f"MSI (s) (64:A0) [{stamp}]: {text}\r\n")

    def run(self):
        """The program: a generator of seconds."""
        code, reason = None, "ended from outside"
        try:
            code, reason = yield from self.guarded()
        finally:
            seconds = round(self.world.clock.now() - self.started, 1)
            self.machine.record(
                "installer",
                product=self.product,
                action=self.action,
                from_=self.before,
                to=self.after if code in (OK, NEEDS_REBOOT) else self.before,
                exit=code,
                reason=reason,
                seconds=seconds,
                command_line=f"msiexec.exe {self.call.command_line}",
            )
        text = "Installation completed successfully" if code in (OK, NEEDS_REBOOT) else "Installation failed"
        self.log(f"Product: {self.product} -- {text}.")
        self.log(f"MainEngineThread is returning {code}")
        return Result(code)

    def guarded(self):
        try:
            action, target, log, properties = parse(self.call.arguments)
            if log:
                self.log_path = log
                folder = log.rsplit("\\", 1)[0] if "\\" in log else self.call.directory
                if "\\" not in log:
                    self.log_path = rf"{self.call.directory}\{log}"
                elif not self.machine.files.is_directory(folder + ("\\" if len(folder) == 2 else "")):
                    self.log_path = None
                    raise Refused(1622, "log", f"error opening installation log file {log}")
            self.log("=== Verbose logging started ===")
            if self.busy():
                raise Refused(BUSY, "another_setup", "another installation is already in progress")
            yield 5.0
            yield from {"i": self.install, "x": self.remove, "p": self.patch}.get(action, self.unsupported)(
                target, properties
            )
        except Refused as refused:
            self.log(refused.reason)
            return refused.code, refused.reason
        if self.machine.extra.get("msi_needs_reboot"):
            self.machine.set_pending_reboot()
            return NEEDS_REBOOT, None
        return OK, None

    def busy(self):
        mine = self.call.process
        family = {mine.id, mine.parent}
        return any(
            p.name.lower() in ("msiexec.exe", "setup.exe", "adtsetup.exe")
            and p.id not in family
            and p.started <= self.started
            for p in self.machine.processes.list()
        )

    def unsupported(self, target, properties):
        yield from ()  # like the other actions, it is a generator
        raise Refused(COMMAND_LINE, "syntax", "this action is not known here")

    # ---- packages ---------------------------------------------------------------------------------------------

    def install(self, package, properties):
        """/i: by the package's name and version."""
        files = self.machine.files
        if package.startswith("{"):
            raise Refused(UNKNOWN_PRODUCT, "unknown_product", f"{package} is not installed")
        path = package if ":" in package[:3] or package.startswith("\\\\") else rf"{self.call.directory}\{package}"
        if path.startswith("\\\\") or not files.exists(path):
            raise Refused(NO_PACKAGE, "missing_file", f"This installation package could not be opened: {package}")
        version = files.version(path)
        version = version.file if version else None
        name = path.rsplit("\\", 1)[-1].lower()
        if version is None or name not in ("momagent.msi", "momgateway.msi", "mom.msi", "reporting2007.msi"):
            raise Refused(1620, "package", f"{package} is not a package of the product")
        if checks.administrator(self.call):
            raise Refused(1625, "account", "This installation is forbidden by system policy.")
        self.target_version = version
        self.path = path
        if name == "momagent.msi":
            yield from self.agent(properties)
        elif name == "momgateway.msi":
            yield from self.gateway(properties)
        elif name == "reporting2007.msi":
            yield from self.reporting(properties)
        else:
            yield from self.server(properties)

    def architecture(self, kind):
        """The folder of the package tells for which processors it is."""
        folder = self.path.rsplit("\\", 2)[-2].lower()
        mine = self.machine.os.architecture
        wanted = {"i386": "x86", "amd64": "x64", "ia64": "ia64"}.get(folder, mine)
        if wanted == "x64" and mine == "x86":
            raise Refused(PLATFORM, "architecture", f"This {kind} package is not supported by this processor type.")
        if wanted != mine:
            raise Refused(
                FATAL, "architecture", f"The {wanted} package cannot be installed on an {mine} operating system."
            )

    def agent(self, properties):
        machine, group = self.machine, self.group
        new = is_2012(self.target_version)
        self.product = PRODUCTS["agent"][new]
        node = group.nodes.get(machine.fqdn)
        installed = footprint.has(machine, "agent")
        self.before, self.after = (node.version if node and installed else None), self.target_version
        self.action = "upgrade" if installed else "install"
        self.architecture("agent")
        if footprint.has(machine, "server") or footprint.has(machine, "gateway"):
            raise Refused(FATAL, "server", "A management server or gateway is installed on this computer.")
        if machine.os.is_2003 and machine.os.service_pack < 2:
            raise Refused(FATAL, "operating_system", "Windows Server 2003 Service Pack 2 is required.")
        if not machine.files.exists(machine.system_directory + r"\msxml6.dll"):
            raise Refused(FATAL, "msxml6", "Microsoft Core XML Services (MSXML) 6.0 is required.")
        if new and (footprint.has(machine, "console") or footprint.has(machine, "web_console")):
            raise Refused(
                FATAL,
                "console",
                "An Operations console is installed on this computer. Remove it before the agent is upgraded.",
            )
        if new and footprint.has_avicode(machine) and properties.get("NOAPM") != "1":
            raise Refused(FATAL, "avicode", "AVIcode is installed on this computer: NOAPM=1 is needed.")
        if installed == ("2012" if new else "2007"):
            self.before = self.target_version
            yield 10.0
            return
        if not installed:
            yield from self.new_agent(properties)
            return
        yield from self.upgrade_agent(node)

    def upgrade_agent(self, node):
        machine, group = self.machine, self.group
        node.busy = True
        try:
            if footprint.running_service(machine, "HealthService"):
                machine.services.stop("HealthService", force=True)
            self.log("Stopping services")
            yield 40.0
            with group.quiet():
                group.set_version(node, RTM_2012)
                footprint.agent(machine, group, node)
                self.disable_forwarder()
                node.busy = False
            for entry in [
                p for p in group.pending if p.agent == node.fqdn and p.type in ("UpdateAgent", "UpdateFailed")
            ]:
                group.drop_pending(entry, "cleared")
            yield 45.0
            machine.eventlog.write(
                "Operations Manager", "HealthService", "information", 1210, "New configuration became active."
            )
        finally:
            if node.busy:
                node.busy = False
                group.refresh_health()

    def disable_forwarder(self):
        """The agent's upgrade disables ACS forwarding."""
        service = self.machine.services.get("AdtAgent")
        if service is not None:
            if service.running:
                self.machine.services.stop("AdtAgent", force=True)
            self.machine.services.set_start_mode("AdtAgent", "disabled")

    def new_agent(self, properties):
        machine, group = self.machine, self.group
        parent = group.node(properties.get("MANAGEMENT_SERVER_DNS", ""))
        if properties.get("MANAGEMENT_GROUP", "").lower() != group.name.lower() or parent is None:
            raise Refused(
                FATAL, "properties", "MANAGEMENT_GROUP and MANAGEMENT_SERVER_DNS do not name a management group."
            )
        yield 60.0
        now = self.world.clock.utc()
        with group.quiet():
            node = group.add(
                Node(
                    machine.name,
                    machine.fqdn,
                    "agent",
                    self.target_version,
                    install="manual",
                    primary=parent.fqdn,
                    machine=machine,
                    domain=machine.fqdn.partition(".")[2],
                    installed=now,
                    modified=now,
                )
            )
            group.record("parent", None, of=node.fqdn, from_=None, to=parent.fqdn, failover=[])
            footprint.agent(machine, group, node)

    def gateway(self, properties):
        machine, group = self.machine, self.group
        new = is_2012(self.target_version)
        self.product = PRODUCTS["gateway"][new]
        node = group.nodes.get(machine.fqdn)
        installed = footprint.has(machine, "gateway")
        self.before, self.after = (node.version if node and installed else None), self.target_version
        self.action = "upgrade" if installed else "install"
        if new:
            self.architecture("gateway")
            findings = checks.platform(machine, "Gateway")
            if findings:
                raise Refused(FATAL, findings[0].key, findings[0].text)
        if footprint.has(machine, "server") or footprint.has(machine, "agent"):
            raise Refused(FATAL, "server", "A management server or agent is installed on this computer.")
        if machine.pending_reboot:
            raise Refused(FATAL, "pending_reboot", "A restart of this computer is pending.")
        if installed == ("2012" if new else "2007"):
            self.before = self.target_version
            yield 10.0
            return
        if not installed:
            yield from self.new_gateway(properties)
            return
        for finding in [*checks.cumulative_update(node), *checks.secondaries(group), *self.parent_gateway(node)]:
            raise Refused(FATAL, finding.key, finding.text)
        if footprint.running_service(machine, "HealthService"):
            machine.services.stop("HealthService", force=True)
        yield 120.0
        with group.quiet():
            group.set_version(node, RTM_2012)
            footprint.gateway(machine, group, node)
        group.offer_updates(node)
        yield 60.0
        machine.eventlog.write(
            "Operations Manager", "HealthService", "information", 1210, "New configuration became active."
        )

    def parent_gateway(self, node):
        """A gateway behind a gateway comes after it."""
        parent = self.group.nodes.get(node.primary)
        if parent is not None and parent.kind == "gateway" and not parent.new:
            return [
                checks.Finding(
                    "gateways", f"The gateway {parent.fqdn}, which this one reports to, has not been upgraded."
                )
            ]
        return []

    def new_gateway(self, properties):
        machine, group = self.machine, self.group
        parent = group.node(properties.get("ROOT_MANAGEMENT_SERVER_DNS", "")) or group.node(
            properties.get("ROOT_MANAGEMENT_SERVER_AD", "")
        )
        if properties.get("MANAGEMENT_GROUP", "").lower() != group.name.lower() or parent is None:
            raise Refused(
                FATAL, "properties", "MANAGEMENT_GROUP and ROOT_MANAGEMENT_SERVER_DNS do not name a management group."
            )
        yield 120.0
        now = self.world.clock.utc()
        if machine.fqdn not in group.approved_gateways:
            raise Refused(FATAL, "approval", f"The gateway {machine.fqdn} has not been approved (GatewayApprovalTool).")
        with group.quiet():
            node = group.add(
                Node(
                    machine.name,
                    machine.fqdn,
                    "gateway",
                    self.target_version,
                    install="manual",
                    primary=parent.fqdn,
                    machine=machine,
                    domain=machine.fqdn.partition(".")[2],
                    installed=now,
                    modified=now,
                )
            )
            group.role(machine.name, "gateway", "gained")
            group.record("parent", None, of=node.fqdn, from_=None, to=parent.fqdn, failover=[])
            footprint.gateway(machine, group, node)

    def server(self, properties):
        """MOM.msi of the 2007 R2 media: a further management server of the group (or a console)."""
        machine, group, call = self.machine, self.group, self.call
        features = {f.strip().lower() for f in properties.get("ADDLOCAL", "MOMServer,MOMUI").split(",")}
        self.product, self.after = PRODUCTS["server" if "momserver" in features else "console"][0], R2
        if group.new:
            raise Refused(FATAL, "group", "The management group has been upgraded: this version cannot join it.")
        if "momserver" not in features:
            if features != {"momui"}:
                raise Refused(FATAL, "properties", f"ADDLOCAL is not known: {properties.get('ADDLOCAL')}")
            yield 200.0
            footprint.console(machine, group, R2, 0)
            return
        self.architecture("server")
        if footprint.has(machine, "server") or footprint.has(machine, "agent") or footprint.has(machine, "gateway"):
            raise Refused(FATAL, "server", "A part of the product is installed on this computer.")
        findings = checks.operations_account(call, group)
        place = group.operational
        if properties.get("MOM_DB_SERVER", "").lower() not in (place.source.lower(), place.server.lower()):
            findings.append(
                checks.Finding("properties", "MOM_DB_SERVER does not name the operational database's server.")
            )
        if properties.get("MANAGEMENT_GROUP", group.name).lower() != group.name.lower():
            findings.append(checks.Finding("properties", "MANAGEMENT_GROUP does not name the management group."))
        for finding in findings:
            raise Refused(FATAL, finding.key, finding.text)
        yield 600.0
        now = self.world.clock.utc()
        with group.quiet():
            node = group.add(
                Node(
                    machine.name,
                    machine.fqdn,
                    "management_server",
                    R2,
                    0,
                    install="setup",
                    machine=machine,
                    domain=machine.fqdn.partition(".")[2],
                    installed=now,
                    modified=now,
                )
            )
            group.role(machine.name, "management_server", "gained")
            footprint.management_server(machine, group, node)
            if "momui" in features:
                footprint.console(machine, group, R2, 0)
        yield 30.0

    def reporting(self, properties):
        """Reporting2007.msi: Reporting on a machine with Reporting Services (MGSERVER names the management server to ask)."""
        machine, group = self.machine, self.group
        self.product, self.after = PRODUCTS["reporting"][0], R2
        instance = properties.get("SRS_SERVER") or properties.get("PREREQ_COMPLETED") or machine.name
        server = group.node(properties.get("MGSERVER", group.root or ""))
        findings = checks.operations_account(self.call, group)
        if footprint.has(machine, "reporting"):
            findings.append(checks.Finding("installed", "Reporting is installed on this computer already."))
        if group.new or server is None or server.kind != "management_server":
            findings.append(
                checks.Finding("properties", "MGSERVER does not name a management server of a 2007 R2 group.")
            )
        if footprint.rs_config(machine) is None:
            findings.append(checks.Finding("reporting_services", "There are no Reporting Services on this computer."))
        for finding in findings:
            raise Refused(FATAL, finding.key, finding.text)
        yield 300.0
        footprint.reporting(machine, group, R2, server=server.fqdn, instance=instance)
        for other in group.world.machines.values():
            if other is not machine and footprint.has(other, "reporting") == "2007":
                self.log(f"Reporting is still installed on {other.name}.")

    # ---- removal and updates ----------------------------------------------------------------------------------

    def remove(self, code, properties):
        """/x {product code} or package."""
        machine = self.machine
        self.action = "uninstall"
        kind = next((k for k in PRODUCTS for g in ("2007", "2012") if product_code(k, g).lower() == code.lower()), None)
        if kind is None and not code.startswith("{"):
            kind = {"momagent.msi": "agent", "momgateway.msi": "gateway", "mom.msi": "server"}.get(
                code.rsplit("\\", 1)[-1].lower()
            )
        generation = footprint.has(machine, kind) if kind else None
        if generation is None or (code.startswith("{") and not machine.registry.exists(rf"{UNINSTALL}\{code}")):
            raise Refused(
                UNKNOWN_PRODUCT, "unknown_product", f"This action is only valid for products that are installed: {code}"
            )
        if checks.administrator(self.call):
            raise Refused(1625, "account", "This installation is forbidden by system policy.")
        self.product = PRODUCTS[kind][generation == "2012"]
        self.before = machine.registry.get(rf"{UNINSTALL}\{product_code(kind, generation)}", "DisplayVersion")
        yield 90.0
        remove_feature(machine, self.group, kind)
        self.after = None

    def patch(self, package, properties):
        """/p: a cumulative update of 2007 R2."""
        machine, group, files = self.machine, self.group, self.machine.files
        self.action = "patch"
        if not files.exists(package):
            raise Refused(NO_PACKAGE, "missing_file", f"This installation package could not be opened: {package}")
        version = files.version(package).file if files.version(package) else None
        level = next((k for k, v in CUMULATIVE_UPDATES.items() if v[0] == version), None)
        node = group.node_of(machine)
        if level is None:
            raise Refused(1620, "package", f"{package} is not an update of the product")
        if node is None or node.new:
            raise Refused(1642, "not_applicable", "The product to be updated is missing.")
        self.product = PRODUCTS[{"management_server": "server"}.get(node.kind, node.kind)][0]
        self.before, self.after = CUMULATIVE_UPDATES[node.cumulative_update][0], version
        if node.kind == "management_server":
            for finding in checks.operations_account(self.call, group):
                raise Refused(FATAL, finding.key, finding.text)
        if node.cumulative_update >= level:
            yield 10.0
            self.after = self.before
            return
        yield 240.0
        folder = machine.registry.get(rf"{BASE}\Setup", "InstallDirectory").rstrip("\\")
        group.set_version(node, R2, level)
        names = footprint.SERVER_FILES if node.kind == "management_server" else footprint.AGENT_FILES
        footprint.write_files(machine, folder, names, R2, level, self.world.clock.utc())
        group.touched()


def msiexec(call, group):
    """The program msiexec.exe."""
    return Installer(call, group).run()
