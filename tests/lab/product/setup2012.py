"""Setup.exe of the 2012 media: parses its switches, insists on what the product insists on, and does the work in steps.

Refusals change nothing: -14 unmet prerequisites, -15 command line, -17 nothing to do here, -18 another setup. -1 is a
failure on the way: what was done stays done. A run that is killed leaves its machine half-way, too.
"""

from __future__ import annotations

from tests.lab.world.processes import Result

from . import checks, conversion, footprint
from .checks import Finding
from .names import BASE, PRODUCTS, RTM_2012, SETUP
from .places import parse_source

SUCCESS, FAILED, DIFFERENT, PREREQUISITES, COMMAND_LINE, IMAGE, NOT_VALID, ANOTHER = 0, -1, -13, -14, -15, -16, -17, -18
NAMES = {
    0: "Successful",
    -1: "Failed",
    -13: "DifferentVersionInstalled",
    -14: "FailedPrerequisiteChecks",
    -15: "InvalidCommandLine",
    -16: "InvalidInstallImage",
    -17: "InvalidToInstallOnThisMachine",
    -18: "AnotherSetupRunningOnThisMachine",
    -3010: "SuccessfulNeedReboot",
}

FLAGS = {
    "silent",
    "install",
    "uninstall",
    "upgrade",
    "upgrademanagementgroup",
    "recover",
    "uselocalsystemactionaccount",
    "uselocalsystemdasaccount",
    "webconsoleusessl",
    "accepteddenduserlicenseagreement",
}
VALUES = {
    "installpath",
    "components",
    "managementgroupname",
    "managementserviceport",
    "sqlserverinstance",
    "databasename",
    "dwsqlserverinstance",
    "dwdatabasename",
    "actionaccountuser",
    "actionaccountpassword",
    "dasaccountuser",
    "dasaccountpassword",
    "datareaderuser",
    "datareaderpassword",
    "datawriteruser",
    "datawriterpassword",
    "enableerrorreporting",
    "sendceipreports",
    "usemicrosoftupdate",
    "managementserver",
    "websitename",
    "webconsoleauthorizationmode",
    "srsinstance",
    "sendodrreports",
    "databasesize",
    "dwdatabasesize",
}
EULA = "acceptenduserlicenseagreement"
COMPONENTS = {"omserver": "server", "omconsole": "console", "omwebconsole": "web_console", "omreporting": "reporting"}
FEATURES = ("server", "console", "web_console", "reporting")
DURATIONS = {"console": 240.0, "web_console": 300.0, "reporting": 420.0}


class CommandLineError(Exception):
    """Switches that setup does not take."""


def parse(arguments):
    """{switch in lower case: value or True}. ``/Switch: value`` (a value of its own) is understood too."""
    found, waiting = {}, None
    for argument in arguments:
        if waiting is not None:
            found[waiting], waiting = argument.strip('"'), None
            continue
        if not argument.startswith(("/", "-")):
            raise CommandLineError(f"Invalid command line switches - unexpected '{argument}'.")
        name, colon, value = argument[1:].partition(":")
        name, value = name.lower(), value.strip().strip('"')
        if name == EULA:
            if colon and value not in ("0", "1"):
                raise CommandLineError(f"Invalid value of switch /{name}.")
            found[name] = value != "0"
        elif name in FLAGS and not colon:
            found[name] = True
        elif name in VALUES and colon:
            if value:
                found[name] = value
            else:
                waiting = name
        else:
            raise CommandLineError(f"Invalid command line switches - '{argument.partition(':')[0]}' is not recognized.")
    if waiting is not None:
        raise CommandLineError(f"The switch /{waiting}: needs a value.")
    return found


class Refusal(Exception):
    """Setup ends before it has changed anything."""

    def __init__(self, code, *findings):
        super().__init__(code)
        self.code = code
        self.findings = findings


class Failure(Exception):
    """Setup fails on the way."""

    def __init__(self, key, text):
        super().__init__(text)
        self.finding = Finding(key, text)


class Setup:
    """One run of setup."""

    def __init__(self, call, group):
        self.call = call
        self.machine = call.machine
        self.world = call.machine.world
        self.group = group
        self.options = {}
        self.action = "upgrade"
        self.product = "System Center 2012 - Operations Manager"
        self.before = None
        self.after = None
        self.started = self.world.clock.now()
        self.group_upgrade = False
        self.folder = self.machine.local_app_data(call.user) + r"\SCOM\Logs"
        self.lines = []

    # ---- the log ----------------------------------------------------------------------------------------------

    def log(self, text, level="Info"):
        """A line of OpsMgrSetupWizard.log."""
        stamp = self.world.clock.utc().strftime("%H:%M:%S")
        self.machine.files.append(self.folder + r"\OpsMgrSetupWizard.log", f"[{stamp}]:\t{level}:\t:{text}\r\n")

    # ---- the run ----------------------------------------------------------------------------------------------

    def run(self):
        """The program: a generator of seconds."""
        code, reason = None, "ended from outside"
        try:
            self.log("Setup started: " + self.world.record.blank(self.call.command_line), "Always")
            code, reason = yield from self.guarded()
        finally:
            self.group.setup_running.discard(self.machine.name)
            self.record(code, reason)
        self.log(f"Application Ended: {NAMES.get(code, 'Failed')}", "Always")
        return Result(code)

    def guarded(self):
        try:
            self.read_switches()
            yield 20.0
            steps = self.plan()
            yield 40.0
            yield from steps
        except CommandLineError as error:
            self.log(str(error), "Error")
            return COMMAND_LINE, f"syntax: {error}"
        except Refusal as refusal:
            for finding in refusal.findings:
                self.log(finding.text, "Error")
            return refusal.code, "; ".join(str(f) for f in refusal.findings)
        except Failure as failure:
            self.log(failure.finding.text, "Error")
            return FAILED, str(failure.finding)
        return SUCCESS, None

    def record(self, code, reason):
        seconds = round(self.world.clock.now() - self.started, 1)
        self.machine.record(
            "installer",
            product=self.product,
            action=self.action,
            from_=self.before,
            to=self.after if code == 0 else self.before,
            exit=code,
            reason=reason,
            seconds=seconds,
            command_line=f"setup.exe {self.call.command_line}",
        )
        if self.group_upgrade:
            self.machine.record(
                "group_upgrade",
                from_=self.before,
                to=RTM_2012 if code == 0 else self.group.version,
                exit=code,
                reason=reason,
            )

    def read_switches(self):
        self.options = parse(self.call.arguments)
        actions = [a for a in ("install", "uninstall", "upgrade", "recover") if self.options.get(a)]
        if not self.options.get("silent"):
            raise CommandLineError("Only unattended setup runs here: /silent is missing.")
        if self.options.get("upgrademanagementgroup") and not actions:
            actions = ["upgrade"]
        if len(actions) != 1:
            raise CommandLineError("Invalid command line switches - exactly one action is needed.")
        self.action = actions[0]
        if self.action != "uninstall" and not self.options.get(EULA):
            raise CommandLineError("The license terms were not accepted.")
        if self.action in ("install",) and not self.options.get("components"):
            raise CommandLineError("Invalid command line switches - no components switch found")

    def plan(self):
        """Check everything; answers the steps to take as a generator."""
        if self.another_running():
            raise Refusal(ANOTHER, Finding("another_setup", "Another setup is running on this computer."))
        if self.action == "upgrade":
            return self.plan_upgrade()
        if self.action == "install":
            return self.plan_install()
        if self.action == "uninstall":
            return self.plan_uninstall()
        raise Refusal(NOT_VALID, Finding("recover", "There is nothing to recover on this computer."))

    def another_running(self):
        others = [
            p
            for p in self.machine.processes.list()
            if p.id != self.call.process.id
            and p.name.lower() in ("setup.exe", "msiexec.exe", "adtsetup.exe")
            and p.id not in [c.id for c in self.call.process.children]
            and p.started < self.started
        ]
        return bool(others)

    def refuse(self, *groups, code=PREREQUISITES):
        """Raise with the findings of several checks, if there are any."""
        findings = [f for one in groups for f in one]
        if findings:
            raise Refusal(code, *findings)

    # ---- upgrade ----------------------------------------------------------------------------------------------

    def plan_upgrade(self):
        machine, group = self.machine, self.group
        old = [k for k in FEATURES if footprint.has(machine, k) == "2007"]
        new = [k for k in FEATURES if footprint.has(machine, k) == "2012"]
        node = group.node_of(machine)
        server = node is not None and node.kind == "management_server"
        whole_group = self.options.get("upgrademanagementgroup") or (
            server and node.fqdn == group.root and not group.new
        )
        if footprint.has(machine, "gateway") or footprint.has(machine, "agent"):
            self.log("OM component OMSERVER is not valid to install on this box.", "Error")
            raise Refusal(NOT_VALID, Finding("wrong_program", "An agent or gateway is upgraded with its own package."))
        if whole_group:
            if not server:
                raise Refusal(NOT_VALID, Finding("not_a_server", "There is no management server on this computer."))
            self.group_upgrade = True
            self.before, self.after = group.version, RTM_2012
            if group.new:
                raise Refusal(DIFFERENT, Finding("already_upgraded", "The management group has been upgraded already."))
            return self.plan_group(node, old)
        if not old:
            self.before = self.after = RTM_2012 if new else None
            if new:
                raise Refusal(DIFFERENT, Finding("already_upgraded", "This version is installed already."))
            self.log("OM component OMSERVER is not valid to install on this box.", "Error")
            raise Refusal(
                NOT_VALID,
                Finding("nothing_here", "No feature of Operations Manager 2007 R2 was found on this computer."),
            )
        self.before, self.after = self.installed_version(old), RTM_2012
        self.product = PRODUCTS["server" if "server" in old else old[0]][1]
        self.refuse(checks.administrator(self.call))
        if "server" in old and server:
            return self.plan_server(node, old)
        return self.plan_features(old)

    def installed_version(self, kinds):
        machine = self.machine
        if "server" in kinds:
            return machine.registry.get(SETUP, "ServerVersion")
        return machine.registry.get(SETUP, "UIVersion") or machine.registry.get(SETUP, "CurrentVersion")

    def das(self):
        """The Data Access account of the command line."""
        if self.options.get("uselocalsystemdasaccount"):
            return "LocalSystem"
        user, password = self.options.get("dasaccountuser"), self.options.get("dasaccountpassword")
        if not (user and password):
            raise CommandLineError(
                "The Data Access service account is missing: /UseLocalSystemDASAccount or /DASAccountUser: with "
                "/DASAccountPassword:."
            )
        return user

    def pairs(self, *names):
        """(user, password) of account switches that are given; a user without a password is a command-line error."""
        found = []
        for name in names:
            user, password = self.options.get(name + "user"), self.options.get(name + "password")
            if bool(user) != bool(password):
                raise CommandLineError(f"/{name}User: and /{name}Password: belong together.")
            if user:
                found.append((user, password))
        return found

    def site(self, old):
        """Findings about the web console's site."""
        if "web_console" not in old:
            return []
        return checks.web_site(self.machine, self.options.get("websitename", "Default Web Site"))

    def plan_server(self, node, old):
        """A secondary management server."""
        group, machine = self.group, self.machine
        das = self.das()
        pairs = self.pairs("dasaccount", "datareader", "actionaccount", "datawriter")
        self.refuse(
            checks.operations_account(self.call, group),
            checks.credentials(self.call, pairs),
            checks.platform(machine),
            checks.no_reboot_pending(machine),
            checks.cumulative_update(node),
            checks.no_avicode(machine),
            checks.one_at_a_time(group, machine),
            checks.nothing_pending(group),
            checks.manual_agents(group),
            checks.sql_server(group, group.operational),
            self.site(old),
            self.broken(),
        )
        return self.upgrade_server(node, old, das)

    def broken(self):
        if self.group.converting:
            return [
                Finding(
                    "half_converted",
                    "The operational database is in an unknown state after a failed upgrade. Restore it first.",
                )
            ]
        return []

    def upgrade_server(self, node, old, das):
        group, machine = self.group, self.machine
        group.setup_running.add(machine.name)
        self.log("Upgrading the management server.")
        for name in ("OMCFG", "OMSDK", "HealthService"):
            if footprint.running_service(machine, name):
                machine.services.stop(name, force=True)
        yield 240.0
        self.log("Program files have been copied.")
        yield 360.0
        with group.quiet():
            group.set_version(node, RTM_2012)
            footprint.management_server(machine, group, node, das=das)
            active(machine)
        yield from self.upgrade_features([k for k in old if k != "server"])
        group.offer_updates(node)
        yield 60.0

    def upgrade_features(self, kinds, server=None):
        """Console, web console and reporting of this machine."""
        for kind in kinds:
            yield DURATIONS[kind]
            self.install_feature(kind, server)
            self.log(f"{PRODUCTS[kind][1]} has been upgraded.")

    def install_feature(self, kind, server=None):
        machine, group = self.machine, self.group
        if kind == "console":
            footprint.console(machine, group, RTM_2012)
        elif kind == "web_console":
            footprint.web_console(
                machine,
                group,
                RTM_2012,
                site=self.options.get("websitename", "Default Web Site"),
                server=server or machine.fqdn,
                mode=self.options.get("webconsoleauthorizationmode", "Mixed"),
            )
        elif kind == "reporting":
            key = rf"{BASE}\Reporting"
            footprint.reporting(
                machine,
                group,
                RTM_2012,
                server=server or machine.registry.get(key, "DefaultSDKServiceMachine") or machine.fqdn,
                instance=self.options.get("srsinstance") or machine.registry.get(key, "SRSInstance") or machine.name,
            )

    def plan_features(self, old):
        """Console, web console or reporting on a machine without a management server."""
        group, machine = self.group, self.machine
        server = self.options.get("managementserver")
        findings = [checks.no_reboot_pending(machine), checks.group_first(group), self.site(old)]
        if "web_console" in old or "reporting" in old:
            findings.append(checks.platform(machine, "Web console") if "web_console" in old else [])
        if server:
            findings.append(checks.management_server(group, server))
        if "reporting" in old and group.new:
            named = server or machine.registry.get(rf"{BASE}\Reporting", "DefaultSDKServiceMachine") or ""
            findings += [
                checks.operations_account(self.call, group),
                checks.all_others(group) if len(old) == 1 else self.others_but_here(),
                checks.management_server(group, named) if not server else [],
                self.rs_config(),
            ]
        self.refuse(*findings)
        named = group.node(server).fqdn if server and group.node(server) else None
        return self.upgrade_features(old, named or (group.emulator if "web_console" in old else None))

    def others_but_here(self):
        """Reporting's order, where this very run upgrades the other features of the machine."""
        machine = self.machine
        before = machine.extra.get("retired")
        machine.extra["retired"] = True
        try:
            return checks.all_others(self.group)
        finally:
            machine.extra["retired"] = before

    def rs_config(self):
        """The Reporting Services' configuration names an upgraded management server."""
        import re

        path = footprint.rs_config(self.machine)
        if path is None or not self.machine.files.exists(path):
            return []
        for name in set(re.findall(r"<ServerName>([^<]*)</ServerName>", self.machine.files.read_text(path))):
            if checks.management_server(self.group, name):
                return [
                    Finding(
                        "rsreportserver",
                        f"Setup cannot connect to the reporting server: rsreportserver.config names {name}.",
                    )
                ]
        return []

    # ---- the group --------------------------------------------------------------------------------------------

    def plan_group(self, node, old):
        """The group upgrade, from the RMS or from a secondary."""
        group, machine, call = self.group, self.machine, self.call
        from_root = node.fqdn == group.root
        das = self.das()
        pairs = self.pairs("dasaccount", "datareader", "actionaccount", "datawriter")
        if not self.options.get("datareaderuser"):
            raise CommandLineError("The data reader account is missing: /DataReaderUser: with /DataReaderPassword:.")
        new_place = self.new_warehouse() if group.warehouse is None else None
        findings = [
            checks.administrator(call),
            checks.operations_account(call, group),
            checks.credentials(call, pairs),
            checks.platform(machine),
            checks.no_reboot_pending(machine),
            checks.cumulative_update(node),
            checks.no_avicode(machine),
            checks.one_at_a_time(group, machine),
            checks.nothing_pending(group),
            checks.secondaries(group),
            checks.gateways(group),
            self.site(old),
            self.broken(),
            checks.sql_server(group, group.operational),
        ]
        if group.warehouse is not None:
            findings.append(checks.sql_server(group, group.warehouse))
        else:
            findings.append(conversion.check_new_warehouse(call, group, new_place))
        if from_root and (group.cluster or machine.extra.get("cluster_node_of")):
            findings.append(
                [
                    Finding(
                        "clustered",
                        "A clustered root management server cannot be upgraded. Upgrade the group from a "
                        "secondary management server.",
                    )
                ]
            )
        if not from_root and node.fqdn not in group.key_on:
            findings.append(
                [Finding("encryption_key", "The encryption key of the root management server is not on this computer.")]
            )
        if "reporting" in old and from_root and not self.reporting_here():
            findings.append(self.rs_config_2007())
        self.refuse(*findings)
        self.product = "System Center 2012 - Operations Manager management group"
        group.setup_running.add(machine.name)
        return self.upgrade_group(node, old, das, new_place, from_root)

    def reporting_here(self):
        return True

    def rs_config_2007(self):
        return []

    def new_warehouse(self):
        """Where setup puts the data warehouse that the group lacks."""
        source, name = (
            self.options.get("dwsqlserverinstance"),
            self.options.get("dwdatabasename", "OperationsManagerDW"),
        )
        if not source or not self.options.get("datawriteruser"):
            raise CommandLineError(
                "The management group has no data warehouse: /DWSqlServerInstance:, /DataWriterUser: and "
                "/DataWriterPassword: are needed."
            )
        return parse_source(self.world, source, name)

    def upgrade_group(self, node, old, das, new_place, from_root):
        group, machine = self.group, self.machine
        yield from conversion.convert(self, node, new_place)
        with group.quiet():
            conversion.hand_over(self, node, from_root)
            if not node.new:
                group.set_version(node, RTM_2012)
            footprint.management_server(machine, group, node, das=das)
            for other in group.management_servers:
                if other.machine is not None and other is not node:
                    footprint.management_server(other.machine, group, other, das=None)
            active(machine)
        group.offer_updates(node)
        yield from self.upgrade_features([k for k in old if k != "server"], node.fqdn)
        yield 60.0

    # ---- install and uninstall --------------------------------------------------------------------------------

    def plan_install(self):
        group, machine = self.group, self.machine
        kinds = []
        for name in self.options["components"].split(","):
            if name.strip().lower() not in COMPONENTS:
                raise CommandLineError(f"Invalid command line switches - unknown component {name}.")
            kinds.append(COMPONENTS[name.strip().lower()])
        self.product, self.after = PRODUCTS[kinds[0]][1], RTM_2012
        self.refuse(checks.administrator(self.call), checks.no_reboot_pending(machine))
        for kind in kinds:
            found = footprint.has(machine, kind)
            if found == "2012":
                raise Refusal(DIFFERENT, Finding("already_installed", f"{PRODUCTS[kind][1]} is installed already."))
            if found == "2007":
                raise Refusal(DIFFERENT, Finding("old_version", f"{PRODUCTS[kind][0]} is installed: use /upgrade."))
        if "server" in kinds:
            if group.nodes.get(machine.fqdn) is not None and footprint.has(machine, "agent"):
                raise Refusal(NOT_VALID, Finding("agent", "OM component OMSERVER is not valid to install on this box."))
            das = self.das()
            self.refuse(
                checks.operations_account(self.call, group),
                checks.platform(machine),
                checks.group_first(group),
                self.database_named(),
            )
            return self.install_server(kinds, das)
        self.refuse(
            checks.group_first(group) if "web_console" in kinds or "reporting" in kinds else [], self.site(kinds)
        )
        return self.upgrade_features(kinds, self.options.get("managementserver") or group.emulator)

    def database_named(self):
        place = self.group.operational
        given = (self.options.get("sqlserverinstance", ""), self.options.get("databasename", ""))
        if (
            given[0].lower() not in (place.source.lower(), place.server.lower())
            or given[1].lower() != place.name.lower()
        ):
            return [
                Finding("database", "The operational database named is not the one of an existing management group.")
            ]
        return []

    def install_server(self, kinds, das):
        from .group import Node

        group, machine = self.group, self.machine
        group.setup_running.add(machine.name)
        yield 600.0
        with group.quiet():
            node = group.add(
                Node(
                    machine.name,
                    machine.fqdn,
                    "management_server",
                    RTM_2012,
                    machine=machine,
                    install="setup",
                    domain=machine.fqdn.partition(".")[2],
                    installed=self.world.clock.utc(),
                    modified=self.world.clock.utc(),
                )
            )
            group.role(machine.name, "management_server", "gained")
            footprint.management_server(machine, group, node, das=das)
            active(machine)
        yield from self.upgrade_features([k for k in kinds if k != "server"], node.fqdn)

    def plan_uninstall(self):
        machine = self.machine
        self.refuse(checks.administrator(self.call))
        kinds = [COMPONENTS.get(n.strip().lower()) for n in self.options.get("components", "").split(",") if n.strip()]
        kinds = kinds or [k for k in FEATURES if footprint.has(machine, k) == "2012"]
        if not kinds or None in kinds or any(footprint.has(machine, k) != "2012" for k in kinds):
            raise Refusal(NOT_VALID, Finding("nothing_here", "The features named are not installed."))
        self.before, self.product = RTM_2012, PRODUCTS[kinds[0]][1]
        return self.remove(kinds)

    def remove(self, kinds):
        from .removal import remove_feature

        for kind in kinds:
            yield 120.0
            remove_feature(self.machine, self.group, kind)
        self.after = None


def active(machine):
    """The events a server writes when it works on new configuration."""
    machine.eventlog.write(
        "Operations Manager",
        "OpsMgr Connector",
        "information",
        20021,
        "The health service has obtained a configuration.",
    )
    machine.eventlog.write(
        "Operations Manager", "HealthService", "information", 1210, "New configuration became active."
    )


def setup(call, group):
    """The program setup.exe."""
    return Setup(call, group).run()
