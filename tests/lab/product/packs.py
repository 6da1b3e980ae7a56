"""The management packs a group has: the product's own, and what 2012's setup brings."""

from __future__ import annotations

from .group import Pack
from .names import R2, RTM_2012

LIBRARIES = """System.Library System.Health.Library System.Performance.Library System.AdminItem.Library
System.ApplicationLog.Library System.BaliTasks.Library System.Snmp.Library System.SyslogSource.Library
System.Software.Library System.Hardware.Library System.NetworkManagement.Library
Microsoft.Windows.Library Microsoft.Windows.Image.Library Microsoft.Windows.Client.Library
Microsoft.Windows.Cluster.Library Microsoft.Windows.Server.Library Microsoft.Windows.Peripheral.Library
Microsoft.SystemCenter.Library Microsoft.SystemCenter.Internal Microsoft.SystemCenter.2007
Microsoft.SystemCenter.Image.Library Microsoft.SystemCenter.Reports.Deployment.Internal
Microsoft.SystemCenter.ClientMonitoring.Library Microsoft.SystemCenter.ClientMonitoring.Internal
Microsoft.SystemCenter.ClientMonitoring.Views.Internal Microsoft.SystemCenter.DataWarehouse.Library
Microsoft.SystemCenter.DataWarehouse.Internal Microsoft.SystemCenter.DataWarehouse.Report.Library
Microsoft.SystemCenter.DataWarehouse.ServiceLevel.Report.Library Microsoft.SystemCenter.InstanceGroup.Library
Microsoft.SystemCenter.NTService.Library Microsoft.SystemCenter.Notifications.Library
Microsoft.SystemCenter.Notifications.Internal Microsoft.SystemCenter.OperationsManager.Library
Microsoft.SystemCenter.OperationsManager.Internal Microsoft.SystemCenter.OperationsManager.2007
Microsoft.SystemCenter.OperationsManager.AM.DR.2007 Microsoft.SystemCenter.OperationsManager.Reports.2007
Microsoft.SystemCenter.OperationsManager.DefaultUser Microsoft.SystemCenter.Process.Library
Microsoft.SystemCenter.ProcessMonitoring.Library Microsoft.SystemCenter.RuleTemplates
Microsoft.SystemCenter.SecureReferenceOverride Microsoft.SystemCenter.ServiceDesigner.Library
Microsoft.SystemCenter.SyntheticTransactions.Library Microsoft.SystemCenter.TaskTemplates
Microsoft.SystemCenter.ACS.Internal Microsoft.SystemCenter.Advisor Microsoft.SystemCenter.ASPNET20.2007
Microsoft.SystemCenter.NetworkDevice.Library Microsoft.SystemCenter.Virtualization.Library
Microsoft.SystemCenter.WebApplication.Library Microsoft.SystemCenter.WSManagement.Library
Microsoft.SystemCenter.UI.Executed.Library Microsoft.SystemCenter.HealthServiceSettings.Library
Microsoft.SystemCenter.HtmlDashboard.Library Microsoft.SystemCenter.ApplicationLog.Library
ODR SystemCenterCore""".split()

NEW_IN_2012 = """Microsoft.SystemCenter.Visualization.Library Microsoft.SystemCenter.Apm.Library
Microsoft.SystemCenter.Apm.Infrastructure Microsoft.SystemCenter.Apm.Wcf Microsoft.SystemCenter.Apm.Web
Microsoft.SystemCenter.NetworkManagement.Library Microsoft.SystemCenter.NetworkManagement.Monitoring
Microsoft.SystemCenter.OperationsManager.SummaryDashboard Microsoft.SystemCenter.Upgrade.Internal
Microsoft.Unix.Library Microsoft.SystemCenter.DataProviders.Library
Microsoft.SystemCenter.OperationsManager.Infra""".split()

UNSEALED = (
    "Microsoft.SystemCenter.OperationsManager.DefaultUser",
    "Microsoft.SystemCenter.SecureReferenceOverride",
    "Microsoft.SystemCenter.Notifications.Internal",
    "SystemCenterCore",
)


def builtin(version=R2):
    """The packs every 2007 R2 group has."""
    return [
        Pack(
            name,
            version,
            sealed=name not in UNSEALED,
            builtin=True,
            display_name=name.replace(".", " "),
            needs=("System.Library",) if name != "System.Library" else (),
        )
        for name in LIBRARIES
    ]


def upgraded(group):
    """What setup imports when the group is upgraded: the own packs in the new build, and the new ones."""
    for pack in list(group.packs):
        if pack.builtin and pack.version != RTM_2012:
            group.import_pack(Pack(pack.name, RTM_2012, pack.sealed, True, pack.display_name, pack.needs, True))
    for name in NEW_IN_2012:
        group.import_pack(Pack(name, RTM_2012, True, True, name.replace(".", " "), ("System.Library",), True))
