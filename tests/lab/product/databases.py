"""The product's databases: tables that show the group as it is, and what is done to them comes back to the group."""

from __future__ import annotations

from tests.lab.sql import Function, Procedure, SqlError, Table
from tests.lab.sql.results import encode

from .group import Pending
from .names import PENDING_NUMBERS, guid

HEALTH_SERVICE_TYPE = "ab4c891f-3359-3fb6-0704-075fbfe36710"
COMMUNICATION = "37848e16-37a2-b81b-daaf-60a5a626be93"
SECONDARY = "54a25e4e-4b5a-4a0b-9a9e-3f1d1c0f5a10"


def attach(database, group):
    """Give a database the tables of its role (after it was made or restored)."""
    makers = {"operational": operational, "warehouse": warehouse, "audit": audit}
    maker = makers.get(database.role)
    if maker:
        maker(database, group)


class PendingWriter:
    """DELETE and INSERT on AgentPendingAction."""

    def __init__(self, group):
        self.group = group

    def deleted(self, row):
        for entry in [p for p in self.group.pending if p.id == str(row["AgentPendingActionId"]).lower()]:
            self.group.drop_pending(entry, "cleared")

    def inserted(self, row):
        kinds = {number: name for name, number in PENDING_NUMBERS.items()}
        self.group.add_pending(
            row["AgentName"], kinds.get(row["PendingActionType"], "ManualApproval"), row["ManagementServerName"], True
        )


class InfoWriter:
    """UPDATE of __MOMManagementGroupInfo__: only the copy of the group's id can be set right."""

    def __init__(self, database):
        self.database = database

    def updated(self, old, new):
        self.database.content["info_id"] = new["ManagementGroupId"]


class HealthServiceWriter:
    """UPDATE of MT_HealthService: the trick that makes manual agents look pushed."""

    def __init__(self, group):
        self.group = group

    def updated(self, old, new):
        node = next((n for n in self.group.nodes.values() if n.id == old["BaseManagedEntityId"]), None)
        if node is not None and old["IsManuallyInstalled"] != new["IsManuallyInstalled"]:
            node.install = "manual" if new["IsManuallyInstalled"] else "push"
            self.group.record("agent", None, name=node.fqdn, install=node.install)


class GlobalSettingsWriter:
    """UPDATE of GlobalSettings: where the data warehouse is."""

    def __init__(self, group):
        self.group = group

    def updated(self, old, new):
        from .places import parse_source

        place = self.group.warehouse
        if new["PropertyName"] == "MainDatabaseServerName":
            self.group.set_place("warehouse", parse_source(self.group.world, new["SettingValue"], place.name))
        elif new["PropertyName"] == "MainDatabaseName":
            self.group.set_place("warehouse", parse_source(self.group.world, place.source, new["SettingValue"]))


class SettingsWriter:
    """UPDATE of PartitionAndGroomingSettings.DaysToKeep."""

    def __init__(self, database):
        self.database = database

    def updated(self, old, new):
        self.database.content.setdefault("grooming", {})[new["ObjectName"]] = new["DaysToKeep"]


GROOMED = (
    "Alert",
    "Event",
    "PerformanceData",
    "StateChangeEvent",
    "MaintenanceModeHistory",
    "AvailabilityHistory",
    "JobStatus",
)


def operational(database, group):
    """The operational database."""
    add = database.add
    content = database.content
    content.setdefault("version", group.version)
    content.setdefault("info_id", group.id)
    content.setdefault("localized_text", 2400)
    content.setdefault("publisher_messages", 1200)

    def revision():
        return (group.revision, repr(sorted(content.items(), key=str)))

    def live(name, cols, source, writer=None, view=False, schema="dbo"):
        add(Table(name, cols, source=source, revision=revision, writer=writer, view=view, schema=schema))

    live(
        "__MOMManagementGroupInfo__",
        "ManagementGroupId:uniqueidentifier ManagementGroupName DBVersion MOMAdminGroup LanguageCode "
        "EnableErrorReports:bit",
        lambda: [
            (
                content["info_id"],
                group.name,
                content["version"],
                r"BUILTIN\Administrators",
                group.language.upper()[:2] + "U",
                0,
            )
        ],
        InfoWriter(database),
    )
    live(
        "MT_ManagementGroup",
        "BaseManagedEntityId:uniqueidentifier ManagementGroupId:uniqueidentifier DisplayName",
        lambda: [(guid("entity", group.name), group.id, group.name)],
    )

    def health_services():
        for n in group.nodes.values():
            yield (
                n.id,
                n.fqdn,
                n.fqdn,
                n.version,
                n.patch_list,
                n.action_account,
                0,
                int(n.is_server),
                int(n.proxying),
                1,
                60,
                n.installed,
                5723,
                104857600,
                int(n.kind == "agent"),
                int(n.kind == "gateway"),
                int(n.kind in ("management_server", "gateway")),
                int(n.install == "manual" and n.kind == "agent"),
                int(n.fqdn in (group.root if not group.new else None, group.emulator)),
            )

    cols = (
        "BaseManagedEntityId:uniqueidentifier DisplayName PrincipalName Version PatchList ActionAccountIdentity "
        "ActiveDirectoryManaged:bit CreateListener:bit ProxyingEnabled:bit HeartbeatEnabled:bit HeartbeatInterval:int "
        "InstallTime:datetime Port:int MaximumQueueSize:int IsAgent:bit IsGateway:bit IsManagementServer:bit "
        "IsManuallyInstalled:bit IsRHS:bit"
    )
    live("MT_HealthService", cols, health_services, HealthServiceWriter(group))
    live("MTV_HealthService", cols, health_services, HealthServiceWriter(group), view=True)
    live(
        "BaseManagedEntity",
        "BaseManagedEntityId:uniqueidentifier BaseManagedTypeId:uniqueidentifier FullName Name DisplayName "
        "IsManaged:bit IsDeleted:bit TimeAdded:datetime LastModified:datetime",
        lambda: [
            (
                n.id,
                HEALTH_SERVICE_TYPE,
                "Microsoft.SystemCenter.HealthService:" + n.fqdn,
                n.fqdn,
                n.fqdn,
                1,
                0,
                n.installed,
                n.modified,
            )
            for n in group.nodes.values()
        ],
    )

    def relationships():
        for n in group.nodes.values():
            primary = group.nodes.get(n.primary)
            if primary is not None:
                yield (guid("rel", n.fqdn), n.id, primary.id, COMMUNICATION, 0, n.modified)
            for fqdn in n.failover:
                if fqdn in group.nodes:
                    yield (guid("rel", n.fqdn, fqdn), n.id, group.nodes[fqdn].id, SECONDARY, 0, n.modified)

    live(
        "Relationship",
        "RelationshipId:uniqueidentifier SourceEntityId:uniqueidentifier TargetEntityId:uniqueidentifier "
        "RelationshipTypeId:uniqueidentifier IsDeleted:bit LastModified:datetime",
        relationships,
    )
    add(
        Function("fn_RelationshipTypeId_HealthServiceCommunication", lambda s: COMMUNICATION),
        Function("fn_ManagedTypeId_MicrosoftSystemCenterHealthServiceCommunication", lambda s: COMMUNICATION),
    )
    live(
        "AgentPendingAction",
        "AgentPendingActionId:uniqueidentifier AgentName ManagementServerName PendingActionType:int "
        "PendingActionData LastModified:datetime",
        lambda: [(p.id, p.agent, p.server, PENDING_NUMBERS.get(p.type, 99), None, p.modified) for p in group.pending],
        PendingWriter(group),
    )
    live(
        "ManagementPack",
        "ManagementPackId:uniqueidentifier MPName MPVersion MPFriendlyName MPIsSealed:bit MPKeyToken "
        "MPLastModified:datetime MPXML",
        lambda: [
            (
                p.id,
                p.name,
                p.version,
                p.display_name or p.name,
                int(p.sealed),
                "31bf3856ad364e35" if p.sealed else None,
                None,
                None,
            )
            for p in group.packs
        ],
    )
    live(
        "ManagementPackView",
        "Id:uniqueidentifier Name FriendlyName DisplayName Version Sealed:bit LastModified:datetime LanguageCode",
        lambda: [
            (p.id, p.name, p.display_name or p.name, p.display_name or p.name, p.version, int(p.sealed), None, "ENU")
            for p in group.packs
        ],
        view=True,
    )
    live(
        "RuleView",
        "Id:uniqueidentifier Name DisplayName Category Enabled:int ManagementPackId:uniqueidentifier LanguageCode",
        lambda: [
            (
                s.id,
                "Subscription" + s.id.replace("-", "_"),
                s.name,
                "Notification",
                4 if s.enabled else 0,
                guid("management pack", "Microsoft.SystemCenter.Notifications.Internal"),
                "ENU",
            )
            for s in group.subscriptions
        ],
        view=True,
    )
    live(
        "PartitionAndGroomingSettings",
        "ObjectName IsPartitioned:bit InsertViewName GroomingSproc DaysToKeep:int "
        "GroomingRunTime:datetime DataGroomedMaxTime:datetime IsInternal:bit",
        lambda: [
            (
                name,
                1,
                name + "View",
                "p_" + name + "Grooming",
                content.get("grooming", {}).get(name, 7),
                encode(group.world.clock.start),
                encode(group.world.clock.start),
                0,
            )
            for name in GROOMED
        ],
        SettingsWriter(database),
    )
    live(
        "InternalJobHistory",
        "InternalJobHistoryId:int Command StatusCode:int TimeStarted:datetime TimeFinished:datetime Comment",
        lambda: [
            (
                i,
                "Exec dbo.p_PartitioningAndGrooming",
                1,
                f"2012-05-{day:02d} 00:00:00.000",
                f"2012-05-{day:02d} 00:04:11.000",
                None,
            )
            for i, day in enumerate(range(6, 13), 1)
        ],
    )
    live(
        "GlobalSettings",
        "GlobalSettingId:uniqueidentifier PropertyName SettingValue",
        lambda: (
            [
                (guid("setting", "dw"), "MainDatabaseServerName", group.warehouse.source),
                (guid("setting", "dwname"), "MainDatabaseName", group.warehouse.name),
            ]
            if group.warehouse
            else []
        ),
        GlobalSettingsWriter(group),
    )
    live(
        "Alert",
        "AlertId:uniqueidentifier AlertName Severity:int ResolutionState:int TimeRaised:datetime",
        lambda: [
            (a.id, a.name, {"Information": 0, "Warning": 1, "Error": 2}[a.severity], a.resolution_state, a.raised)
            for a in group.alerts
        ],
    )
    live(
        "Availability",
        "BaseManagedEntityId:uniqueidentifier IsAvailable:bit ReasonCode:int TimeStarted:datetime",
        lambda: [(n.id, int(n.available), 0 if n.available else 17, n.modified) for n in group.nodes.values()],
    )
    live(
        "UserRole",
        "UserRoleId:uniqueidentifier UserRoleName IsSystem:bit",
        lambda: [(guid("role", r), r, 1) for r in ("OperationsManagerAdministrators", "OperationsManagerOperators")],
    )
    add(Table("SqlPatchVersion", "PatchId:int Version", rows=[(1, content["version"])]))
    add(
        Table(
            "LocalizedText",
            "LTStringId:uniqueidentifier LTValue LTStringType:int ElementName LanguageCode",
            rows=[
                (guid("text", i), f"text {i}", 1 if i % 2 else 2, f"Element{i}", "ENU")
                for i in range(content["localized_text"])
            ],
        ),
        Table(
            "PublisherMessages",
            "MessageId:int MessageStringId:uniqueidentifier PublisherId:int",
            rows=[(i, guid("text", i * 2), i % 7) for i in range(content["publisher_messages"])],
        ),
    )
    add(
        Procedure(
            "p_AgentPendingActionDeleteByIdList",
            "@AgentPendingActionIdList",
            lambda s, v: delete_pending(group, database, s, v),
        ),
        Procedure("p_RemoveManagementPack", "@ManagementPackId", lambda s, v: remove_pack(group, s, v)),
        Procedure("p_PartitioningAndGrooming", "", lambda s, v: 0),
    )
    if content["version"].startswith("7"):
        converted(database, group)


def converted(database, group):
    """What only an upgraded operational database has."""

    def revision():
        return group.revision

    def items():
        for i, name in enumerate(
            (
                "SnapshotSynchronization",
                "DeltaSynchronization",
                "LocalHealthServiceDirtyNotification",
                "GetNextWorkItem",
            ),
            1,
        ):
            for j, node in enumerate(n for n in group.management_servers if n.new):
                yield (i * 100 + j, name, 20, node.fqdn, encode(node.modified), encode(node.modified))

    for table in (
        Table(
            "WorkItem",
            "WorkItemRowId:int WorkItemName WorkItemStateId:int ServerName StartedDateTimeUtc:datetime "
            "CompletedDateTimeUtc:datetime",
            schema="CS",
            source=items,
            revision=revision,
        ),
        Table(
            "Agent",
            "AgentRowId:int AgentId:uniqueidentifier DisplayName",
            schema="CS",
            source=lambda: [(i, n.id, n.fqdn) for i, n in enumerate(group.agents)],
            revision=revision,
        ),
        Table("EntityTransactionLog", "EntityTransactionLogId:bigint TimeAdded:datetime", rows=[]),
        Table("EntityChangeLog", "EntityChangeLogId:bigint EntityTransactionLogId:bigint", rows=[]),
        Table("RelatedEntityChangeLog", "RelatedEntityChangeLogId:bigint EntityTransactionLogId:bigint", rows=[]),
    ):
        if database.find(table.schema, table.name) is None:
            database.add(table)
    if database.find("dbo", "fn_GetEntityChangeLogGroomingWatermark") is None:
        database.add(Function("fn_GetEntityChangeLogGroomingWatermark", lambda s: 0))


def delete_pending(group, database, session, values):
    """KB 2626752: entries by their ids (a list with commas, or one)."""
    text = str(values.get("@agentpendingactionidlist") or "")
    import re

    ids = [i.lower() for i in re.findall(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text)]
    found = [p for p in group.pending if p.id in ids]
    if text and not ids:
        raise SqlError(
            8114,
            "Error converting data type nvarchar to uniqueidentifier.",
            procedure="p_AgentPendingActionDeleteByIdList",
        )
    for entry in found:
        group.drop_pending(entry, "cleared")
    if found:
        session.world_event(f"EXEC p_AgentPendingActionDeleteByIdList {text}", len(found), database)
        session.counted(len(found))
    session.row_count = len(found)
    return 0


def remove_pack(group, session, values):
    """Returns 1 where another pack needs it."""
    wanted = str(values.get("@managementpackid") or "").lower().strip("{}")
    pack = next((p for p in group.packs if p.id == wanted), None)
    if pack is None:
        return 2
    if any(pack.name in p.needs for p in group.packs if p is not pack):
        return 1
    group.remove_pack(pack)
    session.world_event(f"EXEC p_RemoveManagementPack {wanted}", 1)
    return 0


def warehouse(database, group):
    """The data warehouse."""
    database.content.setdefault("version", group.version)
    database.add(
        Table(
            "ManagementGroup",
            "ManagementGroupRowId:int ManagementGroupGuid:uniqueidentifier ManagementGroupDefaultName WriterLoginName",
            source=lambda: [(1, group.id, group.name, group.accounts.get("writer", ""))],
            revision=lambda: group.revision,
        ),
        Table(
            "MemberDatabase",
            "MemberDatabaseRowId:int ServerName DatabaseName",
            source=lambda: [(1, group.warehouse.source if group.warehouse else "", database.name)],
            revision=lambda: group.revision,
        ),
        Table(
            "vMemberDatabase",
            "MemberDatabaseRowId:int ServerName DatabaseName",
            view=True,
            source=lambda: [(1, group.warehouse.source if group.warehouse else "", database.name)],
            revision=lambda: group.revision,
        ),
        Table(
            "StandardDataset",
            "DatasetId:uniqueidentifier SchemaName",
            rows=[(guid("dataset", n), n) for n in ("Alert", "Event", "Perf", "State")],
        ),
        Table(
            "StandardDatasetAggregationHistory",
            "DatasetId:uniqueidentifier DirtyInd:bit LastAggregationDurationSeconds:int",
            rows=[(guid("dataset", "Perf"), 0, 12)],
        ),
        Table("SqlPatchVersion", "PatchId:int Version", rows=[(1, database.content["version"])]),
        Table(
            "MaintenanceSetting",
            "MaintenanceSettingRowId:int LastMaintenanceStartDateTime:datetime",
            rows=[(1, "2012-05-12 17:59:00.000")],
        ),
        *[
            Table(n, "RowId:int", schema=s, rows=[])
            for s, n in (
                ("Alert", "AlertStage"),
                ("Event", "EventStage"),
                ("Perf", "PerformanceStage"),
                ("State", "StateStage"),
                ("dbo", "ManagedEntityStage"),
                ("dbo", "RelationshipStage"),
            )
        ],
    )


class ConfigWriter:
    """UPDATE of dtConfig is the collector's own affair."""


def audit(database, group):
    """The ACS database."""
    content = database.content
    content.setdefault("schema", 6)
    database.add(
        Table(
            "dtConfig",
            "Id:int Comment Value",
            revision=lambda: content["schema"],
            source=lambda: [
                (1, "number of partitions to keep online", "14"),
                (6, "database schema version", str(content["schema"])),
            ],
        ),
        Table(
            "dtMachine",
            "Id:int Description",
            revision=lambda: group.revision,
            source=lambda: [
                (i, n.fqdn)
                for i, n in enumerate(group.agents, 1)
                if n.machine is not None and (s := n.machine.services.get("AdtAgent")) and s.start_mode != "disabled"
            ],
        ),
        Table(
            "dtPartition",
            "PartitionId Status:int PartitionStartTime:datetime",
            rows=[("9b6a_1", 0, "2012-05-12 00:00:00.000")],
        ),
    )


__all__ = ["Pending", "attach", "converted"]
