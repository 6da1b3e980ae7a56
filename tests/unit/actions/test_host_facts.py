# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Facts of one host that not every host has, each read in the same one command."""

from __future__ import annotations

import hashlib

MEDIA = r"C:\Media\SCOM2012"


def facts(bench, host, **arguments):
    """The facts of a host, read in one command."""
    result = bench.run("host_facts", host, media_path=MEDIA, **arguments)
    assert result["reachable"], result
    assert bench.connection.commands == 1
    return result["facts"]


def sha256(text):
    """What a hash of the lab's file is."""
    return hashlib.sha256(text.encode()).hexdigest()


def test_only_files_that_are_asked_for_are_hashed(bench):
    bench.world.machines["MS02"].files.write(MEDIA + r"\Setup\AMD64\Server\OMServer.msi", b"server")
    wanted = ["SETUP.exe", "setup/amd64/server/omserver.msi", r".\nothing\there.msi", ""]
    media = facts(bench, "MS02", media_hashes=wanted)["media"]
    hashes = {name: stat["sha256"] for name, stat in media["files"].items()}
    assert hashes == {
        "setup.exe": sha256("MZsetup.exe"),
        "setup\\amd64\\server\\omserver.msi": sha256("server"),
        "agent\\i386\\MOMAgent.msi": None,
        "agent\\AMD64\\MOMAgent.msi": None,
        "gateway\\AMD64\\MOMGateway.msi": None,
    }
    assert media["present"] is True


def test_a_file_that_cannot_be_looked_at_is_unknown_and_not_absent(bench):
    bench.world.faults.add(host="MS02", operation="file.stat", kind="access_denied", message="Denied.", count=None)
    found = bench.run("host_facts", "MS02", media_path=MEDIA, media_hashes=["setup.exe"])["facts"]
    assert found["media"]["present"] is None and found["media"]["files"] == {}
    assert found["unknown"]["media.setup.exe"] == "Denied."


def test_the_queue_of_each_group_is_read(bench):
    key = r"HKLM\SYSTEM\CurrentControlSet\Services\HealthService\Parameters\Management Groups"
    assert facts(bench, "MS02")["queue_kb"] == {"CONTOSO": 15360}
    assert facts(bench, "WEB01")["queue_kb"] is None
    registry = bench.world.machines["DC01"].registry
    registry.set(key + r"\CONTOSO", "MaximumQueueSizeKB", "DWord", 76800)
    registry.create(key + r"\OTHER")
    assert facts(bench, "DC01")["queue_kb"] == {"CONTOSO": 76800, "OTHER": None}
