# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ask one Windows host for all its facts in one batch, and put the answers into the shape of docs/snapshot.md (HOST).

Talks, and judges nothing. A fact that could not be read is null, and the reason stands in `unknown`. Private to this
collection; its parts are in the folder `host`.
"""

from __future__ import annotations

from ansible_collections.scom.upgrade.plugins.plugin_utils.host import files, held_open, product, sql, windows
from ansible_collections.scom.upgrade.plugins.plugin_utils.host.answers import Answers, parse_time, serial
from ansible_collections.scom.upgrade.plugins.plugin_utils.host.questions import operation, operations
from ansible_collections.scom.upgrade.plugins.plugin_utils.journal import read_journal


def collect(remote, media_path=None, encryption_key_path=None, connector_services=(), media_hashes=()):
    """Ask a host for its facts: one round trip, and a second only where the product lies in an unusual folder.

    `media_hashes` are relative paths of the media's files whose SHA-256 is wanted. Returns HOST. Errors of the wire pass
    through.
    """
    results = remote.run(operations(media_path, encryption_key_path, media_hashes))
    answers = Answers(results, media_path, encryption_key_path, connector_services, media_hashes, None)
    path = product.needs_second_look(answers)
    if path:
        results = results + remote.run([operation("product_extra", "file.stat", path=path, version=True)])
    return normalise(results, media_path, encryption_key_path, connector_services, media_hashes)


def normalise(results, media_path=None, encryption_key_path=None, connector_services=(), media_hashes=(), now=None):
    """Turn the answers into HOST of docs/snapshot.md.

    `results` are the wire's results by id; `now` is the controller's time (aware datetime, UTC), for the clock skew.
    """
    return _host(Answers(results, media_path, encryption_key_path, connector_services, media_hashes, now))


def _host(answers):
    """HOST, all of it."""
    system = answers.value("system", "name") or {}
    computer = answers.first("computer", "domain")
    domain_joined = computer.get("PartOfDomain")
    name = (system.get("name") or computer.get("Name") or "").upper()
    domain = (computer.get("Domain") or system.get("domain") or "").lower() or None
    facts = {
        "name": name,
        "fqdn": (system.get("fqdn") or (f"{name}.{domain}" if domain else name)).lower(),
        "domain": domain,
        "domain_joined": domain_joined if domain_joined is not None else system.get("domain_joined"),
        "collected": system.get("time"),
        "clock_skew_seconds": _skew(answers, system.get("time")),
        "os": windows.operating_system(answers),
        "memory_mb": windows.memory(answers, computer),
        "processors": computer.get("NumberOfProcessors"),
        "boot_time": answers.first("os").get("LastBootUpTime") or system.get("boot_time"),
        "pending_reboot": windows.pending_reboot(answers),
        "disks": windows.disks(answers),
        "powershell": system.get("powershell"),
        "clr": system.get("clr"),
        "winrm": windows.winrm(answers),
        "dotnet": windows.dotnet(answers),
        "msxml6": answers.exists("msxml6"),
        "windows_installer": (answers.value("msi") or {}).get("version"),
        "services": windows.services(answers),
        "opsmgr": product.opsmgr(answers),
        "held_open": held_open.held_open(answers),
        "queue_kb": product.queue_kb(answers),
        "sql": sql.instances(answers),
        "opsdb": sql.opsdb(answers),
        "software": windows.software(answers),
        "cluster": windows.cluster(answers),
        "iis": windows.iis(answers),
        "certificates": windows.certificates(answers),
        "channel_certificate_serial": serial(answers.registry("machine").get("ChannelCertificateSerialNumber")),
        "media": files.media(answers),
        "encryption_key": files.encryption_key(answers),
        "system_state_backup": answers.registry("state_backup").get("LastSuccessfulBackupTime"),
    }
    facts["journal"] = read_journal(answers.results.get("journal"))
    facts["unknown"] = answers.unknown
    return facts


def _skew(answers, text):
    """Seconds the host's clock is ahead of the controller's; None when the host did not tell the time."""
    told = parse_time(text)
    return None if told is None else round((told - answers.now).total_seconds())
