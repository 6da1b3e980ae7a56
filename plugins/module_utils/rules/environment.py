# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules about the surroundings: clocks, reboots, certificates, media, accounts, ports, files held open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..catalog import setup
from ..media import ABSENT, DIFFERS, UNKNOWN, UNREAD, judged, needed_by, same
from . import connections, rights
from .engine import (
    BLOCK,
    BREAKS,
    MANUAL,
    NOT_APPLICABLE,
    OUTAGE,
    PASS,
    WARN,
    Context,
    Finding,
    rule,
)
from .unseen import could_be, could_have
from .view import Machine, Row, View, agent_rows, counted, listed, view


@rule(
    "R48",
    "Role services of the web console",
    severity="warn",
    impact=BREAKS,
    outcomes=(PASS, WARN, MANUAL, NOT_APPLICABLE),
    columns=("host", "role service", "finding"),
    remedy="""Add the role services with ServerManager, allow the ASP.NET 4 ISAPI extension, and keep the web console off
        machines with SharePoint.""",
    evidence="field",
    source="product-reference 1.2",
    tags=("web_console", "iis", "software"),
    facts=("hosts[].iis.features", "hosts[].software"),
    setup=("checks", "Software below the minimum is cleared on the prerequisite page (S1); the list is from a script."),
)
def web_features(context: Context) -> list[Finding]:
    """The 2012 web console needs a list of IIS role services that the one of 2007 R2 did not need.

    A web server without any role service is one whose list could not be read.
    """
    rows: list[Row] = []
    unread: list[Row] = []
    asked = False
    for one, roles in view(context).holders:
        if "web_console" not in roles:
            continue
        asked = True
        have = one.get("iis.features")
        if not have:
            unread.append((one.name, "", "role services not read"))
            continue
        names = {str(name).lower() for name in have}
        for feature in setup.IIS_FEATURES:
            if feature.name.startswith("Web-") and not names & {feature.name.lower(), feature.display.lower()}:
                rows.append((one.name, feature.name, "missing"))
        rows.extend((one.name, name, "SharePoint") for name, _version in one.software("sharepoint"))
    unseen = could_be(context, "a web console", 3)
    if not asked:
        return unseen or [Finding(NOT_APPLICABLE, "No machine is to hold a 2012 web console.")]
    findings = []
    if rows:
        hosts = listed(sorted({str(row[0]) for row in rows}))
        findings.append(Finding(WARN, f"{counted(len(rows), 'finding')} about role services on {hosts}.", tuple(rows)))
    if unread:
        text = f"Role services not read on {listed([str(row[0]) for row in unread])}."
        findings.append(Finding(MANUAL, text, tuple(unread)))
    findings += unseen
    return findings or [Finding(PASS, "Every role service of the web console is there.")]


@rule(
    "R64",
    "The clocks agree",
    severity="warn",
    impact=OUTAGE,
    outcomes=(PASS, WARN, MANUAL),
    columns=("host", "seconds off"),
    remedy="Synchronise the host's time; Kerberos refuses a difference of five minutes, and event times mislead.",
    evidence="recalled",
    source="setting clock_skew_seconds",
    tags=("time", "server", "gateway", "agent"),
    facts=("hosts[].clock_skew_seconds",),
    options=("clock_skew_seconds",),
    setup=("not checked", "Setup does not compare clocks."),
)
def clocks(context: Context) -> list[Finding]:
    """Logons between hosts whose clocks differ too much fail, and a backup seems older or newer than it is."""
    most = float(context.settings["clock_skew_seconds"])
    rows: list[Row] = []
    unread: list[str] = []
    for one in view(context).machines:
        if one.facts is None:
            continue
        skew = one.get("clock_skew_seconds")
        if skew is None:
            unread.append(one.name)
        elif abs(skew) > most:
            rows.append((one.name, skew))
    findings = []
    if rows:
        text = f"Clocks off by more than {most:.0f} seconds: {listed([str(row[0]) for row in rows])}."
        findings.append(Finding(WARN, text, tuple(rows)))
    if unread:
        text = f"Clock not read on {listed(unread)}."
        findings.append(Finding(MANUAL, text, tuple((name, "unknown") for name in unread)))
    findings = could_have(context, "a clock that is off", 2, findings)
    return findings or [Finding(PASS, "The clocks agree.")]


@rule(
    "R65",
    "No restart is pending",
    severity="warn",
    impact=BREAKS,
    outcomes=(PASS, WARN, MANUAL),
    columns=("host", "pending restart"),
    remedy="Restart the host in a window of its own before the upgrade.",
    evidence="field",
    source="scripting-reference 2.6",
    tags=("server", "gateway", "database", "reboot"),
    facts=("hosts[].pending_reboot",),
    setup=("unknown", "Whether the prerequisite page of RTM looks for a pending restart is not known."),
)
def pending_reboot(context: Context) -> list[Finding]:
    """Files that wait for a restart are files setup cannot replace."""
    rows: list[Row] = []
    unread: list[str] = []
    for one in view(context).staying:
        if one.facts is None:
            continue
        state = one.get("pending_reboot")
        if state is None:
            unread.append(one.name)
        elif state:
            rows.append((one.name, "yes"))
    findings = []
    if rows:
        findings.append(Finding(WARN, f"A restart is pending on {listed([str(row[0]) for row in rows])}.", tuple(rows)))
    if unread:
        text = f"Whether a restart is pending was not read on {listed(unread)}."
        findings.append(Finding(MANUAL, text, tuple((name, "unknown") for name in unread)))
    findings = could_have(context, "a restart pending", 2, findings)
    return findings or [Finding(PASS, "No restart is pending.")]


@rule(
    "R66",
    "Channel certificates outlast the upgrade",
    severity="warn",
    impact=OUTAGE,
    outcomes=(PASS, WARN, MANUAL, NOT_APPLICABLE),
    columns=("host", "subject", "valid until", "finding"),
    remedy="Renew the certificate, import it with MOMCertImport and restart the health service, before the upgrade.",
    evidence="inferred",
    source="product-reference 4; scripting-reference 5.1",
    tags=("gateway", "agent", "certificate"),
    facts=("hosts[].certificates", "hosts[].channel_certificate_serial"),
    options=("certificate_days",),
    setup=("not checked", "Setup does not look at certificates."),
)
def certificates(context: Context) -> list[Finding]:
    """Gateways and agents outside the domain authenticate by certificate; one that ends in the middle cuts them off."""
    known = view(context)
    days = float(context.settings["certificate_days"])
    rows: list[Row] = []
    unread: list[Row] = []
    asked = False
    for one in known.machines:
        if one.facts is None or not (one.get("channel_certificate_serial") or "gateway" in one.roles):
            continue
        if not one.get("channel_certificate_serial"):
            if one.get("domain_joined") is False:
                asked = True
                rows.append((one.name, "", "", "outside the domain and without a channel certificate"))
            continue
        asked = True
        found = one.get("certificates")
        if not found:
            unread.append((one.name, "", "", "certificates not read"))
            continue
        ends = [(known.hours_left(item.get("not_after")), item) for item in found]
        left = [(hours, item) for hours, item in ends if hours is not None]
        if not left:
            unread.append((one.name, "", "", "end of validity not read"))
            continue
        hours, item = max(left, key=lambda pair: pair[0])
        if hours < days * 24:
            state = "expired" if hours <= 0 else f"{hours / 24:.0f} days left"
            rows.append((one.name, str(item.get("subject")), str(item.get("not_after")), state))
    unseen = could_have(context, "a channel certificate that ends too soon", 4)
    if not asked:
        return unseen or [Finding(NOT_APPLICABLE, "No machine that gave facts authenticates by certificate.")]
    findings = []
    if rows:
        text = f"Certificates that end too soon or are missing: {listed([str(row[0]) for row in rows])}."
        findings.append(Finding(WARN, text, tuple(rows)))
    if unread:
        text = f"Certificates not read on {listed([str(row[0]) for row in unread])}."
        findings.append(Finding(MANUAL, text, tuple(unread)))
    findings += unseen
    return findings or [Finding(PASS, f"Every channel certificate is valid for {days:.0f} days and more.")]


@rule(
    "R67",
    "Nothing holds the program folders open",
    severity="warn",
    impact=OUTAGE,
    outcomes=(PASS, WARN, MANUAL, NOT_APPLICABLE),
    columns=("server", "what", "who or where"),
    remedy="""Close consoles, shells, editors and file shares that use the product's folders on servers and gateways. When
        setup warns with 25453: confirm, stop the health service, rename Health Service State, start it again. Where a
        host was not read, confirm the check in the input confirmed: {R67: {by, when}}.""",
    evidence="field",
    source="S28 (the SP1 hop)",
    tags=("server", "gateway"),
    facts=("hosts[].held_open", "inputs.confirmed"),
    setup=("fails later", "Warning 25453 while files are replaced."),
)
def open_handles(context: Context) -> list[Finding]:
    """Open files below the product's folders made a later upgrade stumble.

    Seen are programs that run from these folders, such as an open console, and files of them that are open over a share.
    What a program from elsewhere holds open there is not seen. It holds for the moment at which the hosts were read.
    """
    known = view(context)
    left = [one for one in known.members if not one.is_2012]
    if known.members and not left:
        return [Finding(NOT_APPLICABLE, "Every server is at 2012.")]
    # A server that leaves is not upgraded; the root management server of a cluster always leaves.
    looked = [one.machine for one in left if one.name not in known.retire and one.machine is not None]
    if known.members and not looked:
        return [Finding(NOT_APPLICABLE, "Every server that is not at 2012 leaves.")]
    if not known.members:
        return [Finding(MANUAL, "No server of the group is known.")]
    rows: list[Row] = []
    unread: list[Row] = []
    for machine in looked:
        held = machine.get("held_open") or {}
        for program in held.get("programs") or ():
            rows.append(
                (machine.name, f"{program.get('name')} (process {program.get('id')})", str(program.get("path")))
            )
        for file in held.get("shares") or ():
            rows.append((machine.name, str(file.get("path")), f"over a share: {file.get('by')}"))
        for part, text in (("programs", "running programs"), ("shares", "files open over shares")):
            if held.get(part) is None:
                why = machine.why if machine.facts is None else machine.unknown.get(f"held_open.{part}")
                unread.append((machine.name, text, f"not read: {why}" if why else "not read"))
    confirmed = known.confirmed("R67")
    findings = []
    if rows:
        names = listed(list(dict.fromkeys(str(row[0]) for row in rows)))
        findings.append(Finding(WARN, f"Something has the program folders open on {names}.", tuple(rows)))
    if unread and not confirmed:
        names = listed(list(dict.fromkeys(str(row[0]) for row in unread)))
        text = f"Nobody has confirmed that the program folders are free, and not all was read on {names}."
        findings.append(Finding(MANUAL, text, tuple(unread)))
    if confirmed and not findings:
        return [Finding(PASS, f"Checked: {confirmed}.")]
    text = (
        f"No program runs from the program folders and no file of them is open over a share on "
        f"{counted(len(looked), 'machine')}; what programs from elsewhere hold open there is not seen."
    )
    return findings or [Finding(PASS, text)]


@rule(
    "R68",
    "The media is there and is what it should be",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, WARN, BLOCK, MANUAL, NOT_APPLICABLE),
    columns=("host", "file", "finding"),
    remedy="""Put the 2012 media at the configured path; a file whose hash differs is replaced from a source you trust, and
        an expected hash that is wrong is corrected in the setting media_hashes.""",
    evidence="inferred",
    source="product-reference 2, 3, 4",
    tags=("media", "server", "gateway"),
    facts=("hosts[].media", "inputs.media_path", "settings.media_hashes"),
    options=("media_hashes",),
    setup=("checks", "An unfit image ends setup with InvalidInstallImage (16)."),
)
def media(context: Context) -> list[Finding]:
    """Every server needs the media; a file that differs from its expected hash must not be run.

    Expected hashes are compared wherever a file is, the agent's packages on hosts of manually installed agents too. An
    absent file is missed where it is needed: the gateway's folder on gateways, all else but the agent's where setup runs.
    """
    known = view(context)
    hashes = context.settings["media_hashes"]
    agents = [(one.name, one.machine) for one in known.agents if one.manual and not one.is_2012 and one.machine]
    if known.members and not known.media_hosts and not (hashes and agents) and not known.group.half_known:
        return [Finding(NOT_APPLICABLE, "Setup has nothing left to do on any machine.")]
    if not context.inputs.get("media_path"):
        return [Finding(WARN, "No media path is configured (input media_path).")]
    found = [*_media_of_servers(known, hashes), *_media_of_agents(agents, hashes)]
    wrong, missing, unread = ([row for state, row in found if state == one] for one in (DIFFERS, ABSENT, UNREAD))
    findings = []
    if wrong:
        text = f"Media differs from its expected hash on {listed(sorted({str(row[0]) for row in wrong}))}."
        findings.append(Finding(BLOCK, text, tuple(wrong)))
    if missing:
        text = f"Media or files of it are missing on {listed(sorted({str(row[0]) for row in missing}))}."
        findings.append(Finding(WARN, text, tuple(missing)))
    if unread:
        text = f"Media not read on {listed(sorted({str(row[0]) for row in unread}))}."
        findings.append(Finding(MANUAL, text, agent_rows(unread)))
    findings = could_have(context, "no media", 3, findings)
    if not findings and not hashes:
        text = "The media is present everywhere; no expected hash is configured (setting media_hashes)."
        return [Finding(MANUAL, text)]
    return findings or [Finding(PASS, "The media is present and matches its hashes.")]


#: What was found of a file, in the words of the media, and the row that says it.
_Seen = Iterator[tuple[str, Row]]


def _media_of_servers(known: View, hashes: Mapping[Any, Any]) -> _Seen:
    """What is wrong with the media of the machines that setup runs on."""
    for one in known.media_hosts:
        present = one.get("media.present")
        if present is None:
            yield UNREAD, (one.name, "", "not read")
        elif not present:
            yield ABSENT, (one.name, str(one.get("media.path") or ""), ABSENT)
        else:
            expected = judged(one.facts, hashes, known.media_roles(one))
            yield from _needed(known, one, {same(file.path) for file in expected})
            yield from ((file.state, (one.name, file.path, file.state)) for file in expected)


def _needed(known: View, machine: Machine, judged_too: set[str]) -> _Seen:
    """The files without which setup does not start, unless the hashes already told of them."""
    told = {same(name) for name in machine.get("media.files") or ()} | judged_too
    for path in known.media_needed(machine):
        if same(path) in told:
            continue
        if UNKNOWN + path in machine.unknown:
            yield UNREAD, (machine.name, path, "not read")
        else:
            yield ABSENT, (machine.name, path, ABSENT)


def _media_of_agents(agents: list[tuple[str, Machine]], hashes: Mapping[Any, Any]) -> _Seen:
    """What is wrong with the packages on hosts of manually installed agents.

    Such a host works with one of the two packages of the agent's folder, so that neither is missed there.
    """
    wanted = {path: value for path, value in hashes.items() if needed_by(path, ("agent",))}
    for name, machine in agents:
        if wanted and machine.get("media.present") is None:
            yield UNREAD, (name, "", "not read")
            continue
        for file in judged(machine.facts, wanted, ("agent",)):
            if file.state != ABSENT:
                yield file.state, (name, file.path, file.state)


@rule(
    "R69",
    "Accounts for the upgrade",
    severity="block",
    impact=BREAKS,
    outcomes=(PASS, WARN, BLOCK, MANUAL, NOT_APPLICABLE),
    columns=("input", "account", "where", "finding"),
    remedy="""Name the accounts in the inputs, let playbooks/probe.yml try them, and give each what the table says it lacks. A
        password that is refused is corrected where it is kept. What cannot be tried is looked up and confirmed in the input
        confirmed: {R69: {by, when}}.""",
    evidence="later guide",
    source="S19b, S19e, S19k (3.3)",
    tags=("account", "inputs", "sql"),
    facts=(
        "inputs.account",
        "inputs.data_access_account",
        "inputs.data_reader_account",
        "inputs.data_writer_account",
        "probes.accounts",
        "probes.sql",
        "group.administrators",
        "inputs.confirmed",
    ),
    options=("probe_hours",),
    setup=("fails later", "Setup asks for accounts; a right that lacks shows when it is used."),
)
def accounts(context: Context) -> list[Finding]:
    """Setup runs as local administrator, Operations Manager administrator and sysadmin, and the services' accounts log on.

    ``playbooks/probe.yml`` tries each log-on with a job on the host and asks SQL Server for the privilege. A log-on that Windows
    refuses would fail in the middle of the upgrade. Who is Operations Manager administrator the group itself says: the account,
    one of its groups, or the local administrators of the root management server.
    """
    known = view(context)
    if known.is_2012:
        return [Finding(NOT_APPLICABLE, "The management group is at 2012 already.")]
    needs = rights.described(known)
    missing = [name for name in needs if not context.inputs.get(name)]
    if missing:
        rows: tuple[Row, ...] = tuple((name, "not named", "", needs[name]) for name in missing)
        return [Finding(WARN, f"Accounts not named: {listed(missing)}.", rows)]
    findings = []
    for outcome, text, found, evidence in (
        (BLOCK, "Accounts that cannot log on: {}.", rights.refused(known), "measured"),
        (BLOCK, "Setup would run without administrator's rights: {}.", rights.powerless(known), None),
        (WARN, "Accounts that lack rights: {}.", rights.lacking(known), None),
    ):
        if found:
            names = listed(sorted({str(row[1]) for row in found}))
            findings.append(Finding(outcome, text.format(names), tuple(found), evidence=evidence))
    confirmed = known.confirmed("R69")
    untried = rights.untried(known)
    if untried and not confirmed:
        tried = known.probed.get("accounts") or known.probed.get("sql")
        text = "Not all rights of the accounts were tried." if tried else "The rights of the accounts were not tried."
        findings.append(Finding(MANUAL, text, tuple(untried)))
    text = f"Rights checked: {confirmed}." if confirmed else "Every account logs on and has its rights."
    return findings or [Finding(PASS, text)]


@rule(
    "R70",
    "Ports between the machines are open",
    severity="manual",
    impact=OUTAGE,
    outcomes=(PASS, WARN, MANUAL, NOT_APPLICABLE),
    columns=("from", "to", "ports", "when", "finding"),
    remedy="""Open the ports for the upgrade (5724 may be closed again afterwards), and let playbooks/probe.yml try them. What it
        cannot try (UDP, the port of a named instance, machines that give no facts) is tried by hand and confirmed in the
        input confirmed: {R70: {by, when}}.""",
    evidence="later guide",
    source="product-reference 9",
    tags=("network", "server", "gateway", "database"),
    facts=("probes.ports", "group.servers[].primary", "group.agents[].available", "inputs.probes", "inputs.confirmed"),
    options=("probe_hours", "probe_agents"),
    setup=("fails later", "Setup needs 5724 to a management server and SQL Server; it fails where they do not answer."),
)
def ports(context: Context) -> list[Finding]:
    """The pairs of this group that have to talk, with their ports, as the machine that connects has tried them.

    ``playbooks/probe.yml`` tries them; an entry of the input ``probes`` (``{from, to, port, open}``) counts before that.
    An agent or a gateway that reports has proven its connection. A push is tried with a few agents of each parent, on TCP 135
    and 445 alone: UDP does not tell whether it is open, and RPC chooses among the high ports anew each time.
    Where nothing listens yet, a refusal shows that the machine answers.
    """
    known = view(context)
    if known.path_kind == "none":
        return [Finding(NOT_APPLICABLE, "Nothing is left to upgrade.")]
    needed = connections.connections(known)
    proven = connections.reporting(known)
    unseen = could_have(context, "connections that nobody knows", 5)
    if not needed and not proven:
        return unseen or [Finding(NOT_APPLICABLE, "No connection of the group is known.")]
    closed: list[Row] = []
    untried: list[Row] = []
    for one in needed:
        tried = [(trial, connections.outcome(known, trial)) for trial in one.trials]
        closed += [
            (one.source, one.target, f"{trial.port}/tcp", one.when, why)
            for trial, why in tried
            if why not in (None, "")
        ]
        if not tried or any(why is None for _trial, why in tried):
            untried.append((one.source, one.target, one.ports, one.when, "not tried"))
    if closed:
        hosts = listed(sorted({f"{row[0]} to {row[1]}" for row in closed}))
        return [Finding(WARN, f"Closed: {hosts}.", (*closed, *untried))]
    confirmed = known.confirmed("R70")
    if untried and not confirmed:
        text = f"Not tried: {len(untried):,} of {counted(len(needed), 'connection')} that the upgrade needs."
        return [Finding(MANUAL, text, tuple(untried))]
    if confirmed:
        return [Finding(PASS, f"Ports checked: {confirmed}.")]
    if unseen:
        return unseen
    if not needed:
        known_by = counted(proven, "agent or gateway reports", "agents and gateways report")
        return [Finding(PASS, f"{known_by}, which proves every connection.")]
    beside = sorted({one.beside for one in needed if one.beside})
    text = f"{counted(len(needed), 'connection')} tried, none is closed."
    return [Finding(PASS, f"{text} Of a push, {beside[0]} is not tried." if beside else text)]


@rule(
    "R83",
    "All management servers name the same databases",
    severity="warn",
    impact=BREAKS,
    outcomes=(PASS, WARN, MANUAL),
    columns=("server", "operational database", "data warehouse"),
    remedy="""Find out which is right and correct the registry of the others; a server that points elsewhere upgrades the
        wrong database or none.""",
    evidence="inferred",
    source="scripting-reference 2.6; S19n",
    tags=("server", "database"),
    facts=("hosts[].opsmgr.database_server", "hosts[].opsmgr.database_name"),
    setup=("fails later", "Setup upgrades the database the registry names."),
)
def same_databases(context: Context) -> list[Finding]:
    """After a move of the databases one server is easily forgotten."""
    rows: list[Row] = []
    unread: list[str] = []
    for one in view(context).role_machines:
        if not set(one.roles) & {"root_management_server", "management_server"}:
            continue
        name = one.get("opsmgr.database_name")
        if not name:
            unread.append(one.name)
            continue
        server = str(one.get("opsmgr.database_server") or "")
        rows.append((one.name, f"{server} {name}", str(one.get("opsmgr.warehouse_name") or "")))
    findings = []
    if len({str(row[1]).lower() for row in rows}) > 1:
        findings.append(Finding(WARN, "The management servers name different databases.", tuple(rows)))
    if unread:
        use = "uses" if len(unread) == 1 else "use"
        text = f"Which databases {listed(unread)} {use} was not read."
        findings.append(Finding(MANUAL, text, tuple((name, "unknown", "") for name in unread)))
    return findings or [Finding(PASS, "All management servers name the same database.")]
