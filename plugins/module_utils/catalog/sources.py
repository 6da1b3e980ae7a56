# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the statements of the tables and rules come from, and how far each can be trusted."""

from __future__ import annotations

import re

EVIDENCE: dict[str, str] = {
    "documented": "Microsoft's text for this very upgrade or product",
    "later guide": "Microsoft's text for a later upgrade that descends from the same topic",
    "kb": "Microsoft support article, or reference of a cmdlet or of the SDK",
    "field": "practitioner: book, blog, published script, field report",
    "inferred": "follows from other facts",
    "recalled": "general knowledge, unconfirmed; a setting, never an unconditional rule",
    "measured": "tried",
}

SOURCES: dict[str, tuple[str, str]] = {
    "S1": ("Upgrading from System Center Operations Manager 2007 R2", "TechNet hh476934"),
    "S3": ("Checklist: Distributed Upgrade (Complex)", "TechNet hh241294"),
    "S4": ("Checklist: Distributed Upgrade (Simple)", "TechNet hh241301"),
    "S5": ("Upgrade Tasks for Operations Manager", "TechNet hh205984"),
    "S6": ("Pre-Upgrade Tasks for Operations Manager", "TechNet hh205986"),
    "S7": ("Upgrade Helper Management Pack", "TechNet hh316109"),
    "S8": ("Considerations when Upgrading to System Center 2012 - Operations Manager", "TechNet hh920816"),
    "S9": ("Upgrading a Distributed Operations Manager 2007 R2 Environment", "linked from hh476934"),
    "S10": ("Blog copy of the TechNet checklists", "tetris38.blogspot.com, 2012-05"),
    "S13": ("Notes for AVIcode 5.7 Customers; KB 2606375", "TechNet hh543998"),
    "S14": ("System Center 2012 Operations Manager Unleashed, chapters 2, 3, 5, 6", "book, through a published review"),
    "S15": ("Testing the database upgrade by hand, J. Van Meirvenne", "scug.be, 2014-03-21"),
    "S16": ("Three migration approaches, C. Fuller", "catapultsystems.com"),
    "S17": ("OpsMan 2007 R2 - Collation, Collation, Collation, F. Kelly", "2012-05-07"),
    "S18": ("Cleaning LocalizedText after the upgrade to 2007 R2, A. Verkinderen", "2009-09-14"),
    "S19": ("Later upgrade guide, 2012 R2 to 2016 and on", "MicrosoftDocs/SystemCenterDocs"),
    "S20": ("Cmdlet reference of OperationsManager", "Microsoft"),
    "S21": ("KB 2626752, agents left in pending management", "Microsoft support"),
    "S22": ("KB 2713047, setup error 0x80131604", "Microsoft support"),
    "S23": ("KB 2771907, Reporting fails with 0xffffffff", "Microsoft support"),
    "S24": ("SecureStorageBackup.exe", "book extract, techtarget.com"),
    "S25": ("ManagementServerConfigTool, PromoteRMS", "opsmgrunleashed.wordpress.com; TechNet cc540401"),
    "S26": ("Agent failover with Set-ManagementServer", "learn.microsoft.com bb309564"),
    "S27": ("Decommissioning a gateway", "nocentdocent.wordpress.com, 2009-12-07"),
    "S28": ("Upgrade of a group of 6,200 agents", "Microsoft archive, wincat"),
    "S30": ("Resource-pool quorum", "technet wiki 13920"),
    "S33": ("Leftover product key of the 2007 R2 agent", "blog, 2015-05-01"),
    "S34": ("Walk-through of the SP1 upgrade, J. Van Meirvenne", "scug.be, 2012-12-21"),
    "S35": ("Migrating from SCOM R2 CU5 to OM12, M. Wolf", "thoughtsonopsmgr.blogspot.com, 2012"),
    "S36": ("Removing old management servers, K. Holman", "kevinholman.com, 2016-02-03"),
    "S41": ("File version of CU4", "blog.tyang.org, 2011-05-12"),
    "S42": ("Component sequence of System Center 2012 SP1", "TechNet jj628203"),
    "BDRUMM": ("Get-SCOMGeneralInformation.ps1", "github.com/blakedrumm/SCOM-Scripts-and-SQL"),
}


def cited(text: str) -> list[tuple[str, str, str]]:
    """The sources a citation names: ``"S14, S19a (C14)"`` gives the rows of S14 and S19."""
    found: list[tuple[str, str, str]] = []
    for key in re.findall(r"\bS\d{1,2}(?=[a-z]*\b)|\bBDRUMM\b", text):
        if key in SOURCES and key not in [row[0] for row in found]:
            found.append((key,) + SOURCES[key])
    return found
