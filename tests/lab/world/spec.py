"""What a machine is built from. `tests.lab.estate` makes these (its `Server` and `Agent` are subclasses)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class OsSpec:
    """`os` of an estate: release (`2003`, `2003 R2`, `2008`, `2008 R2`, `2012`), service pack, architecture."""

    release: str = "2008 R2"
    service_pack: int = 1
    architecture: str = "x64"


@dataclass(frozen=True)
class ClusterSpec:
    """`cluster` of an estate: the virtual server's name and the names of its nodes."""

    virtual_name: str
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class OpenFile:
    """A file that somebody holds open over a network share."""

    path: str
    by: str


@dataclass
class HostSpec:
    """One Windows host: what the world needs to know of it."""

    name: str
    fqdn: str
    domain: str = ""
    os: OsSpec = field(default_factory=OsSpec)
    memory_mb: int = 8192
    free_mb: int = 40960
    processors: int = 2
    powershell: str | None = "2.0"
    winrm: str | None = "2.0"
    domain_joined: bool = True
    certificate: bool = False
    software: dict[str, Any] = field(default_factory=dict)
    cluster: ClusterSpec | None = None
    cluster_node_of: str | None = None
    open_programs: tuple[str, ...] = ()
    open_files: tuple[OpenFile, ...] = ()


@dataclass(frozen=True)
class OperatingSystem:
    """The operating system of a machine, as Windows tells of it."""

    release: str  # "2008 R2"
    service_pack: int
    architecture: str  # x86, x64, ia64
    version: str  # "6.1.7601"
    caption: str  # "Microsoft Windows Server 2008 R2 Enterprise "

    @property
    def build(self) -> str:
        return self.version.rsplit(".", 1)[1]

    @property
    def major_minor(self) -> tuple[int, int]:
        major, minor, _unused = self.version.split(".")
        return int(major), int(minor)

    @property
    def is_2003(self) -> bool:
        return self.major_minor < (6, 0)


_VERSIONS = {
    "2003": ("5.2.3790", {}),
    "2003 R2": ("5.2.3790", {}),
    "2008": ("6.0.6000", {1: "6.0.6001", 2: "6.0.6002"}),
    "2008 R2": ("6.1.7600", {1: "6.1.7601"}),
    "2012": ("6.2.9200", {}),
    "2012 R2": ("6.3.9600", {}),
}


RELEASES = tuple(_VERSIONS)


def operating_system(spec: OsSpec) -> OperatingSystem:
    """What `spec` looks like from inside: version and caption of that release and service pack."""
    base, by_pack = _VERSIONS[spec.release]
    bits = {"x64": " x64", "ia64": " for Itanium-based Systems"}.get(spec.architecture, "")
    if spec.release == "2003":
        caption = f"Microsoft(R) Windows(R) Server 2003{bits}, Enterprise {'x64 ' if bits == ' x64' else ''}Edition"
        caption = caption.replace(" x64, ", ", ")
    elif spec.release == "2003 R2":
        caption = "Microsoft(R) Windows(R) Server 2003 R2, Enterprise " + ("x64 Edition" if bits else "Edition")
    elif spec.release == "2008":
        caption = "Microsoft\u00ae Windows Server\u00ae 2008 Enterprise "
    elif spec.release == "2008 R2":
        caption = "Microsoft Windows Server 2008 R2 Enterprise "
    else:
        caption = f"Microsoft Windows Server {spec.release} Standard"
    return OperatingSystem(
        spec.release, spec.service_pack, spec.architecture, by_pack.get(spec.service_pack, base), caption
    )
