# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
#
# Carries out a batch of operations on a Windows host, as docs/wire.md describes. Windows PowerShell 2.0 on .NET 2.0.
#
# Three ways in:
#   <nonce> <batch> <source>   a batch (gzip + base64 of JSON); answers with a frame on the output. source is this text itself,
#                              which job.start leaves on the host for the job's runner.
#   job <directory>            the runner of a job, started by its scheduled task.
# Data never becomes script text: arguments are read from JSON and bound. Nothing is written outside the frame.
# Functions answer one value; those of operations answer @{ value; changed }. Refusals are thrown by Deny.

param([string]$Nonce, [string]$Batch, [string]$Source)

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'
$Invariant = [Globalization.CultureInfo]::InvariantCulture
[Threading.Thread]::CurrentThread.CurrentCulture = $Invariant
$Utf8 = New-Object Text.UTF8Encoding($false)

# ---- refusals ------------------------------------------------------------------------------------------------------------

# Throw the refusal of an operation: its kind, its message, and what the kind needs besides.
function Deny([string]$Kind, [string]$Message, $Detail) {
    $refusal = New-Object Exception($Message)
    $refusal.Data['kind'] = $Kind
    if ($null -ne $Detail) {
        $refusal.Data['detail'] = $Detail
    }
    throw $refusal
}

# The exception that tells what happened: PowerShell and .NET wrap the one that matters.
function Get-Cause($Record) {
    $cause = $Record.Exception
    while ($null -ne $cause.InnerException -and -not $cause.Data.Contains('kind')) {
        $type = $cause.GetType().FullName
        $wrapped = $type.StartsWith('System.Management.Automation.') -or $type -eq 'System.Reflection.TargetInvocationException'
        $service = $cause.InnerException.GetType().FullName -eq 'System.ComponentModel.Win32Exception'
        if (-not $wrapped -and -not $service) {
            break
        }
        $cause = $cause.InnerException
    }
    return $cause
}

# The Win32 code that a HRESULT holds; 0 where it holds none. 2147942400 is 0x80070000.
function Get-ResultCode([int64]$Result) {
    $plain = $Result -band 4294967295
    if ($plain -gt 2147942400 -and $plain -lt 2148007936) {
        return $plain - 2147942400
    }
    return 0
}

# The detail of an error with the Win32 code that Windows gave: a text may be in any language.
function Add-Code($Detail, [int64]$Code) {
    if ($Code -gt 0) {
        $Detail['code'] = $Code
    }
    return $Detail
}

# The kind of error of a Win32 code.
function Get-CodeKind([int]$Code) {
    switch ($Code) {
        2 { return 'not_found' }
        3 { return 'not_found' }
        5 { return 'access_denied' }
        53 { return 'not_found' }
        67 { return 'not_found' }
        87 { return 'invalid_argument' }
        123 { return 'invalid_argument' }
        267 { return 'not_found' }
        1052 { return 'invalid_argument' }
        1053 { return 'timeout' }
        1060 { return 'not_found' }
        1326 { return 'access_denied' }
        1332 { return 'not_found' }
    }
    return 'io'
}

# The error of an operation, for whatever was thrown.
function Get-Failure($Record) {
    $cause = Get-Cause $Record
    $kind = 'internal'
    $detail = @{}
    if ($cause.Data.Contains('kind')) {
        $kind = [string]$cause.Data['kind']
        if ($cause.Data.Contains('detail')) {
            $detail = $cause.Data['detail']
        }
    } else {
        $type = $cause.GetType().FullName
        switch -regex ($type) {
            '^System\.(UnauthorizedAccessException|Security\.SecurityException)$' { $kind = 'access_denied' }
            '^System\.IO\.(FileNotFound|DirectoryNotFound|DriveNotFound)Exception$' { $kind = 'not_found' }
            '^System\.IO\.(IO|EndOfStream|PathTooLong|InvalidData)Exception$' { $kind = 'io' }
            '^System\.(Argument|ArgumentNull|ArgumentOutOfRange|Format|Overflow)Exception$' { $kind = 'invalid_argument' }
            '^System\.TimeoutException$' { $kind = 'timeout' }
            '^System\.ComponentModel\.Win32Exception$' { $kind = Get-CodeKind $cause.NativeErrorCode }
            '^System\.Runtime\.InteropServices\.COMException$' { $kind = Get-CodeKind ($cause.ErrorCode -band 0xFFFF) }
        }
    }
    $message = [string]$cause.Message
    if ($kind -eq 'internal') {
        $message = $cause.GetType().FullName + ': ' + $message + ' ' + [string]$Record.InvocationInfo.PositionMessage
    }
    return @{ kind = $kind; message = $message.Trim(); detail = $detail }
}

# ---- JSON ------------------------------------------------------------------------------------------------------------------

# Read JSON: objects become hashtables, lists ArrayLists, numbers Int64, Decimal or Double.
function ConvertFrom-JsonText([string]$Text) {
    $pattern = '"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null'
    $root = New-Object Collections.ArrayList
    $stack = New-Object Collections.Stack
    $here = $root
    $map = $false
    $name = $null
    foreach ($match in [regex]::Matches($Text, $pattern)) {
        $token = $match.Value
        $first = $token.Substring(0, 1)
        if ($first -eq '}' -or $first -eq ']') {
            $here = $stack.Pop()
            $name = $null
            $map = $here -is [Collections.IDictionary]
            continue
        }
        if ($first -eq '"') {
            $value = $token.Substring(1, $token.Length - 2)
            if ($value.IndexOf('\') -ge 0) {
                $value = [regex]::Unescape($value)
            }
            if ($map -and $null -eq $name) {
                $name = $value
                continue
            }
        } elseif ($first -eq '{') {
            $value = @{}
        } elseif ($first -eq '[') {
            $value = New-Object Collections.ArrayList
        } elseif ($token -eq 'true') {
            $value = $true
        } elseif ($token -eq 'false') {
            $value = $false
        } elseif ($token -eq 'null') {
            $value = $null
        } else {
            $value = ConvertFrom-JsonNumber $token
        }
        if ($map) {
            $here[$name] = $value
            $name = $null
        } else {
            [void]$here.Add($value)
        }
        if ($first -eq '{' -or $first -eq '[') {
            $stack.Push($here)
            $here = $value
            $map = $first -eq '{'
        }
    }
    return $root[0]
}

function ConvertFrom-JsonNumber([string]$Token) {
    if ($Token -match '[.eE]') {
        return [double]::Parse($Token, $Invariant)
    }
    [int64]$whole = 0
    if ([int64]::TryParse($Token, [ref]$whole)) {
        return $whole
    }
    return [decimal]::Parse($Token, $Invariant)
}

# Append a value as ASCII JSON. A time is written in UTC; one that does not say its zone is taken for UTC.
function Add-Json([Text.StringBuilder]$To, $Value) {
    if ($null -eq $Value -or $Value -is [DBNull]) {
        [void]$To.Append('null')
    } elseif ($Value -is [string] -or $Value -is [char]) {
        [void]$To.Append((ConvertTo-JsonString ([string]$Value)))
    } elseif ($Value -is [bool]) {
        [void]$To.Append($(if ($Value) { 'true' } else { 'false' }))
    } elseif ($Value -is [enum]) {
        [void]$To.Append((ConvertTo-JsonString $Value.ToString()))
    } elseif ($Value -is [double] -or $Value -is [single]) {
        [void]$To.Append((ConvertTo-JsonNumber ([double]$Value)))
    } elseif ($Value -is [ValueType] -and ($Value -is [decimal] -or $Value.GetType().IsPrimitive)) {
        [void]$To.Append($Value.ToString($Invariant))
    } elseif ($Value -is [DateTime]) {
        [void]$To.Append('"' + (Format-Time $Value) + '"')
    } elseif ($Value -is [byte[]]) {
        [void]$To.Append('"' + [Convert]::ToBase64String($Value) + '"')
    } elseif ($Value -is [Collections.IDictionary]) {
        $separator = '{'
        foreach ($key in @($Value.Keys)) {
            [void]$To.Append($separator + (ConvertTo-JsonString ([string]$key)) + ':')
            Add-Json $To $Value[$key]
            $separator = ','
        }
        [void]$To.Append($(if ($separator -eq '{') { '{}' } else { '}' }))
    } elseif ($Value -is [Collections.IEnumerable]) {
        $separator = '['
        foreach ($item in $Value) {
            [void]$To.Append($separator)
            Add-Json $To $item
            $separator = ','
        }
        [void]$To.Append($(if ($separator -eq '[') { '[]' } else { ']' }))
    } else {
        [void]$To.Append((ConvertTo-JsonString ([string]$Value)))
    }
}

function ConvertTo-JsonText($Value) {
    $text = New-Object Text.StringBuilder
    Add-Json $text $Value
    return $text.ToString()
}

function ConvertTo-JsonString([string]$Text) {
    if ($Text -cmatch '[^ !#-\[\]-~]') {
        $Text = $Text.Replace('\', '\\').Replace('"', '\"').Replace("`r", '\r').Replace("`n", '\n').Replace("`t", '\t')
        if ($Text -cmatch '[^ -~]') {
            $Text = [regex]::Replace($Text, '[^ -~]', { '\u{0:x4}' -f [int][char]$args[0].Value })
        }
    }
    return '"' + $Text + '"'
}

function ConvertTo-JsonNumber([double]$Number) {
    if ([double]::IsNaN($Number) -or [double]::IsInfinity($Number)) {
        return 'null'
    }
    return $Number.ToString('R', $Invariant)
}

# ---- packing ------------------------------------------------------------------------------------------------------------------

function Expand-Packed([string]$Text) {
    $bytes = New-Object IO.MemoryStream(, [Convert]::FromBase64String($Text))
    $zip = New-Object IO.Compression.GZipStream($bytes, [IO.Compression.CompressionMode]::Decompress)
    $reader = New-Object IO.StreamReader($zip, $Utf8)
    return $reader.ReadToEnd()
}

# Print the answer: gzip + base64 in lines of 76 columns between two marker lines. Some lines at a time: over psrp each
# object is a message of its own.
function Write-Frame([string]$Text) {
    $bytes = New-Object IO.MemoryStream
    $zip = New-Object IO.Compression.GZipStream($bytes, [IO.Compression.CompressionMode]::Compress)
    $data = $Utf8.GetBytes($Text)
    $zip.Write($data, 0, $data.Length)
    $zip.Close()
    $packed = [Convert]::ToBase64String($bytes.ToArray(), [Base64FormattingOptions]::InsertLineBreaks)
    Write-Output ('----BEGIN ' + $Nonce)
    $block = 78 * 64
    for ($at = 0; $at -lt $packed.Length; $at += $block) {
        Write-Output ($packed.Substring($at, [Math]::Min($block, $packed.Length - $at)).Trim())
    }
    Write-Output ('----END ' + $Nonce)
}

# ---- arguments -----------------------------------------------------------------------------------------------------------------

function Get-Required($A, [string]$Name) {
    if ($null -eq $A[$Name] -or [string]$A[$Name] -eq '') {
        Deny 'invalid_argument' ('The argument ' + $Name + ' is missing.')
    }
    return [string]$A[$Name]
}

function Get-Number($A, [string]$Name, [int64]$Default) {
    $value = $A[$Name]
    if ($null -eq $value) {
        return $Default
    }
    $fits = $value -is [int64] -or $value -is [double]
    if (-not $fits -or $value -lt 0) {
        Deny 'invalid_argument' ('The argument ' + $Name + ' is not a number.')
    }
    return [int64][Math]::Floor($value)
}

function Get-Choice($A, [string]$Name, [string[]]$Allowed, [string]$Default) {
    $value = [string]$A[$Name]
    if ($value -eq '') {
        $value = $Default
    }
    if ($Allowed -cnotcontains $value) {
        Deny 'invalid_argument' ('The argument ' + $Name + ' must be one of ' + [string]::Join(', ', $Allowed) + '.')
    }
    return $value
}

# The argument `data`: bytes. The comma keeps them together on their way out.
function Get-Content64($A) {
    if ($null -eq $A['data']) {
        Deny 'invalid_argument' 'The argument data is missing.'
    }
    try {
        $bytes = [Convert]::FromBase64String([string]$A['data'])
    } catch {
        Deny 'invalid_argument' 'The argument data is not base64.'
    }
    return , $bytes
}

function Test-Checking($A) {
    return [bool]$A['check']
}

# Environment variables by their names in upper case. Windows Server 2003 has no ProgramData.
function Get-Names {
    $names = @{}
    $all = [Environment]::GetEnvironmentVariables()
    foreach ($key in @($all.Keys)) {
        $names[([string]$key).ToUpperInvariant()] = [string]$all[$key]
    }
    if (-not $names.ContainsKey('PROGRAMDATA') -and $names.ContainsKey('ALLUSERSPROFILE')) {
        $names['PROGRAMDATA'] = $names['ALLUSERSPROFILE']
    }
    return $names
}

# A text with %NAME% replaced; names that do not exist stay as they are. $Over has names that come first.
function Expand-Name([string]$Text, $Over) {
    if ($Text.IndexOf('%') -lt 0) {
        return $Text
    }
    $names = Get-Names
    foreach ($key in @($Over.Keys)) {
        $names[([string]$key).ToUpperInvariant()] = [string]$Over[$key]
    }
    $parts = [regex]::Split($Text, '(%[^%]+%)')
    for ($i = 0; $i -lt $parts.Length; $i++) {
        $name = $parts[$i].Trim('%').ToUpperInvariant()
        if ($parts[$i].StartsWith('%') -and $names.ContainsKey($name)) {
            $parts[$i] = $names[$name]
        }
    }
    return [string]::Join('', $parts)
}

# An absolute path, expanded, without a separator at its end.
function Get-FullPath($A, [string]$Name) {
    $path = (Expand-Name (Get-Required $A $Name) @{}).Replace('/', '\')
    if ($path -notmatch '^([A-Za-z]:\\|\\\\[^\\]+\\[^\\]+)' -or $path -match '[<>"|?*\x00-\x1f]') {
        Deny 'invalid_argument' ('Not an absolute path: ' + $path)
    }
    if ($path.Length -gt 3) {
        $path = $path.TrimEnd('\')
    }
    return $path
}

# ---- times, WMI --------------------------------------------------------------------------------------------------------------------

function Format-Time([DateTime]$Time) {
    if ($Time.Kind -eq [DateTimeKind]::Local) {
        $Time = $Time.ToUniversalTime()
    }
    return $Time.ToString('yyyy-MM-ddTHH:mm:ss', $Invariant) + 'Z'
}

function ConvertFrom-Time([string]$Text) {
    $styles = [Globalization.DateTimeStyles]'AssumeUniversal, AdjustToUniversal'
    return [DateTime]::ParseExact($Text, "yyyy-MM-dd'T'HH:mm:ss'Z'", $Invariant, $styles)
}

# A WMI value: times of DMTF become ISO times.
function ConvertFrom-Wmi($Value) {
    if ($Value -is [Array]) {
        $list = New-Object Collections.ArrayList
        foreach ($item in $Value) {
            [void]$list.Add((ConvertFrom-Wmi $item))
        }
        return , $list
    }
    if ($Value -is [string] -and $Value -match '^(\d{14})\.\d{6}([+-]\d{3})$') {
        $text = $matches[1]
        $offset = [int]$matches[2]
        try {
            $time = [DateTime]::ParseExact($text, 'yyyyMMddHHmmss', $Invariant)
        } catch {
            return $Value
        }
        return $time.AddMinutes(-$offset).ToString('yyyy-MM-ddTHH:mm:ss', $Invariant) + 'Z'
    }
    return $Value
}

# The only instance of a WMI class.
function Get-Instance([string]$Class) {
    return @(Get-WmiObject -Class $Class)[0]
}

# The host's clock, which is the only one that counts.
function Get-Now {
    return ConvertFrom-Wmi (Get-Instance 'Win32_OperatingSystem').LocalDateTime
}

function Get-BootTime {
    return ConvertFrom-Wmi (Get-Instance 'Win32_OperatingSystem').LastBootUpTime
}

function Invoke-WmiQuery($A) {
    $class = Get-Required $A 'class'
    $namespace = [string]$A['namespace']
    if ($namespace -eq '') {
        $namespace = 'root\cimv2'
    }
    $properties = @($A['properties'] | Where-Object { $null -ne $_ })
    if ($properties.Length -eq 0) {
        Deny 'invalid_argument' 'The argument properties is missing.'
    }
    $conditions = @($A['where'] | Where-Object { $null -ne $_ })
    foreach ($word in @($class) + $properties + @($conditions | ForEach-Object { $_['property'] })) {
        if ([string]$word -cnotmatch '^[A-Za-z_][A-Za-z0-9_]*$') {
            Deny 'invalid_argument' ('Not a name of WMI: ' + $word)
        }
    }
    # WQL has no parameters: names were checked above, and values are escaped as WQL wants it.
    $query = 'SELECT * FROM ' + $class
    $glue = ' WHERE '
    foreach ($condition in $conditions) {
        $query += $glue + $condition['property'] + ' = ' + (ConvertTo-Wql $condition['value'])
        $glue = ' AND '
    }
    $rows = New-Object Collections.ArrayList
    try {
        $found = @(Get-WmiObject -Namespace $namespace -Query $query)
    } catch {
        $cause = Get-Cause $_
        $code = [string]$cause.ErrorCode
        if ($code -match 'InvalidClass|InvalidNamespace|NotFound' -or $cause.Message -match 'Invalid (class|namespace)|Not found') {
            Deny 'not_found' ('WMI has no class ' + $class + ' in ' + $namespace + '.')
        }
        if ($code -eq 'AccessDenied') {
            Deny 'access_denied' ([string]$cause.Message).Trim()
        }
        Deny 'io' ([string]$cause.Message).Trim()
    }
    foreach ($instance in $found) {
        $row = @{}
        foreach ($property in $properties) {
            $row[$property] = ConvertFrom-Wmi $instance.$property
        }
        [void]$rows.Add($row)
    }
    return @{ value = @{ rows = $rows }; changed = $false }
}

function ConvertTo-Wql($Value) {
    if ($Value -is [bool]) {
        return $(if ($Value) { 'TRUE' } else { 'FALSE' })
    }
    if ($Value -is [int64]) {
        return $Value.ToString($Invariant)
    }
    return "'" + ([string]$Value).Replace('\', '\\').Replace("'", "\'") + "'"
}

# ---- the machine -----------------------------------------------------------------------------------------------------------------------

function Invoke-SystemInfo($A) {
    $os = Get-Instance 'Win32_OperatingSystem'
    $computer = Get-Instance 'Win32_ComputerSystem'
    $names = Get-Names
    $tcp = Get-RegistryValues 'HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters'
    $joined = [bool]$computer.PartOfDomain
    $fqdn = $names['COMPUTERNAME']
    if ($tcp.ContainsKey('Hostname')) {
        $fqdn = $tcp['Hostname']['data']
    }
    $suffix = ''
    foreach ($value in 'Domain', 'NV Domain') {
        if ($tcp.ContainsKey($value) -and $suffix -eq '') {
            $suffix = [string]$tcp[$value]['data']
        }
    }
    if ($suffix -eq '' -and $joined) {
        $suffix = [string]$computer.Domain
    }
    if ($suffix -ne '') {
        $fqdn += '.' + $suffix
    }
    $environment = @{}
    foreach ($name in 'ProgramFiles', 'ProgramData', 'SystemRoot', 'SystemDrive', 'TEMP') {
        $environment[$name] = $names[$name.ToUpperInvariant()]
    }
    $clr = $PSVersionTable['CLRVersion']
    $value = @{
        name = $names['COMPUTERNAME']
        domain = $(if ($joined) { [string]$computer.Domain } else { $null })
        domain_joined = $joined
        fqdn = $fqdn
        time = ConvertFrom-Wmi $os.LocalDateTime
        boot_time = ConvertFrom-Wmi $os.LastBootUpTime
        powershell = $PSVersionTable['PSVersion'].ToString(2)
        clr = $(if ($null -ne $clr) { $clr.ToString(2) } else { $null })
        bitness = $(if ($names['PROCESSOR_ARCHITECTURE'] -eq 'x86') { 32 } else { 64 })
        user = [Environment]::UserDomainName + '\' + [Environment]::UserName
        os_version = [string]$os.Version
        environment = $environment
    }
    return @{ value = $value; changed = $false }
}

# shutdown.exe waits, so that this answer can leave before the machine goes down.
function Invoke-Reboot($A) {
    $delay = Get-Number $A 'delay' 5
    $before = Get-BootTime
    if (-not (Test-Checking $A)) {
        $arguments = @('/r', '/t', [string]$delay, '/d', 'p:4:1')
        if ([string]$A['reason'] -ne '') {
            $arguments += @('/c', [string]$A['reason'])
        }
        $done = Invoke-Program (Expand-Name '%SystemRoot%\System32\shutdown.exe' @{}) (Join-Arguments $arguments) '' '' 60
        if ($done['rc'] -ne 0) {
            Deny 'io' ('shutdown.exe ended with ' + $done['rc'] + ': ' + ($done['stdout'] + $done['stderr']).Trim())
        }
    }
    return @{ value = @{ boot_time = $before }; changed = $true }
}

# ---- registry --------------------------------------------------------------------------------------------------------------------------

# (hive, path below it) of a key's name.
function Split-Key([string]$Key) {
    $parts = $Key.TrimEnd('\').Split([char[]]'\', 2)
    $hive = $null
    switch ($parts[0].ToUpperInvariant()) {
        'HKLM' { $hive = [Microsoft.Win32.Registry]::LocalMachine }
        'HKEY_LOCAL_MACHINE' { $hive = [Microsoft.Win32.Registry]::LocalMachine }
        'HKU' { $hive = [Microsoft.Win32.Registry]::Users }
        'HKEY_USERS' { $hive = [Microsoft.Win32.Registry]::Users }
        'HKCR' { $hive = [Microsoft.Win32.Registry]::ClassesRoot }
        'HKEY_CLASSES_ROOT' { $hive = [Microsoft.Win32.Registry]::ClassesRoot }
        'HKCU' { $hive = [Microsoft.Win32.Registry]::CurrentUser }
        'HKEY_CURRENT_USER' { $hive = [Microsoft.Win32.Registry]::CurrentUser }
        'HKCC' { $hive = [Microsoft.Win32.Registry]::CurrentConfig }
        'HKEY_CURRENT_CONFIG' { $hive = [Microsoft.Win32.Registry]::CurrentConfig }
    }
    if ($null -eq $hive) {
        Deny 'invalid_argument' ('Not a registry key: ' + $Key)
    }
    $path = ''
    if ($parts.Length -gt 1) {
        $path = $parts[1]
    }
    return @{ hive = $hive; path = $path }
}

function Open-Key([string]$Key, [bool]$Writable) {
    $at = Split-Key $Key
    if ($at['path'] -eq '') {
        return $at['hive']
    }
    return $at['hive'].OpenSubKey($at['path'], $Writable)
}

# One value as the wire has it. Numbers are unsigned there and signed in .NET.
function Read-RegistryValue($Open, [string]$Name) {
    $kind = $Open.GetValueKind($Name).ToString()
    $data = $Open.GetValue($Name, $null, [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames)
    if ($kind -eq 'DWord') {
        $data = [int64]$data
        if ($data -lt 0) {
            $data += 4294967296
        }
    } elseif ($kind -eq 'QWord') {
        $data = [decimal]$data
        if ($data -lt 0) {
            $data += 18446744073709551616
        }
    } elseif ($kind -eq 'MultiString') {
        $data = New-Object Collections.ArrayList(, [string[]]$data)
    } elseif ($kind -ne 'String' -and $kind -ne 'ExpandString') {
        $kind = 'Binary'
        $data = $(if ($data -is [byte[]]) { [Convert]::ToBase64String($data) } else { '' })
    }
    return @{ kind = $kind; data = $data }
}

# The values of a key by name; empty when there is no such key.
function Get-RegistryValues([string]$Key) {
    $values = @{}
    $open = Open-Key $Key $false
    if ($null -ne $open) {
        foreach ($name in $open.GetValueNames()) {
            $values[$name] = Read-RegistryValue $open $name
        }
        $open.Close()
    }
    return $values
}

function Read-Key($Open, [int64]$Depth) {
    $values = @{}
    foreach ($name in $Open.GetValueNames()) {
        $values[$name] = Read-RegistryValue $Open $name
    }
    $subkeys = @{}
    foreach ($name in $Open.GetSubKeyNames()) {
        $subkeys[$name] = @{}
        if ($Depth -gt 0) {
            try {
                $child = $Open.OpenSubKey($name)
                if ($null -ne $child) {
                    $subkeys[$name] = Read-Key $child ($Depth - 1)
                    $child.Close()
                }
            } catch [Security.SecurityException] {
                # A part that nobody may read stays empty; what was asked for is the rest.
                $subkeys[$name] = @{}
            }
        }
    }
    return @{ values = $values; subkeys = $subkeys }
}

function Invoke-RegistryRead($A) {
    $key = Get-Required $A 'key'
    $depth = Get-Number $A 'depth' 0
    $open = Open-Key $key $false
    if ($null -eq $open) {
        return @{ value = @{ exists = $false; values = @{}; subkeys = @{} }; changed = $false }
    }
    $value = Read-Key $open $depth
    $value['exists'] = $true
    return @{ value = $value; changed = $false }
}

# A value as the wire has it, or nothing.
function Find-RegistryValue([string]$Key, [string]$Name) {
    $open = Open-Key $Key $false
    if ($null -eq $open) {
        return $null
    }
    foreach ($known in $open.GetValueNames()) {
        if ($known -eq $Name) {
            return Read-RegistryValue $open $known
        }
    }
    return $null
}

# The argument `data` in the form that its kind stores.
function Get-RegistryData($A, [string]$Kind) {
    $data = $A['data']
    $fits = $false
    switch ($Kind) {
        'Binary' { return , (Get-Content64 $A) }
        'DWord' {
            if ($data -is [int64] -and $data -ge 0 -and $data -le 4294967295) {
                return [BitConverter]::ToInt32([BitConverter]::GetBytes([uint32]$data), 0)
            }
        }
        'QWord' {
            if (($data -is [int64] -or $data -is [decimal]) -and $data -ge 0 -and $data -le 18446744073709551615) {
                return [BitConverter]::ToInt64([BitConverter]::GetBytes([uint64]$data), 0)
            }
        }
        'MultiString' {
            $fits = $data -is [Collections.ArrayList]
            if ($fits) {
                foreach ($item in $data) {
                    $fits = $fits -and $item -is [string]
                }
            }
            if ($fits) {
                return , [string[]]$data.ToArray([string])
            }
        }
        default {
            if ($data -is [string]) {
                return $data
            }
        }
    }
    Deny 'invalid_argument' ('The argument data does not fit the kind ' + $Kind + '.')
}

function Invoke-RegistryWrite($A) {
    $key = Get-Required $A 'key'
    $at = Split-Key $key
    $name = [string]$A['name']
    $kind = Get-Choice $A 'kind' @('String', 'ExpandString', 'DWord', 'QWord', 'MultiString', 'Binary') 'String'
    $data = Get-RegistryData $A $kind
    $before = Find-RegistryValue $key $name
    $changed = $true
    if ($null -ne $before -and $before['kind'] -eq $kind) {
        $changed = (ConvertTo-JsonText $before['data']) -cne (ConvertTo-JsonText $A['data'])
    }
    if ($changed -and -not (Test-Checking $A)) {
        $open = $at['hive'].CreateSubKey($at['path'])
        $open.SetValue($name, $data, [Microsoft.Win32.RegistryValueKind]$kind)
        $open.Close()
    }
    return @{ value = @{ before = $before }; changed = $changed }
}

function Invoke-RegistryDelete($A) {
    $key = Get-Required $A 'key'
    $at = Split-Key $key
    if ($null -ne $A['name']) {
        $existed = $null -ne (Find-RegistryValue $key ([string]$A['name']))
        if ($existed -and -not (Test-Checking $A)) {
            $open = Open-Key $key $true
            $open.DeleteValue([string]$A['name'])
            $open.Close()
        }
    } else {
        if ($at['path'] -eq '') {
            Deny 'invalid_argument' ('A whole hive is not deleted: ' + $key)
        }
        $existed = $null -ne (Open-Key $key $false)
        if ($existed -and -not (Test-Checking $A)) {
            $at['hive'].DeleteSubKeyTree($at['path'])
        }
    }
    return @{ value = @{ existed = $existed }; changed = $existed }
}

# ---- services ---------------------------------------------------------------------------------------------------------------------------

function Invoke-ServiceList($A) {
    $services = @{}
    $all = @{}
    foreach ($service in @(Get-WmiObject -Class 'Win32_Service')) {
        $all[[string]$service.Name] = @{
            display_name = [string]$service.DisplayName
            state = ([string]$service.State).ToLowerInvariant().Replace(' ', '_')
            start_mode = ([string]$service.StartMode).ToLowerInvariant()
            account = [string]$service.StartName
            path = [string]$service.PathName
        }
    }
    if ($null -eq $A['names']) {
        $services = $all
    } else {
        foreach ($name in $A['names']) {
            if ($all.ContainsKey([string]$name)) {
                $services[[string]$name] = $all[[string]$name]
            }
        }
    }
    return @{ value = @{ services = $services }; changed = $false }
}

# {state, start_mode} of a service, or nothing. The name needs no quoting: it is compared, not spliced.
function Get-ServiceState([string]$Name) {
    foreach ($service in @(Get-WmiObject -Class 'Win32_Service')) {
        if ([string]$service.Name -eq $Name) {
            return @{
                name = [string]$service.Name
                state = ([string]$service.State).ToLowerInvariant().Replace(' ', '_')
                start_mode = ([string]$service.StartMode).ToLowerInvariant()
            }
        }
    }
    return $null
}

function Get-Controller([string]$Name) {
    return @(Get-Service -Name $Name)[0]
}

# What depends on a service and runs, in the order in which it is started again.
function Get-RunningDependents($Controller) {
    $found = @()
    foreach ($other in @($Controller.DependentServices | Where-Object { $null -ne $_ })) {
        if ([string]$other.Status -eq 'Running') {
            foreach ($name in @($other.ServiceName) + @(Get-RunningDependents (Get-Controller $other.ServiceName))) {
                if ($found -notcontains $name) {
                    $found += $name
                }
            }
        }
    }
    return $found
}

function Wait-ServiceState([string]$Name, [string]$State, [int64]$Seconds) {
    $controller = Get-Controller $Name
    for ($waited = 0; $waited -le $Seconds * 1000; $waited += 250) {
        $controller.Refresh()
        if ([string]$controller.Status -eq $State) {
            return
        }
        Start-Sleep -Milliseconds 250
    }
    $now = (Get-ServiceState $Name)['state']
    Deny 'timeout' ('The service ' + $Name + ' is ' + $now + ' after ' + $Seconds + ' seconds, not ' + $State.ToLowerInvariant() + '.')
}

# Stop a service, and what depends on it before.
function Stop-WithDependents([string]$Name, [int64]$Seconds) {
    $controller = Get-Controller $Name
    foreach ($other in @(Get-RunningDependents $controller)) {
        Stop-WithDependents $other $Seconds
    }
    $controller.Refresh()
    if ([string]$controller.Status -ne 'Stopped') {
        $controller.Stop()
        Wait-ServiceState $Name 'Stopped' $Seconds
    }
}

function Start-AndWait([string]$Name, [int64]$Seconds) {
    $controller = Get-Controller $Name
    if ([string]$controller.Status -ne 'Running') {
        $controller.Start()
        Wait-ServiceState $Name 'Running' $Seconds
    }
}

function Invoke-ServiceSet($A) {
    $name = Get-Required $A 'name'
    $state = ''
    $mode = ''
    if ([string]$A['state'] -ne '') {
        $state = Get-Choice $A 'state' @('running', 'stopped', 'restarted') ''
    }
    if ([string]$A['start_mode'] -ne '') {
        $mode = Get-Choice $A 'start_mode' @('auto', 'manual', 'disabled') ''
    }
    $timeout = Get-Number $A 'timeout' 120
    $before = Get-ServiceState $name
    if ($null -eq $before) {
        Deny 'not_found' ('There is no service ' + $name + '.')
    }
    $name = $before['name']
    $before.Remove('name')
    $after = @{ state = $before['state']; start_mode = $before['start_mode'] }
    switch ($state) {
        'running' { $after['state'] = 'running' }
        'restarted' { $after['state'] = 'running' }
        'stopped' { $after['state'] = 'stopped' }
    }
    if ($mode -ne '') {
        $after['start_mode'] = $mode
    }
    $changed = $state -eq 'restarted' -or $after['state'] -ne $before['state'] -or $after['start_mode'] -ne $before['start_mode']
    if (Test-Checking $A) {
        return @{ value = @{ before = $before; after = $after }; changed = $changed }
    }
    if ($after['start_mode'] -ne $before['start_mode']) {
        $types = @{ auto = 'Automatic'; manual = 'Manual'; disabled = 'Disabled' }
        Set-Service -Name $name -StartupType $types[$mode]
    }
    try {
        $dependents = @()
        if ($state -eq 'restarted') {
            $dependents = @(Get-RunningDependents (Get-Controller $name))
        }
        if ($state -eq 'stopped' -or $state -eq 'restarted') {
            Stop-WithDependents $name $timeout
        }
        if ($state -eq 'running' -or $state -eq 'restarted') {
            foreach ($one in @($name) + $dependents) {
                Start-AndWait $one $timeout
            }
        }
    } catch {
        $failure = Get-Failure $_
        if ($failure['kind'] -eq 'timeout' -and $failure['message'].StartsWith('The service ')) {
            throw
        }
        $verb = $(if ($state -eq 'stopped') { 'stopped' } else { 'started' })
        Deny $failure['kind'] ('The service ' + $name + ' cannot be ' + $verb + ': ' + $failure['message'])
    }
    $now = Get-ServiceState $name
    $now.Remove('name')
    return @{ value = @{ before = $before; after = $now }; changed = $changed }
}

# ---- files --------------------------------------------------------------------------------------------------------------------------------

# 'file', 'directory' or '' for what is at a path. Told apart by its attributes, because Exists hides a refusal.
function Get-PathKind([string]$Path) {
    try {
        $attributes = [IO.File]::GetAttributes($Path)
    } catch {
        $cause = Get-Cause $_
        if ($cause -is [IO.FileNotFoundException] -or $cause -is [IO.DirectoryNotFoundException]) {
            return ''
        }
        Deny-File $_ $Path
    }
    if ($attributes -band [IO.FileAttributes]::Directory) {
        return 'directory'
    }
    return 'file'
}

# Throw the refusal of something done to a file.
function Deny-File($Record, [string]$Path) {
    $failure = Get-Failure $Record
    if ($failure['kind'] -eq 'access_denied') {
        Deny 'access_denied' ('Access to ' + $Path + ' is denied.')
    }
    if ($failure['kind'] -eq 'not_found') {
        Deny 'not_found' ('There is no ' + $Path + '.')
    }
    Deny $failure['kind'] $failure['message'] $failure['detail']
}

# Open a file for reading although others may be writing or deleting it.
function Open-Shared([string]$Path) {
    $share = [IO.FileShare]'ReadWrite, Delete'
    try {
        return New-Object IO.FileStream($Path, [IO.FileMode]::Open, [IO.FileAccess]::Read, $share)
    } catch {
        Deny-File $_ $Path
    }
}

function Read-Bytes($Stream, [int64]$Offset, [int64]$Length) {
    [void]$Stream.Seek($Offset, [IO.SeekOrigin]::Begin)
    $wanted = [int][Math]::Max(0, [Math]::Min($Length, $Stream.Length - $Offset))
    $buffer = New-Object byte[] $wanted
    $read = 0
    while ($read -lt $wanted) {
        $got = $Stream.Read($buffer, $read, $wanted - $read)
        if ($got -le 0) {
            break
        }
        $read += $got
    }
    if ($read -lt $wanted) {
        $short = New-Object byte[] $read
        [Array]::Copy($buffer, $short, $read)
        return , $short
    }
    return , $buffer
}

function Get-FileHashText([string]$Path, [string]$Algorithm) {
    switch ($Algorithm) {
        'md5' { $hasher = New-Object Security.Cryptography.MD5CryptoServiceProvider }
        'sha1' { $hasher = New-Object Security.Cryptography.SHA1Managed }
        'sha256' { $hasher = New-Object Security.Cryptography.SHA256Managed }
    }
    $stream = Open-Shared $Path
    try {
        $hash = $hasher.ComputeHash($stream)
    } finally {
        $stream.Close()
    }
    return [BitConverter]::ToString($hash).Replace('-', '').ToLowerInvariant()
}

# The number in a version text: '6.1.7221.0 (x)' is 6.1.7221.0.
function Get-PlainVersion([string]$Text) {
    if ($Text -match '^\s*(\d+(?:[.,]\s*\d+){1,3})') {
        return [regex]::Replace($matches[1], '[,.]\s*', '.')
    }
    return $null
}

function Invoke-FileStat($A) {
    $path = Get-FullPath $A 'path'
    $algorithm = ''
    if ([string]$A['hash'] -ne '') {
        $algorithm = Get-Choice $A 'hash' @('md5', 'sha1', 'sha256') ''
    }
    $value = @{
        exists = $false; directory = $false; size = $null; modified = $null; version = $null; product_version = $null; hash = $null
    }
    $kind = Get-PathKind $path
    if ($kind -ne '') {
        $value['exists'] = $true
        $value['directory'] = $kind -eq 'directory'
        $value['modified'] = [IO.File]::GetLastWriteTimeUtc($path)
    }
    if ($kind -eq 'file') {
        $value['size'] = (New-Object IO.FileInfo($path)).Length
        if ([bool]$A['version']) {
            $version = [Diagnostics.FileVersionInfo]::GetVersionInfo($path)
            $value['version'] = Get-PlainVersion $version.FileVersion
            $value['product_version'] = Get-PlainVersion $version.ProductVersion
        }
        if ($algorithm -ne '') {
            $value['hash'] = Get-FileHashText $path $algorithm
        }
    }
    return @{ value = $value; changed = $false }
}

# Append what a folder holds, folder by folder. Links are not followed; what may not be read below the first is left out.
function Add-Entries($To, [string]$Folder, [regex]$Pattern, [bool]$Recurse, [bool]$First) {
    try {
        $paths = [IO.Directory]::GetFileSystemEntries($Folder)
    } catch {
        if ($First) {
            Deny-File $_ $Folder
        }
        return
    }
    foreach ($path in $paths) {
        $attributes = [IO.File]::GetAttributes($path)
        $directory = [bool]($attributes -band [IO.FileAttributes]::Directory)
        $name = [IO.Path]::GetFileName($path)
        if ($Pattern.IsMatch($name)) {
            $item = @{ path = $path; name = $name; directory = $directory; size = $null; modified = [IO.File]::GetLastWriteTimeUtc($path) }
            if (-not $directory) {
                $item['size'] = (New-Object IO.FileInfo($path)).Length
            }
            [void]$To.Add($item)
        }
        if ($Recurse -and $directory -and -not ($attributes -band [IO.FileAttributes]::ReparsePoint)) {
            Add-Entries $To $path $Pattern $true $false
        }
    }
}

# The regular expression of a pattern with * and ?.
function ConvertTo-Pattern([string]$Pattern) {
    $text = [regex]::Escape($Pattern).Replace('\*', '.*').Replace('\?', '.')
    return New-Object Text.RegularExpressions.Regex(('^' + $text + '$'), [Text.RegularExpressions.RegexOptions]'IgnoreCase, CultureInvariant')
}

# What a folder holds, in the order of the names.
function Get-Entries([string]$Folder, [string]$Pattern, [bool]$Recurse) {
    $list = New-Object Collections.ArrayList
    Add-Entries $list $Folder (ConvertTo-Pattern $Pattern) $Recurse $true
    $keys = New-Object Collections.ArrayList
    $byKey = @{}
    foreach ($item in $list) {
        # A separator sorts before every letter, so that a folder's content follows the folder.
        $key = $item['path'].ToLowerInvariant().Replace('\', [string][char]1)
        $byKey[$key] = $item
        [void]$keys.Add($key)
    }
    $keys.Sort([StringComparer]::Ordinal)
    $sorted = New-Object Collections.ArrayList
    foreach ($key in $keys) {
        [void]$sorted.Add($byKey[$key])
    }
    return , $sorted
}

function Invoke-FileList($A) {
    $path = Get-FullPath $A 'path'
    $pattern = [string]$A['pattern']
    if ($pattern -eq '') {
        $pattern = '*'
    }
    if ((Get-PathKind $path) -ne 'directory') {
        return @{ value = @{ exists = $false; entries = @() }; changed = $false }
    }
    $entries = Get-Entries $path $pattern ([bool]$A['recurse'])
    return @{ value = @{ exists = $true; entries = $entries }; changed = $false }
}

function Invoke-FileRead($A) {
    $path = Get-FullPath $A 'path'
    $offset = Get-Number $A 'offset' 0
    $length = Get-Number $A 'length' 65536
    if ((Get-PathKind $path) -ne 'file') {
        Deny 'not_found' ('There is no file ' + $path + '.')
    }
    $stream = Open-Shared $path
    try {
        $size = $stream.Length
        $offset = [Math]::Min($offset, $size)
        $data = Read-Bytes $stream $offset $length
    } finally {
        $stream.Close()
    }
    return @{ value = @{ size = $size; offset = $offset; data = [Convert]::ToBase64String($data) }; changed = $false }
}

# Bytes at the end of a piece of UTF-8 that belong to a character whose end has not arrived.
function Get-Unfinished([byte[]]$Piece) {
    for ($back = 1; $back -le [Math]::Min(4, $Piece.Length); $back++) {
        $byte = $Piece[$Piece.Length - $back]
        if ($byte -lt 0x80) {
            return 0
        }
        if ($byte -ge 0xC0) {
            $need = 4
            if ($byte -lt 0xE0) {
                $need = 2
            } elseif ($byte -lt 0xF0) {
                $need = 3
            }
            if ($back -lt $need) {
                return $back
            }
            return 0
        }
    }
    return 0
}

# A piece of a text file that may still grow: whole characters only, so that the next piece fits on. An offset below 0 means
# the last $Limit bytes; one behind the end means that the file was begun anew, and is read from its start. Text is UTF-16 or
# UTF-8 by its byte order mark; without one UTF-8 where that fits, else the ANSI code page.
function Read-Tail([string]$Path, [int64]$Offset, [int64]$Limit) {
    $stream = Open-Shared $Path
    try {
        $size = $stream.Length
        $head = Read-Bytes $stream 0 3
        $start = $Offset
        if ($Offset -lt 0) {
            $start = [Math]::Max(0, $size - $Limit)
        } elseif ($Offset -gt $size) {
            $start = 0
        }
        $wide = $head.Length -ge 2 -and (($head[0] -eq 0xFF -and $head[1] -eq 0xFE) -or ($head[0] -eq 0xFE -and $head[1] -eq 0xFF))
        $mark = 0
        if ($wide) {
            $mark = 2
            $start -= $start % 2
        } elseif ($head.Length -eq 3 -and $head[0] -eq 0xEF -and $head[1] -eq 0xBB -and $head[2] -eq 0xBF) {
            $mark = 3
        }
        $piece = Read-Bytes $stream $start $Limit
    } finally {
        $stream.Close()
    }
    $first = 0
    $last = $piece.Length
    if ($wide) {
        $last -= $last % 2
    } else {
        if ($Offset -lt 0 -and $start -gt 0) {
            while ($first -lt [Math]::Min(3, $piece.Length) -and $piece[$first] -ge 0x80 -and $piece[$first] -lt 0xC0) {
                $first++
            }
        }
        $last -= Get-Unfinished $piece
        $last = [Math]::Max($first, $last)
    }
    $from = [int][Math]::Max($first, $mark - $start)
    $count = [int][Math]::Max(0, $last - $from)
    if ($wide) {
        $encoding = $(if ($head[0] -eq 0xFF) { [Text.Encoding]::Unicode } else { [Text.Encoding]::BigEndianUnicode })
        $text = $encoding.GetString($piece, $from, $count)
    } else {
        $text = ConvertFrom-Bytes $piece $from $count
    }
    return @{ size = $size; offset = $start + $first; next_offset = $start + $last; text = $text }
}

# Text of bytes without a mark.
function ConvertFrom-Bytes([byte[]]$Bytes, [int]$From, [int]$Count) {
    try {
        return (New-Object Text.UTF8Encoding($false, $true)).GetString($Bytes, $From, $Count)
    } catch {
        # lint: allow default-encoding the ANSI code page is what a log without a mark is written in
        return [Text.Encoding]::Default.GetString($Bytes, $From, $Count)
    }
}

function Invoke-FileTail($A) {
    $path = Get-FullPath $A 'path'
    $limit = Get-Number $A 'bytes' 32768
    $offset = -1
    if ($null -ne $A['offset']) {
        $offset = Get-Number $A 'offset' 0
    }
    if ((Get-PathKind $path) -ne 'file') {
        return @{ value = @{ exists = $false; size = 0; offset = 0; next_offset = 0; text = '' }; changed = $false }
    }
    $value = Read-Tail $path $offset $limit
    $value['exists'] = $true
    return @{ value = $value; changed = $false }
}

function Test-SameBytes([byte[]]$One, [byte[]]$Other) {
    if ($One.Length -ne $Other.Length) {
        return $false
    }
    return [Convert]::ToBase64String($One) -ceq [Convert]::ToBase64String($Other)
}

function Invoke-FileWrite($A) {
    $path = Get-FullPath $A 'path'
    $data = Get-Content64 $A
    $offset = Get-Number $A 'offset' 0
    $final = $true
    if ($null -ne $A['final']) {
        $final = [bool]$A['final']
    }
    $kind = Get-PathKind $path
    if ($kind -eq 'directory') {
        Deny 'io' ($path + ' is a folder.')
    }
    $folder = [IO.Path]::GetDirectoryName($path)
    if ($kind -eq '' -and -not [bool]$A['create_directory'] -and (Get-PathKind $folder) -ne 'directory') {
        Deny 'not_found' ('There is no folder ' + $folder.TrimEnd('\') + '.')
    }
    $end = $offset + $data.Length
    $size = -1
    $same = $false
    if ($kind -eq 'file') {
        $stream = Open-Shared $path
        try {
            $size = $stream.Length
            if ($size -ge $end) {
                $same = Test-SameBytes (Read-Bytes $stream $offset $data.Length) $data
            }
        } finally {
            $stream.Close()
        }
    }
    $changed = -not $same -or ($final -and $size -ne $end)
    $after = $end
    if (-not $final) {
        $after = [Math]::Max($size, $end)
    }
    if ($changed -and -not (Test-Checking $A)) {
        try {
            if ([bool]$A['create_directory']) {
                [void][IO.Directory]::CreateDirectory($folder)
            }
            $stream = New-Object IO.FileStream($path, [IO.FileMode]::OpenOrCreate, [IO.FileAccess]::Write, [IO.FileShare]::Read)
            try {
                if ($stream.Length -lt $offset) {
                    $stream.SetLength($offset)
                }
                [void]$stream.Seek($offset, [IO.SeekOrigin]::Begin)
                $stream.Write($data, 0, $data.Length)
                if ($final) {
                    $stream.SetLength($end)
                }
            } finally {
                $stream.Close()
            }
        } catch {
            Deny-File $_ $path
        }
    }
    return @{ value = @{ size = $after }; changed = $changed }
}

function Invoke-FileDelete($A) {
    $path = Get-FullPath $A 'path'
    $kind = Get-PathKind $path
    if ($kind -eq '') {
        return @{ value = @{ existed = $false }; changed = $false }
    }
    if ($path -match '^[A-Za-z]:\\?$') {
        Deny 'invalid_argument' ('A whole drive is not deleted: ' + $path)
    }
    $recurse = [bool]$A['recurse']
    if ($kind -eq 'directory' -and -not $recurse -and [IO.Directory]::GetFileSystemEntries($path).Length -gt 0) {
        Deny 'io' ('The folder ' + $path + ' is not empty.')
    }
    if (-not (Test-Checking $A)) {
        try {
            if ($kind -eq 'directory') {
                [IO.Directory]::Delete($path, $recurse)
            } else {
                [IO.File]::Delete($path)
            }
        } catch {
            Deny-File $_ $path
        }
    }
    return @{ value = @{ existed = $true }; changed = $true }
}

function Invoke-FileMkdir($A) {
    $path = Get-FullPath $A 'path'
    $kind = Get-PathKind $path
    if ($kind -eq 'file') {
        Deny 'io' ($path + ' is a file.')
    }
    $existed = $kind -eq 'directory'
    if (-not $existed -and -not (Test-Checking $A)) {
        try {
            [void][IO.Directory]::CreateDirectory($path)
        } catch {
            Deny-File $_ $path
        }
    }
    return @{ value = @{ existed = $existed }; changed = (-not $existed) }
}

# ---- programs -------------------------------------------------------------------------------------------------------------------------------

# One argument of a command line, so that CommandLineToArgvW gives it back. What stands before a value (NAME=, /switch:) stays
# outside the quotes, because Windows Installer reads its command line itself and refuses "NAME=a value".
function Protect-Argument([string]$Argument) {
    if ($Argument -ne '' -and $Argument -notmatch '[\s"]') {
        return $Argument
    }
    $head = ''
    if ($Argument -match '^(?:[A-Za-z_][A-Za-z0-9_.]*=|[/-][A-Za-z][A-Za-z0-9_]*[:=])') {
        $head = $matches[0]
    }
    $value = [regex]::Replace($Argument.Substring($head.Length), '(\\*)"', '$1$1\"')
    return $head + '"' + [regex]::Replace($value, '(\\+)$', '$1$1') + '"'
}

function Join-Arguments($Arguments) {
    $parts = @()
    foreach ($argument in @($Arguments | Where-Object { $null -ne $_ })) {
        $parts += Protect-Argument ([string]$argument)
    }
    return [string]::Join(' ', $parts)
}

# The argument `path` of a program: absolute, or a bare name that Windows looks up.
function Get-ProgramPath($A) {
    $path = Expand-Name (Get-Required $A 'path') @{}
    if ($path -cmatch '^[A-Za-z0-9_.+-]+$') {
        return $path
    }
    return Get-FullPath $A 'path'
}

function Get-WorkingDirectory($A) {
    if ([string]$A['directory'] -eq '') {
        return ''
    }
    $folder = Get-FullPath $A 'directory'
    if ((Get-PathKind $folder) -ne 'directory') {
        Deny 'not_found' ('There is no folder ' + $folder + '.')
    }
    return $folder
}

# What programs write: the OEM code page. WinRM's shell stands at 65001, under which batch files do nothing before
# Windows Server 2008 R2, so the console goes back to it; a runspace has no console and needs no help.
function Get-ConsoleEncoding {
    # lint: allow default-encoding only where the registry does not name the OEM code page
    $encoding = [Text.Encoding]::Default
    try {
        $pages = Get-RegistryValues 'HKLM\SYSTEM\CurrentControlSet\Control\Nls\CodePage'
        if ($pages.ContainsKey('OEMCP')) {
            $encoding = [Text.Encoding]::GetEncoding([int]$pages['OEMCP']['data'])
        }
        [Console]::OutputEncoding = $encoding
    } catch {
        return $encoding
    }
    return $encoding
}

function Start-Program([string]$Path, [string]$Arguments, [string]$Directory) {
    $encoding = Get-ConsoleEncoding
    $start = New-Object Diagnostics.ProcessStartInfo
    $start.FileName = $Path
    $start.Arguments = $Arguments
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $start.StandardOutputEncoding = $encoding
    $start.StandardErrorEncoding = $encoding
    if ($Directory -ne '') {
        $start.WorkingDirectory = $Directory
    }
    $process = New-Object Diagnostics.Process
    $process.StartInfo = $start
    try {
        [void]$process.Start()
    } catch {
        $failure = Get-Failure $_
        if ($failure['kind'] -eq 'not_found') {
            Deny 'not_found' ('There is no program ' + $Path + '.')
        }
        Deny $failure['kind'] ($Path + ' cannot be started: ' + $failure['message'])
    }
    return $process
}

# The pipes of a program, read while it runs, because it stands still when they are full. The engine that this script is tried
# on has processes of its own kind, which keep their output until the end: there they are read then.
function New-Pipes($Process) {
    $pipes = @{ process = $Process; out = $null; err = $null }
    if ($Process.GetType().FullName -eq 'System.Diagnostics.Process') {
        Open-Pipes $pipes
    }
    return $pipes
}

function Open-Pipes($Pipes) {
    if ($null -eq $Pipes['out']) {
        $Pipes['out'] = New-Pipe $Pipes['process'].StandardOutput
        $Pipes['err'] = New-Pipe $Pipes['process'].StandardError
    }
}

# Read what comes after a program's end. A program that it started and that still runs holds the pipes open: they are not
# waited for long.
function Read-Rest($Pipes) {
    Open-Pipes $Pipes
    $text = @{ out = ''; err = '' }
    for ($waited = 0; $waited -lt 2000; $waited += 50) {
        $text['out'] += Read-Pipe $Pipes['out']
        $text['err'] += Read-Pipe $Pipes['err']
        if ($Pipes['out']['done'] -and $Pipes['err']['done']) {
            break
        }
        Start-Sleep -Milliseconds 50
    }
    return $text
}

function New-Pipe($Reader) {
    $buffer = New-Object byte[] 8192
    $pipe = @{ stream = $Reader.BaseStream; decoder = $Reader.CurrentEncoding.GetDecoder(); buffer = $buffer; done = $false; pending = $null }
    $pipe['pending'] = $pipe['stream'].BeginRead($buffer, 0, $buffer.Length, $null, $null)
    return $pipe
}

# What has arrived in a pipe since the last time.
function Read-Pipe($Pipe) {
    if ($null -eq $Pipe) {
        return ''
    }
    $text = New-Object Text.StringBuilder
    while (-not $Pipe['done'] -and $Pipe['pending'].IsCompleted) {
        $count = $Pipe['stream'].EndRead($Pipe['pending'])
        if ($count -le 0) {
            $Pipe['done'] = $true
            break
        }
        $chars = New-Object char[] ($Pipe['decoder'].GetCharCount($Pipe['buffer'], 0, $count))
        [void]$Pipe['decoder'].GetChars($Pipe['buffer'], 0, $count, $chars, 0)
        [void]$text.Append($chars)
        $Pipe['pending'] = $Pipe['stream'].BeginRead($Pipe['buffer'], 0, $Pipe['buffer'].Length, $null, $null)
    }
    return $text.ToString()
}

# Run a program to its end: its exit code and what it wrote. Time is counted by the waits, not by the clock.
function Invoke-Program([string]$Path, [string]$Arguments, [string]$Directory, [string]$Text, [int64]$Seconds) {
    $process = Start-Program $Path $Arguments $Directory
    Send-Input $process $Text
    $pipes = New-Pipes $process
    $stdout = New-Object Text.StringBuilder
    $stderr = New-Object Text.StringBuilder
    $step = 100
    for ($waited = 0; $waited -lt $Seconds * 1000 -and -not $process.WaitForExit($step); $waited += $step) {
        [void]$stdout.Append((Read-Pipe $pipes['out']))
        [void]$stderr.Append((Read-Pipe $pipes['err']))
        $step = [Math]::Min(1000, $step * 2)
    }
    $late = -not $process.HasExited
    if ($late) {
        try {
            $process.Kill()
        } catch [InvalidOperationException] {
            # It ended in this very moment.
            $late = $true
        }
    }
    $rest = Read-Rest $pipes
    [void]$stdout.Append($rest['out'])
    [void]$stderr.Append($rest['err'])
    $code = $null
    if (-not $late) {
        $code = $process.ExitCode
    }
    return @{ rc = $code; stdout = $stdout.ToString(); stderr = $stderr.ToString(); timed_out = $late }
}

# Give a program its standard input; one that does not read it and has ended is no error.
function Send-Input($Process, [string]$Text) {
    try {
        if ($Text -ne '') {
            $Process.StandardInput.Write($Text)
        }
        $Process.StandardInput.Close()
    } catch [IO.IOException] {
        return
    }
}

function Invoke-CommandRun($A) {
    $path = Get-ProgramPath $A
    $timeout = Get-Number $A 'timeout' 60
    $arguments = Join-Arguments $A['arguments']
    $directory = Get-WorkingDirectory $A
    if (Test-Checking $A) {
        return @{ value = @{ rc = $null; stdout = ''; stderr = ''; timed_out = $false }; changed = $true }
    }
    $value = Invoke-Program $path $arguments $directory ([string]$A['input']) $timeout
    return @{ value = $value; changed = $true }
}

# ---- network ----------------------------------------------------------------------------------------------------------------------------------

function Invoke-TcpTest($A) {
    $name = Get-Required $A 'host'
    $port = Get-Number $A 'port' 0
    if ($port -le 0 -or $port -ge 65536) {
        Deny 'invalid_argument' 'The argument port is not a port.'
    }
    $timeout = Get-Number $A 'timeout' 3
    $problem = $null
    $client = New-Object Net.Sockets.TcpClient
    try {
        $pending = $client.BeginConnect($name, [int]$port, $null, $null)
        if ($pending.AsyncWaitHandle.WaitOne([int]($timeout * 1000), $false)) {
            $client.EndConnect($pending)
        } else {
            $problem = 'no answer'
        }
    } catch {
        $cause = Get-Cause $_
        $problem = 'no answer'
        if ($cause -is [Net.Sockets.SocketException]) {
            # 11001 to 11004: the name; 10061: refused.
            if ($cause.ErrorCode -ge 11001 -and $cause.ErrorCode -le 11004) {
                $problem = 'unknown host'
            } elseif ([string]$cause.SocketErrorCode -eq 'ConnectionRefused') {
                $problem = 'refused'
            } elseif ('HostNotFound', 'TryAgain', 'NoData' -contains [string]$cause.SocketErrorCode) {
                $problem = 'unknown host'
            }
        }
    } finally {
        $client.Close()
    }
    return @{ value = @{ reachable = ($null -eq $problem); error = $problem }; changed = $false }
}

function Invoke-Download($A) {
    $url = Get-Required $A 'url'
    $wanted = (Get-Required $A 'sha256').ToLowerInvariant()
    if ($url -notmatch '^https?://') {
        Deny 'invalid_argument' ('Not a web address: ' + $url)
    }
    if ($wanted -notmatch '^[0-9a-f]{64}$') {
        Deny 'invalid_argument' 'The argument sha256 is not a SHA-256.'
    }
    $path = Get-FullPath $A 'path'
    if ((Get-PathKind $path) -eq 'file' -and (Get-FileHashText $path 'sha256') -eq $wanted) {
        $size = (New-Object IO.FileInfo($path)).Length
        return @{ value = @{ size = $size; hash = $wanted }; changed = $false }
    }
    if (Test-Checking $A) {
        return @{ value = @{ size = $null; hash = $wanted }; changed = $true }
    }
    $part = $path + '.part'
    $client = New-Object Net.WebClient
    try {
        try {
            [void][IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($path))
        } catch {
            Deny-File $_ $path
        }
        Save-Download $client $url $part
        $hash = Get-FileHashText $part 'sha256'
        if ($hash -ne $wanted) {
            Deny 'io' ($url + ' has the SHA-256 ' + $hash + ', not ' + $wanted + '.')
        }
        [IO.File]::Delete($path)
        [IO.File]::Move($part, $path)
    } finally {
        $client.Dispose()
        if ([IO.File]::Exists($part)) {
            [IO.File]::Delete($part)
        }
    }
    return @{ value = @{ size = (New-Object IO.FileInfo($path)).Length; hash = $hash }; changed = $true }
}

# The content is written by this script's own stream, so that it lands where the script means it.
function Save-Download($Client, [string]$Url, [string]$Path) {
    try {
        $from = $Client.OpenRead($Url)
    } catch {
        $cause = Get-Cause $_
        $answer = 'no answer'
        if ($cause -is [Net.WebException] -and $null -ne $cause.Response) {
            $answer = 'the server answered ' + [int]$cause.Response.StatusCode
        }
        Deny 'io' ($Url + ' could not be downloaded: ' + $answer + '.')
    }
    try {
        $to = New-Object IO.FileStream($Path, [IO.FileMode]::Create, [IO.FileAccess]::Write, [IO.FileShare]::None)
        try {
            $buffer = New-Object byte[] 65536
            for ($count = $from.Read($buffer, 0, $buffer.Length); $count -gt 0; $count = $from.Read($buffer, 0, $buffer.Length)) {
                $to.Write($buffer, 0, $count)
            }
        } finally {
            $to.Close()
        }
    } finally {
        $from.Close()
    }
}

# ---- event logs ----------------------------------------------------------------------------------------------------------------------------------

function Invoke-EventlogRead($A) {
    $log = Get-Required $A 'log'
    $newest = Get-Number $A 'newest' 100
    $since = $null
    if ([string]$A['since'] -ne '') {
        try {
            $since = ConvertFrom-Time ([string]$A['since'])
        } catch {
            Deny 'invalid_argument' 'The argument since is not a time.'
        }
    }
    $ids = @($A['ids'] | Where-Object { $null -ne $_ } | ForEach-Object { [int64]$_ })
    $levels = @($A['levels'] | Where-Object { $null -ne $_ })
    $sources = @($A['sources'] | Where-Object { $null -ne $_ })
    foreach ($level in $levels) {
        if ('error', 'warning', 'information' -cnotcontains $level) {
            Deny 'invalid_argument' 'The argument levels must be of error, warning, information.'
        }
    }
    if (-not [Diagnostics.EventLog]::Exists($log)) {
        return @{ value = @{ exists = $false; entries = @() }; changed = $false }
    }
    $found = New-Object Collections.ArrayList
    $reader = New-Object Diagnostics.EventLog($log)
    $entries = $reader.Entries
    for ($at = $entries.Count - 1; $at -ge 0 -and $found.Count -lt $newest; $at--) {
        try {
            $entry = $entries[$at]
            $time = $entry.TimeGenerated.ToUniversalTime()
        } catch [ArgumentException] {
            # The log was cleared or wrapped while it was read.
            break
        }
        if ($null -ne $since -and $time -lt $since) {
            break
        }
        $level = 'information'
        switch ([string]$entry.EntryType) {
            'Error' { $level = 'error' }
            'Warning' { $level = 'warning' }
        }
        $id = [int64]$entry.InstanceId -band 0xFFFF
        if ($ids.Length -gt 0 -and $ids -notcontains $id) {
            continue
        }
        if ($levels.Length -gt 0 -and $levels -notcontains $level) {
            continue
        }
        if ($sources.Length -gt 0 -and $sources -notcontains $entry.Source) {
            continue
        }
        [void]$found.Add(@{ id = $id; level = $level; source = [string]$entry.Source; time = $time; message = [string]$entry.Message })
    }
    return @{ value = @{ exists = $true; entries = $found }; changed = $false }
}

# ---- SQL Server -----------------------------------------------------------------------------------------------------------------------------------

$InstancesKey = 'HKLM\SOFTWARE\Microsoft\Microsoft SQL Server\Instance Names\SQL'
$DatabasesText = 'SELECT name FROM sys.databases WHERE state = 0 AND database_id > 4 AND HAS_DBACCESS(name) = 1 ORDER BY name'

# The names of this machine's instances.
function Get-LocalInstances {
    $names = @((Get-RegistryValues $InstancesKey).Keys | Sort-Object)
    return $names
}

# What to connect to: a bare name of a local instance means that instance.
function Get-DataSource([string]$Instance) {
    if (@(Get-LocalInstances) -contains $Instance -and $Instance -ne [Environment]::MachineName) {
        if ($Instance -eq 'MSSQLSERVER') {
            return '.'
        }
        return '.\' + $Instance
    }
    return $Instance
}

# A value of a row. A time has no zone: it is the server's own, written without Z.
function ConvertFrom-Sql($Value) {
    if ($Value -is [DateTime]) {
        $text = $Value.ToString('yyyy-MM-ddTHH:mm:ss', $Invariant)
        if ($Value.Millisecond -gt 0) {
            $text += '.' + $Value.Millisecond.ToString('000', $Invariant)
        }
        return $text
    }
    if ($Value -is [DBNull]) {
        return $null
    }
    if ($Value -is [byte[]]) {
        return [Convert]::ToBase64String($Value)
    }
    return $Value
}

# Run a text on one database of one instance: a list of its result sets, or a refusal of kind sql.
function Invoke-Sql([string]$Instance, [string]$Database, [string]$Text, $Parameters, [string]$Kind, [int64]$Timeout) {
    [void][Reflection.Assembly]::LoadWithPartialName('System.Data')
    $where = New-Object Data.SqlClient.SqlConnectionStringBuilder
    $where['Data Source'] = Get-DataSource $Instance
    $where['Initial Catalog'] = $Database
    $where['Integrated Security'] = $true
    $where['Connect Timeout'] = 30
    $where['Pooling'] = $false
    $where['Application Name'] = 'scom.upgrade'
    $connection = New-Object Data.SqlClient.SqlConnection($where.ToString())
    $messages = New-Object Collections.ArrayList
    $connection.add_InfoMessage({ [void]$messages.Add([string]$args[1].Message) })
    try {
        $connection.Open()
        $command = $connection.CreateCommand()
        $command.CommandText = $Text
        $command.CommandTimeout = [int]$Timeout
        foreach ($name in @($Parameters.Keys)) {
            $value = $Parameters[$name]
            if ($null -eq $value) {
                $value = [DBNull]::Value
            }
            [void]$command.Parameters.AddWithValue('@' + ([string]$name).TrimStart('@'), $value)
        }
        return , (Read-Results $command $Instance $Database $Kind $messages)
    } catch {
        Deny-Sql $_
    } finally {
        $connection.Close()
    }
}

function Read-Results($Command, [string]$Instance, [string]$Database, [string]$Kind, $Messages) {
    $results = New-Object Collections.ArrayList
    $affected = -1
    if ($Kind -eq 'nonquery') {
        $affected = $Command.ExecuteNonQuery()
    } else {
        $reader = $Command.ExecuteReader()
        do {
            if ($reader.FieldCount -gt 0) {
                [void]$results.Add((Read-Set $reader $Instance $Database))
            }
        } while ($reader.NextResult())
        $reader.Close()
        $affected = $reader.RecordsAffected
    }
    if ($results.Count -eq 0) {
        [void]$results.Add((New-SqlResult $Instance $Database))
    }
    $results[0]['affected'] = $affected
    $results[0]['messages'] = $Messages
    return , $results
}

function New-SqlResult([string]$Instance, $Database) {
    return @{ instance = $Instance; database = $Database; columns = @(); rows = @(); affected = -1; messages = @(); error = $null }
}

function Read-Set($Reader, [string]$Instance, [string]$Database) {
    $columns = New-Object Collections.ArrayList
    for ($i = 0; $i -lt $Reader.FieldCount; $i++) {
        [void]$columns.Add($Reader.GetName($i))
    }
    $rows = New-Object Collections.ArrayList
    while ($Reader.Read()) {
        $row = New-Object Collections.ArrayList
        for ($i = 0; $i -lt $columns.Count; $i++) {
            [void]$row.Add((ConvertFrom-Sql $Reader.GetValue($i)))
        }
        [void]$rows.Add($row)
    }
    $result = New-SqlResult $Instance $Database
    $result['columns'] = $columns
    $result['rows'] = $rows
    return $result
}

# Throw SQL Server's refusal; anything else as it is.
function Deny-Sql($Record) {
    $cause = Get-Cause $Record
    if ($cause.GetType().FullName -ne 'System.Data.SqlClient.SqlException') {
        $failure = Get-Failure $Record
        Deny $failure['kind'] $failure['message'] $failure['detail']
    }
    $detail = @{
        number = [int]$cause.Number; state = [int]$cause.State; class = [int]$cause.Class
        procedure = [string]$cause.Procedure; line = [int]$cause.LineNumber
    }
    Deny 'sql' ([string]$cause.Message) $detail
}

function Invoke-SqlQuery($A) {
    $text = Get-Required $A 'text'
    $kind = Get-Choice $A 'kind' @('reader', 'nonquery') 'reader'
    $instance = [string]$A['instance']
    if ($instance -eq '') {
        $instance = '.'
    }
    $database = [string]$A['database']
    if ($database -eq '') {
        $database = 'master'
    }
    $timeout = Get-Number $A 'timeout' 60
    $parameters = $A['parameters']
    if ($null -eq $parameters) {
        $parameters = @{}
    }
    foreach ($name in @($parameters.Keys)) {
        if ([string]$name -cnotmatch '^@?[A-Za-z_][A-Za-z0-9_]*$') {
            Deny 'invalid_argument' "A parameter's name is not valid."
        }
    }
    if ($kind -eq 'nonquery' -and (Test-Checking $A)) {
        return @{ value = @{ results = @() }; changed = $true }
    }
    $results = New-Object Collections.ArrayList
    $instances = @($instance)
    if ($instance -eq '*') {
        $instances = @(Get-LocalInstances)
    }
    $single = $instance -ne '*' -and $database -ne '*'
    foreach ($one in $instances) {
        $results.AddRange((Invoke-OnInstance $one $database $text $parameters $kind $timeout $single))
    }
    return @{ value = @{ results = $results }; changed = ($kind -eq 'nonquery') }
}

# The results of one instance. With a single target a refusal is the operation's; else it is an entry of its own.
function Invoke-OnInstance([string]$Instance, [string]$Database, [string]$Text, $Parameters, [string]$Kind, [int64]$Timeout, [bool]$Single) {
    $results = New-Object Collections.ArrayList
    $databases = @($Database)
    if ($Database -eq '*') {
        try {
            $listed = Invoke-Sql $Instance 'master' $DatabasesText @{} 'reader' $Timeout
            $databases = @($listed[0]['rows'] | ForEach-Object { $_[0] })
        } catch {
            [void]$results.Add((New-SqlFailure $Instance $null $_))
            return , $results
        }
    }
    foreach ($one in $databases) {
        try {
            $results.AddRange((Invoke-Sql $Instance $one $Text $Parameters $Kind $Timeout))
        } catch {
            if ($Single) {
                throw
            }
            [void]$results.Add((New-SqlFailure $Instance $one $_))
        }
    }
    return , $results
}

function New-SqlFailure([string]$Instance, $Database, $Record) {
    $failure = Get-Failure $Record
    $entry = New-SqlResult $Instance $Database
    $entry['error'] = $failure['detail']
    $entry['error']['message'] = $failure['message']
    return $entry
}

# ---- Operations Manager ------------------------------------------------------------------------------------------------------------------------------

$Snapin = 'Microsoft.EnterpriseManagement.OperationsManager.Client'
$Setup2012 = 'HKLM\SOFTWARE\Microsoft\System Center Operations Manager\12\Setup'
$Cmdlets2007 = @(
    'Get-ManagementServer', 'Get-RootManagementServer', 'Get-Agent', 'Get-AgentPendingAction', 'Approve-AgentPendingAction',
    'Reject-AgentPendingAction', 'Get-NotificationSubscription', 'Get-Connector', 'Get-ManagementPack', 'Install-ManagementPack',
    'Uninstall-ManagementPack', 'Export-ManagementPack', 'Set-ManagementServer', 'Get-PrimaryManagementServer',
    'Get-FailoverManagementServer', 'Get-DefaultSetting', 'Get-MonitoringClass', 'Get-MonitoringObject', 'Get-Alert',
    'Get-UserRole'
)
$Cmdlets2012 = @(
    'Get-SCOMManagementServer', 'Get-SCOMGatewayManagementServer', 'Get-SCOMAgent', 'Get-SCOMPendingManagement',
    'Approve-SCOMPendingManagement', 'Deny-SCOMPendingManagement', 'Get-SCOMNotificationSubscription',
    'Enable-SCOMNotificationSubscription', 'Disable-SCOMNotificationSubscription', 'Get-SCOMConnector', 'Get-SCOMManagementPack',
    'Import-SCOMManagementPack', 'Remove-SCOMManagementPack', 'Get-SCOMParentManagementServer', 'Set-SCOMParentManagementServer',
    'Get-SCOMRMSEmulator', 'Set-SCOMRMSEmulator', 'Get-SCOMResourcePool', 'Get-SCOMManagementGroup', 'Get-SCOMClass',
    'Get-SCOMClassInstance', 'Get-SCOMAlert', 'Repair-SCOMAgent', 'Get-SCOMUserRole'
)

# Throw the refusal of the shell: which step, which cmdlet, which exception.
function Deny-Opsmgr($Record, [string]$Step, [string]$Cmdlet) {
    $cause = Get-Cause $Record
    if ($cause.Data.Contains('kind')) {
        throw $cause
    }
    Deny 'opsmgr' ([string]$cause.Message).Trim() @{ exception = $cause.GetType().FullName; cmdlet = $Cmdlet; step = $Step }
}

# Load the shell of 2007 R2 and go to the server's connection: its cmdlets work only from a location below the provider.
function Connect-2007([string]$Server) {
    $known = @(Get-PSSnapin -Name $Snapin -ErrorAction SilentlyContinue)
    if ($known.Length -eq 0) {
        if (@(Get-PSSnapin -Registered | Where-Object { $_.Name -eq $Snapin }).Length -eq 0) {
            Deny 'not_found' 'The Operations Manager 2007 R2 shell is not installed on this host.'
        }
        Add-PSSnapin -Name $Snapin
    }
    try {
        Set-Location -LiteralPath 'OperationsManagerMonitoring::'
        # lint: allow command-unknown the snap-in that was just loaded brings it
        [void](New-ManagementGroupConnection -ConnectionString $Server)
        Set-Location -LiteralPath ('OperationsManagerMonitoring::' + $Server)
    } catch {
        Deny-Opsmgr $_ '' 'New-ManagementGroupConnection'
    }
}

# Load the module of 2012, where PSModulePath does not find it from the folders that its setup wrote down, and connect.
function Connect-2012([string]$Server) {
    if ($null -eq (Get-Command -Name 'New-SCOMManagementGroupConnection' -ErrorAction SilentlyContinue)) {
        $module = Find-Module2012
        if ($module -eq '') {
            Deny 'not_found' 'The Operations Manager 2012 shell is not installed on this host.'
        }
        try {
            Import-Module -Name $module
        } catch {
            Deny-Opsmgr $_ '' 'Import-Module'
        }
    }
    if (-not (Test-Module2012)) {
        Deny 'not_found' 'The Operations Manager 2012 shell is not installed on this host.'
    }
    try {
        # lint: allow command-unknown the module that was just loaded brings it
        [void](New-SCOMManagementGroupConnection -ComputerName $Server)
    } catch {
        Deny-Opsmgr $_ '' 'New-SCOMManagementGroupConnection'
    }
}

# Whether 2012 wrote down its shell on this host; a left-over module of another product does not count.
function Test-Module2012 {
    return $null -ne (Open-Key ($Setup2012 + '\Powershell\V2') $false) -or @(Get-Module -Name 'OperationsManager').Length -gt 0
}

function Find-Module2012 {
    if (@(Get-Module -ListAvailable -Name 'OperationsManager').Length -gt 0) {
        return 'OperationsManager'
    }
    $folder = (Get-RegistryValues ($Setup2012 + '\Powershell\V2'))['InstallDirectory']
    if ($null -ne $folder) {
        return [IO.Path]::Combine($folder['data'], 'OperationsManager')
    }
    $folder = (Get-RegistryValues $Setup2012)['InstallDirectory']
    if ($null -ne $folder) {
        $parent = [IO.Path]::GetDirectoryName(([string]$folder['data']).TrimEnd('\'))
        return [IO.Path]::Combine($parent, 'Powershell\OperationsManager\OperationsManager.psm1')
    }
    return ''
}

# Whether a value is a list of things rather than one.
function Test-List($Value) {
    return $Value -is [Collections.IEnumerable] -and $Value -isnot [string] -and $Value -isnot [Collections.IDictionary]
}

# Append what one part of a path gives for an object; answers whether that was a list. A method of a list answers a list
# also when it holds one thing. What an object does not have, or refuses, is null.
function Add-Part($To, $Object, [string]$Part) {
    $found = $null
    $list = $false
    try {
        switch ($Part) {
            'GetPrimaryManagementServer()' { $found = $Object.GetPrimaryManagementServer() }
            'GetFailoverManagementServers()' {
                $list = $true
                $found = $Object.GetFailoverManagementServers()
            }
            'GetConnectedUserNames()' {
                $list = $true
                $found = $Object.GetConnectedUserNames()
            }
            default {
                if ($Part.EndsWith(')')) {
                    Deny 'unsupported' ('The method ' + $Part.TrimEnd('()'.ToCharArray()) + ' is not on the list.')
                }
                $property = $Object.PSObject.Properties[$Part]
                if ($null -ne $property) {
                    $found = $property.Value
                } elseif ($Part -eq 'Value') {
                    # 2007 R2 gives the bare value where 2012 wraps it.
                    $found = $Object
                }
            }
        }
    } catch {
        $cause = Get-Cause $_
        if ($cause.Data.Contains('kind')) {
            throw $cause
        }
        $found = $null
    }
    if ($list -or (Test-List $found)) {
        foreach ($item in $found) {
            if ($null -ne $item) {
                [void]$To.Add($item)
            }
        }
        return $true
    }
    [void]$To.Add($found)
    return $false
}

# The value that a dotted path gives for an object, as plain data: one, or a list when a list was on the way.
function Get-PathValue($Object, [string]$Path) {
    $values = New-Object Collections.ArrayList
    [void]$values.Add($Object)
    $many = $false
    foreach ($part in $Path.Split('.')) {
        $next = New-Object Collections.ArrayList
        foreach ($value in $values) {
            if ($null -eq $value) {
                [void]$next.Add($null)
            } elseif (Add-Part $next $value $part) {
                $many = $true
            }
        }
        $values = $next
    }
    $plain = New-Object Collections.ArrayList
    foreach ($value in $values) {
        [void]$plain.Add((ConvertTo-Plain $value))
    }
    if ($many) {
        return , $plain
    }
    return $plain[0]
}

function ConvertTo-Plain($Value) {
    if ($null -eq $Value) {
        return $null
    }
    if ($Value -is [enum]) {
        return $Value.ToString()
    }
    if ($Value -is [string] -or $Value -is [bool] -or $Value -is [DateTime] -or $Value -is [decimal]) {
        return $Value
    }
    if ($Value -is [ValueType] -and $Value.GetType().IsPrimitive) {
        return $Value
    }
    return [string]$Value
}

# Whether an object meets all conditions; texts are compared without case.
function Test-Where($Object, $Conditions) {
    # lint: allow foreach-null Select-From gives an array that holds no null
    foreach ($condition in $Conditions) {
        $wanted = $condition['in']
        if ($condition.ContainsKey('equals')) {
            $wanted = @($condition['equals'])
        }
        $have = Get-PathValue $Object ([string]$condition['property'])
        $met = $false
        foreach ($value in @($have)) {
            foreach ($one in @($wanted)) {
                if ([string]$value -eq [string]$one) {
                    $met = $true
                }
            }
        }
        if (-not $met) {
            return $false
        }
    }
    return $true
}

# The objects of an earlier step that a reference means.
function Select-From($Reference, $Objects) {
    $name = [string]$Reference['from']
    if (-not $Objects.ContainsKey($name)) {
        Deny 'invalid_argument' ('There is no earlier step ' + $name + '.')
    }
    $found = New-Object Collections.ArrayList
    foreach ($object in $Objects[$name]) {
        $conditions = @($Reference['where'] | Where-Object { $null -ne $_ })
        if (Test-Where $object $conditions) {
            [void]$found.Add($object)
        }
    }
    if ([bool]$Reference['one'] -and $found.Count -ne 1) {
        Deny 'not_found' ('The step ' + $name + ' gives ' + $found.Count + ' objects where one is wanted.')
    }
    return , $found
}

# The parameters of a cmdlet, bound to objects; nothing when a reference finds none, because then there is nothing to do.
function Get-Parameters($Step, $Objects) {
    $bound = @{}
    $wanted = $Step['parameters']
    if ($null -eq $wanted) {
        return $bound
    }
    foreach ($name in @($wanted.Keys)) {
        $value = $wanted[$name]
        if ($value -is [Collections.IDictionary]) {
            $found = Select-From $value $Objects
            if ($found.Count -eq 0) {
                return $null
            }
            $bound[$name] = $(if ([bool]$value['one']) { $found[0] } else { , $found.ToArray() })
        } elseif ($value -is [Collections.ArrayList]) {
            $bound[$name] = $value.ToArray()
        } else {
            $bound[$name] = $value
        }
    }
    return $bound
}

# What a step returns of its objects: rows by name, or columns and rows.
function Get-Selection($Found, $Step) {
    $names = @($Step['select'] | ForEach-Object { [string]$_ })
    $rows = New-Object Collections.ArrayList
    # lint: allow foreach-null it is an ArrayList that Add-Step filled
    foreach ($object in $Found) {
        $values = New-Object Collections.ArrayList
        $row = @{}
        foreach ($name in $names) {
            $value = Get-PathValue $object $name
            $row[$name] = $value
            [void]$values.Add($value)
        }
        [void]$rows.Add($(if ([bool]$Step['columns']) { , $values } else { $row }))
    }
    if ([bool]$Step['columns']) {
        return @{ columns = $names; rows = $rows }
    }
    return , $rows
}

# Run one step: append its objects to $Found; answers whether it changes something.
function Add-Step($Found, $Step, $Objects, [string]$Product, [bool]$Checking) {
    if ([bool]$Step['management_group']) {
        if ($Product -eq '2007') {
            # lint: allow command-unknown Connect-2007 has loaded the snap-in that brings it
            $connection = @(Get-ManagementGroupConnection)[0]
            [void]$Found.Add($connection.ManagementGroup)
        } else {
            # lint: allow command-unknown Connect-2012 has loaded the module that brings it
            [void]$Found.Add(@(Get-SCOMManagementGroup)[0])
        }
        return $false
    }
    if ($Step.ContainsKey('each')) {
        return Update-Each $Found $Step (Select-From $Step['each'] $Objects) $Checking
    }
    $cmdlet = [string]$Step['cmdlet']
    $allowed = $(if ($Product -eq '2007') { $Cmdlets2007 } else { $Cmdlets2012 })
    if ($allowed -cnotcontains $cmdlet) {
        Deny 'unsupported' ('The cmdlet ' + $cmdlet + ' is not on the list.')
    }
    $parameters = Get-Parameters $Step $Objects
    $writes = -not $cmdlet.StartsWith('Get-')
    if ($null -eq $parameters) {
        return $false
    }
    if ($writes -and $Checking) {
        return $true
    }
    $command = Get-Command -Name $cmdlet
    # lint: allow invoke-variable the name was found in the list of allowed cmdlets above
    foreach ($object in @(& $command @parameters)) {
        if ($null -ne $object) {
            [void]$Found.Add($object)
        }
    }
    return $writes
}

# Set properties of objects, then call a method of the list without arguments.
function Update-Each($Found, $Step, $Chosen, [bool]$Checking) {
    $set = $Step['set']
    $call = [string]$Step['call']
    if ($call -ne '' -and $call -ne 'Update') {
        Deny 'unsupported' ('The method ' + $call + ' is not on the list.')
    }
    $writes = ($null -ne $set -or $call -ne '') -and $Chosen.Count -gt 0
    # lint: allow foreach-null Select-From gives an ArrayList, an empty one too
    foreach ($object in $Chosen) {
        [void]$Found.Add($object)
        if ($Checking) {
            continue
        }
        if ($null -ne $set) {
            foreach ($name in @($set.Keys)) {
                $object.$name = $set[$name]
            }
        }
        if ($call -ne '') {
            [void]$object.Update()
        }
    }
    return $writes
}

function Invoke-OpsmgrRun($A) {
    $server = Get-Required $A 'server'
    if ($server -cnotmatch '^[A-Za-z0-9._-]+$') {
        Deny 'invalid_argument' ('Not a name of a server: ' + $server)
    }
    $product = Get-Choice $A 'product' @('auto', '2007', '2012') 'auto'
    if ($product -eq 'auto') {
        $product = $(if ($null -ne (Open-Key $Setup2012 $false)) { '2012' } else { '2007' })
    }
    $before = Get-Location
    $objects = @{}
    $outputs = @{}
    $changed = $false
    try {
        if ($product -eq '2007') {
            Connect-2007 $server
        } else {
            Connect-2012 $server
        }
        foreach ($step in @($A['steps'] | Where-Object { $null -ne $_ })) {
            $name = [string]$step['name']
            $found = New-Object Collections.ArrayList
            try {
                $changed = (Add-Step $found $step $objects $product (Test-Checking $A)) -or $changed
                $objects[$name] = $found
                if ($null -ne $step['select']) {
                    $outputs[$name] = Get-Selection $found $step
                }
            } catch {
                Deny-Opsmgr $_ $name ([string]$step['cmdlet'])
            }
        }
    } finally {
        Set-Location -LiteralPath $before.Path
        Close-Connection $product
    }
    return @{ value = @{ product = $product; connected_to = $server; outputs = $outputs }; changed = $changed }
}

# Let go of the connection, which otherwise lives as long as the process; a runspace is used again.
function Close-Connection([string]$Product) {
    try {
        if ($Product -eq '2007') {
            # lint: allow command-unknown of the snap-in; without it the error is caught below
            Get-ManagementGroupConnection | Remove-ManagementGroupConnection
        } else {
            # lint: allow command-unknown of the module; without it the error is caught below
            Get-SCOMManagementGroupConnection | Remove-SCOMManagementGroupConnection
        }
    } catch {
        # The process ends soon, and the connection with it.
        return
    }
}

# ---- jobs ----------------------------------------------------------------------------------------------------------------------------------------------

# A job is a directory: lock (whoever makes it owns the start), job.json, key and secrets (gone as soon as the runner has read
# them), remote.ps1 (this text, which runs it), started.json, out.txt, finished.json.

function Get-JobId($A) {
    $id = Get-Required $A 'id'
    if ($id -cnotmatch '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$') {
        Deny 'invalid_argument' ('Not a job id: ' + $id)
    }
    return $id
}

function Get-JobFolder([string]$Id) {
    return (Expand-Name '%ProgramData%\scom.upgrade\jobs\' @{}) + $Id
}

function Test-Windows2003 {
    return [Environment]::OSVersion.Version.Major -lt 6
}

function Read-Json([string]$Path) {
    if (-not [IO.File]::Exists($Path)) {
        return $null
    }
    return ConvertFrom-JsonText ([IO.File]::ReadAllText($Path, $Utf8))
}

# Write a state file so that nobody ever reads half of it.
function Write-Json([string]$Path, $Value) {
    [IO.File]::WriteAllText($Path + '.new', (ConvertTo-JsonText $Value), $Utf8)
    [IO.File]::Move($Path + '.new', $Path)
}

# Whether something is missing only because this is no Windows: the engine that the script is tried on.
function Test-NoWindows($Record) {
    return (Get-Cause $Record) -is [PlatformNotSupportedException]
}

# Give a folder to SYSTEM, the administrators and the job's account alone. It must not belong to anybody else: below
# ProgramData every user may make folders.
function Protect-Folder([string]$Path, [string]$Account) {
    [void][IO.Directory]::CreateDirectory($Path)
    try {
        $mine = New-Object Security.AccessControl.DirectorySecurity
    } catch {
        if (Test-NoWindows $_) {
            return
        }
        throw
    }
    $me = [Security.Principal.WindowsIdentity]::GetCurrent().User.Value
    $owner = [IO.Directory]::GetAccessControl($Path).GetOwner([Security.Principal.SecurityIdentifier]).Value
    if ('S-1-5-18', 'S-1-5-32-544', $me -notcontains $owner) {
        Deny 'access_denied' ('The folder ' + $Path + ' belongs to another user (' + $owner + '). Remove it and run again.')
    }
    $mine.SetAccessRuleProtection($true, $false)
    $inherit = [Security.AccessControl.InheritanceFlags]'ContainerInherit, ObjectInherit'
    $none = [Security.AccessControl.PropagationFlags]::None
    $allow = [Security.AccessControl.AccessControlType]::Allow
    $full = [Security.AccessControl.FileSystemRights]::FullControl
    $who = @((New-Object Security.Principal.SecurityIdentifier('S-1-5-18')), (New-Object Security.Principal.SecurityIdentifier('S-1-5-32-544')))
    if ($Account -ne '' -and $Account -ne 'SYSTEM') {
        try {
            $who += (New-Object Security.Principal.NTAccount($Account)).Translate([Security.Principal.SecurityIdentifier])
        } catch {
            $cause = Get-Cause $_
            if ($cause.GetType().FullName -ne 'System.Security.Principal.IdentityNotMappedException') {
                throw
            }
            Deny 'not_found' ('Windows does not know the account ' + $Account + ': ' + $cause.Message) @{ code = 1332 }
        }
    }
    foreach ($identity in $who) {
        $mine.AddAccessRule((New-Object Security.AccessControl.FileSystemAccessRule($identity, $full, $inherit, $none, $allow)))
    }
    [IO.Directory]::SetAccessControl($Path, $mine)
}

# Encrypt text for this machine alone. Off Windows, where there is no data protection, with the key itself.
function Protect-Text([string]$Text, [byte[]]$Key) {
    [void][Reflection.Assembly]::LoadWithPartialName('System.Security')
    try {
        $scope = [Security.Cryptography.DataProtectionScope]::LocalMachine
        return 'dpapi:' + [Convert]::ToBase64String([Security.Cryptography.ProtectedData]::Protect($Utf8.GetBytes($Text), $Key, $scope))
    } catch {
        if (-not (Test-NoWindows $_)) {
            throw
        }
    }
    # lint: allow plain-secret it is encrypted in the same expression; this way is for the engine off Windows only
    return 'key:' + (ConvertFrom-SecureString -SecureString (ConvertTo-SecureString -String $Text -AsPlainText -Force) -Key $Key)
}

function Unprotect-Text([string]$Text, [byte[]]$Key) {
    if ($Text.StartsWith('key:')) {
        $secure = ConvertTo-SecureString -String $Text.Substring(4) -Key $Key
        $pointer = [Runtime.InteropServices.Marshal]::SecureStringToBSTR($secure)
        try {
            return [Runtime.InteropServices.Marshal]::PtrToStringBSTR($pointer)
        } finally {
            [Runtime.InteropServices.Marshal]::ZeroFreeBSTR($pointer)
        }
    }
    [void][Reflection.Assembly]::LoadWithPartialName('System.Security')
    $bytes = [Convert]::FromBase64String($Text.Substring(6))
    $scope = [Security.Cryptography.DataProtectionScope]::LocalMachine
    return $Utf8.GetString([Security.Cryptography.ProtectedData]::Unprotect($bytes, $Key, $scope))
}

# An argument without its secret: the secret goes into the list, and its number stands for it.
function Hide-Secret($Item, $Secrets) {
    if ($Item -is [Collections.IDictionary]) {
        if ($Item.Count -ne 1 -or $Item['secret'] -isnot [string]) {
            Deny 'invalid_argument' 'An argument is neither text nor a secret.'
        }
        [void]$Secrets.Add($Item['secret'])
        return @{ secret = $Secrets.Count - 1 }
    }
    return [string]$Item
}

function Show-Secret($Item, $Secrets) {
    if ($Item -is [Collections.IDictionary]) {
        return [string]$Secrets[[int]$Item['secret']]
    }
    return [string]$Item
}

# Make the lock of a job; false when another start owns it. This is the one step that only one of two can do.
function New-Lock([string]$Path) {
    try {
        (New-Object IO.FileStream($Path, [IO.FileMode]::CreateNew, [IO.FileAccess]::Write, [IO.FileShare]::None)).Close()
    } catch {
        if ((Get-Cause $_) -is [IO.IOException] -and [IO.File]::Exists($Path)) {
            return $false
        }
        throw
    }
    return $true
}

function Invoke-JobStart($A) {
    $id = Get-JobId $A
    $folder = Get-JobFolder $id
    if ([IO.File]::Exists($folder + '\lock')) {
        return @{ value = @{ state = (Get-JobState $id)['state']; attached = $true; directory = $folder }; changed = $false }
    }
    $program = Get-ProgramPath $A
    $directory = Get-WorkingDirectory $A
    $account = [string]$A['account']
    if ($account -eq '') {
        $account = 'SYSTEM'
    }
    $secrets = New-Object Collections.ArrayList
    $arguments = New-Object Collections.ArrayList
    foreach ($item in @($A['arguments'] | Where-Object { $null -ne $_ })) {
        [void]$arguments.Add((Hide-Secret $item $secrets))
    }
    $text = $null
    if ($null -ne $A['input']) {
        $text = Hide-Secret $A['input'] $secrets
    }
    $limit = Get-Number $A 'time_limit' 0
    if (Test-Checking $A) {
        return @{ value = @{ state = 'absent'; attached = $false; directory = $folder }; changed = $true }
    }
    Protect-Folder ([IO.Path]::GetDirectoryName($folder)) ''
    [void][IO.Directory]::CreateDirectory($folder)
    if (-not (New-Lock ($folder + '\lock'))) {
        return @{ value = @{ state = 'running'; attached = $true; directory = $folder }; changed = $false }
    }
    try {
        Protect-Folder $folder $account
        Save-Secrets $folder $secrets
        Write-Json ($folder + '\job.json') @{
            id = $id; path = $program; arguments = $arguments; input = $text; directory = $directory; account = $account; created = Get-Now
        }
        [IO.File]::WriteAllText($folder + '\remote.ps1', $Source, $Utf8)
        Start-JobTask $id $folder $account ([string]$A['password']) $limit
        Wait-JobStart $id $folder
    } catch {
        $failure = $_
        Remove-JobTask $id
        [IO.Directory]::Delete($folder, $true)
        throw (Get-Cause $failure)
    }
    return @{ value = @{ state = (Get-JobState $id)['state']; attached = $false; directory = $folder }; changed = $true }
}

function Save-Secrets([string]$Folder, $Secrets) {
    if ($Secrets.Count -gt 0) {
        $key = New-Object byte[] 32
        [Security.Cryptography.RandomNumberGenerator]::Create().GetBytes($key)
        [IO.File]::WriteAllText($Folder + '\key', [Convert]::ToBase64String($key), $Utf8)
        [IO.File]::WriteAllText($Folder + '\secrets', (Protect-Text (ConvertTo-JsonText $Secrets) $key), $Utf8)
    }
}

# The secrets of a job, which are gone from the disk afterwards.
function Read-Secrets([string]$Folder) {
    $secrets = New-Object Collections.ArrayList
    if ([IO.File]::Exists($Folder + '\secrets')) {
        $key = [Convert]::FromBase64String([IO.File]::ReadAllText($Folder + '\key', $Utf8))
        $text = Unprotect-Text ([IO.File]::ReadAllText($Folder + '\secrets', $Utf8)) $key
        [IO.File]::Delete($Folder + '\secrets')
        [IO.File]::Delete($Folder + '\key')
        # A list of one comes out of the function as its only element.
        $secrets = @(ConvertFrom-JsonText $text)
    }
    return , $secrets
}

# The arguments of powershell.exe in the task: nothing but the directory, whose name is checked. Read as text, because a
# policy may forbid script files.
function Get-RunnerArguments([string]$Folder) {
    return '-NoProfile -NonInteractive -Command "$d=' + "'" + $Folder.Replace("'", "''") + "'" +
        ';&([scriptblock]::Create([IO.File]::ReadAllText($d+' + "'\remote.ps1'" + '))) job $d"'
}

function Start-JobTask([string]$Id, [string]$Folder, [string]$Account, [string]$Password, [int64]$Limit) {
    $program = Expand-Name '%SystemRoot%\System32\WindowsPowerShell\v1.0\powershell.exe' @{}
    try {
        if (Test-Windows2003) {
            Start-Task2003 $Id ($program + ' ' + (Get-RunnerArguments $Folder)) $Account $Password
        } else {
            Start-Task2008 $Id $program (Get-RunnerArguments $Folder) $Account $Password $Limit
        }
    } catch {
        $failure = Get-Failure $_
        $cause = Get-Cause $_
        $code = 0
        if ($cause.GetType().FullName -eq 'System.Runtime.InteropServices.COMException') {
            $code = Get-ResultCode $cause.ErrorCode
        }
        $detail = Add-Code $failure['detail'] $code
        Deny $failure['kind'] ('The job ' + $Id + ' cannot be started as ' + $Account + ': ' + $failure['message']) $detail
    }
}

# Register and run a task. The password goes to Task Scheduler in the call, and nowhere else.
function Start-Task2008([string]$Id, [string]$Program, [string]$Arguments, [string]$Account, [string]$Password, [int64]$Limit) {
    $service = New-Object -ComObject 'Schedule.Service'
    [void]$service.Connect()
    try {
        $folder = $service.GetFolder('\scom.upgrade')
    } catch {
        $folder = $service.GetFolder('\').CreateFolder('scom.upgrade')
    }
    $secret = $null
    $logon = 5
    $logonText = ''
    if ($Account -ne 'SYSTEM') {
        $secret = $Password
        $logon = 1
        $logonText = '<LogonType>Password</LogonType>'
    }
    $xml = '<?xml version="1.0" encoding="UTF-16"?>' +
        '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">' +
        '<RegistrationInfo><Description>' + (Protect-Xml ('scom.upgrade job ' + $Id)) + '</Description></RegistrationInfo>' +
        '<Principals><Principal id="Author"><UserId>' + (Protect-Xml $Account) + '</UserId>' + $logonText +
        '<RunLevel>HighestAvailable</RunLevel></Principal></Principals>' +
        '<Settings><MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>' +
        '<DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries><StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>' +
        '<ExecutionTimeLimit>PT' + $Limit + 'S</ExecutionTimeLimit><Priority>5</Priority></Settings>' +
        '<Actions Context="Author"><Exec><Command>' + (Protect-Xml $Program) + '</Command><Arguments>' + (Protect-Xml $Arguments) +
        '</Arguments></Exec></Actions></Task>'
    [void]$folder.RegisterTask($Id, $xml, 6, $Account, $secret, $logon, $null)
    [void]$folder.GetTask($Id).Run($null)
}

function Protect-Xml([string]$Text) {
    return [Security.SecurityElement]::Escape($Text)
}

# Windows Server 2003 knows schtasks.exe only. It asks for the password on its standard input, so that the password stands on
# no command line; where it does not, the start is refused.
function Start-Task2003([string]$Id, [string]$Command, [string]$Account, [string]$Password) {
    Remove-JobTask $Id
    if ($Command.Length -gt 261) {
        Deny 'invalid_argument' 'The id of the job is too long for Windows Server 2003.'
    }
    $name = 'scom.upgrade-' + $Id
    $arguments = @('/create', '/tn', $name, '/tr', $Command, '/sc', 'once', '/st', '23:59:00', '/ru', $Account)
    $text = ''
    if ($Account -ne 'SYSTEM') {
        $arguments += @('/rp', '*')
        $text = $Password + "`r`n"
    }
    foreach ($step in @($arguments, $text), @(@('/run', '/tn', $name), '')) {
        $done = Invoke-Program 'schtasks.exe' (Join-Arguments $step[0]) '' $step[1] 60
        if ($done['rc'] -ne 0) {
            $said = ($done['stderr'] + $done['stdout']).Trim()
            $kind = $(if ($said -match '0x8007052E|Logon failure|password') { 'access_denied' } else { 'io' })
            $code = 0
            if ($said -match '0x8007([0-9A-Fa-f]{4})') {
                $code = [Convert]::ToInt64($matches[1], 16)
            } elseif ($said -match 'Logon failure: unknown user name') {
                $code = 1326
            }
            Deny $kind $said (Add-Code @{} $code)
        }
    }
}

# The task of a job that is registered: {running, result}; nothing when there is none. 2003 cannot be asked for one.
function Get-JobTask([string]$Id) {
    if (Test-Windows2003) {
        return @{ running = $true; result = 0 }
    }
    try {
        $service = New-Object -ComObject 'Schedule.Service'
        [void]$service.Connect()
        $task = $service.GetFolder('\scom.upgrade').GetTask($Id)
        return @{ running = (2, 4 -contains $task.State); result = [int64]$task.LastTaskResult; task = $task }
    } catch {
        return $null
    }
}

function Remove-JobTask([string]$Id) {
    try {
        if (Test-Windows2003) {
            [void](Invoke-Program 'schtasks.exe' (Join-Arguments @('/delete', '/tn', ('scom.upgrade-' + $Id), '/f')) '' '' 60)
        } else {
            $service = New-Object -ComObject 'Schedule.Service'
            [void]$service.Connect()
            [void]$service.GetFolder('\scom.upgrade').DeleteTask($Id, 0)
        }
    } catch {
        # There is none.
        return
    }
}

# Wait until the runner says that it runs. A task that ended without a word failed; 267011 = has not run yet, 267009 = runs.
function Wait-JobStart([string]$Id, [string]$Folder) {
    for ($waited = 0; $waited -lt 60000; $waited += 250) {
        if ([IO.File]::Exists($Folder + '\started.json') -or [IO.File]::Exists($Folder + '\finished.json')) {
            break
        }
        $task = Get-JobTask $Id
        if ($null -eq $task -or (-not $task['running'] -and 267009, 267011 -notcontains $task['result'])) {
            Start-Sleep -Milliseconds 250
            break
        }
        Start-Sleep -Milliseconds 250
    }
    $finished = Read-Json ($Folder + '\finished.json')
    if ($null -ne $finished -and $null -ne $finished['error']) {
        Deny ([string]$finished['error']['kind']) ([string]$finished['error']['message'])
    }
    if ($null -eq $finished -and -not [IO.File]::Exists($Folder + '\started.json')) {
        $task = Get-JobTask $Id
        $code = 1
        if ($null -ne $task) {
            $code = $task['result']
        }
        Deny 'io' ('The task of job ' + $Id + ' did not start its program (result 0x' + ([int64]$code -band 4294967295).ToString('X8') +
            '). Check the account and its right to log on as a batch job.') (Add-Code @{} (Get-ResultCode $code))
    }
}

# {state, rc, started, finished} and the account's profile, by the directory and the program that runs.
function Get-JobState([string]$Id) {
    $folder = Get-JobFolder $Id
    $known = @{ state = 'absent'; rc = $null; started = $null; finished = $null; profile = @{}; process = $null }
    if (-not [IO.File]::Exists($folder + '\lock')) {
        return $known
    }
    $started = Read-Json ($folder + '\started.json')
    if ($null -ne $started) {
        $known['started'] = $started['started']
        $known['profile'] = $started['profile']
        $known['process'] = Get-JobProcess $started
    }
    $finished = Read-Json ($folder + '\finished.json')
    if ($null -eq $finished -and $null -ne $started -and $null -eq $known['process']) {
        # Its program ended; the runner may be about to write down how.
        for ($waited = 0; $waited -lt 3000 -and $null -eq $finished; $waited += 250) {
            Start-Sleep -Milliseconds 250
            $finished = Read-Json ($folder + '\finished.json')
        }
        $known['state'] = 'lost'
    }
    if ($null -ne $finished) {
        $known['state'] = 'finished'
        $known['rc'] = $finished['rc']
        $known['finished'] = $finished['finished']
        if ($null -eq $known['started']) {
            $known['started'] = $finished['finished']
        }
    } elseif ($known['state'] -ne 'lost') {
        $known['state'] = $(if ($null -ne $started -or (Test-Young $folder)) { 'running' } else { 'lost' })
    }
    return $known
}

# The job's program while it runs. Its id alone may be another's by now, after a restart.
function Get-JobProcess($Started) {
    try {
        $process = [Diagnostics.Process]::GetProcessById([int]$Started['pid'])
        if (-not $process.HasExited -and $process.ProcessName -eq [string]$Started['name']) {
            return $process
        }
    } catch {
        return $null
    }
    return $null
}

# Whether a job that has not started was made only now.
function Test-Young([string]$Folder) {
    $job = Read-Json ($Folder + '\job.json')
    if ($null -eq $job) {
        return $false
    }
    $age = (ConvertFrom-Time (Get-Now)) - (ConvertFrom-Time ([string]$job['created']))
    return $age.TotalSeconds -lt 120
}

function Invoke-JobPoll($A) {
    $id = Get-JobId $A
    $offset = Get-Number $A 'offset' 0
    $logOffset = Get-Number $A 'log_offset' 0
    $known = Get-JobState $id
    $value = @{
        state = $known['state']; rc = $known['rc']; started = $known['started']; finished = $known['finished']
        stdout = ''; next_offset = $offset; log = $null
    }
    $output = (Get-JobFolder $id) + '\out.txt'
    if ([IO.File]::Exists($output)) {
        $piece = Read-Tail $output $offset 65536
        $value['stdout'] = $piece['text']
        $value['next_offset'] = $piece['next_offset']
    }
    if ([string]$A['log'] -ne '' -and $known['state'] -ne 'absent') {
        $value['log'] = Read-ProductLog ([string]$A['log']) $known $logOffset
    }
    return @{ value = $value; changed = $false }
}

# The new text of the newest file that fits the pattern and was written since the job started. Names such as %LOCALAPPDATA%
# are those of the account that the job runs as.
function Read-ProductLog([string]$Pattern, $Known, [int64]$Offset) {
    $path = (Expand-Name $Pattern $Known['profile']).Replace('/', '\')
    $cut = $path.LastIndexOf('\')
    if ($path -notmatch '^[A-Za-z]:' -or $cut -lt 0) {
        return $null
    }
    $folder = $path.Substring(0, $cut + 1)
    $name = $path.Substring($cut + 1)
    if ((Get-PathKind $folder) -ne 'directory') {
        return $null
    }
    $newest = $null
    foreach ($entry in (Get-Entries $folder $name $false)) {
        $since = [string]$Known['started']
        $fits = -not $entry['directory'] -and [string]::CompareOrdinal((Format-Time $entry['modified']), $since) -ge 0
        if ($fits -and ($null -eq $newest -or $entry['modified'] -ge $newest['modified'])) {
            $newest = $entry
        }
    }
    if ($null -eq $newest) {
        return $null
    }
    $piece = Read-Tail $newest['path'] $Offset 65536
    return @{ path = $newest['path']; text = $piece['text']; next_offset = $piece['next_offset'] }
}

# End the program of a job; its runner then writes down how it ended.
function Stop-Job2([string]$Id, $Known) {
    $finished = (Get-JobFolder $Id) + '\finished.json'
    if ($null -ne $Known['process']) {
        try {
            $Known['process'].Kill()
        } catch [InvalidOperationException] {
            # It ended in this very moment.
            $Known['process'] = $null
        }
        for ($waited = 0; $waited -lt 15000 -and -not [IO.File]::Exists($finished); $waited += 250) {
            Start-Sleep -Milliseconds 250
        }
    }
    if (-not [IO.File]::Exists($finished)) {
        $task = Get-JobTask $Id
        if ($null -ne $task -and $task.ContainsKey('task')) {
            [void]$task['task'].Stop(0)
        }
    }
}

function Invoke-JobStop($A) {
    $id = Get-JobId $A
    $known = Get-JobState $id
    $running = $known['state'] -eq 'running'
    if (-not $running -or (Test-Checking $A)) {
        return @{ value = @{ state = $known['state'] }; changed = $running }
    }
    Stop-Job2 $id $known
    return @{ value = @{ state = (Get-JobState $id)['state'] }; changed = $true }
}

function Invoke-JobRemove($A) {
    $id = Get-JobId $A
    $known = Get-JobState $id
    $there = $known['state'] -ne 'absent'
    if (-not $there -or (Test-Checking $A)) {
        return @{ value = @{ state = $known['state'] }; changed = $there }
    }
    if ($known['state'] -eq 'running') {
        Stop-Job2 $id $known
    }
    Remove-JobTask $id
    Remove-Folder (Get-JobFolder $id)
    return @{ value = @{ state = $known['state'] }; changed = $true }
}

# Delete a job's directory; its runner may hold a file for one moment more.
function Remove-Folder([string]$Path) {
    for ($try = 0; $try -lt 20; $try++) {
        try {
            [IO.Directory]::Delete($Path, $true)
            return
        } catch [IO.IOException] {
            Start-Sleep -Milliseconds 250
        }
    }
    [IO.Directory]::Delete($Path, $true)
}

# What the task runs: start the program, write its output down, and then how it ended.
function Invoke-JobRunner([string]$Folder) {
    $job = Read-Json ($Folder + '\job.json')
    $secrets = Read-Secrets $Folder
    $arguments = @()
    foreach ($item in $job['arguments']) {
        $arguments += Show-Secret $item $secrets
    }
    $text = ''
    if ($null -ne $job['input']) {
        $text = Show-Secret $job['input'] $secrets
    }
    try {
        $process = Start-Program ([string]$job['path']) (Join-Arguments $arguments) ([string]$job['directory'])
    } catch {
        $failure = Get-Failure $_
        $problem = @{ kind = $failure['kind']; message = $failure['message'] }
        Write-Json ($Folder + '\finished.json') @{ rc = $null; finished = Get-Now; error = $problem }
        return 1
    }
    $names = Get-Names
    $places = @{}
    foreach ($name in 'LOCALAPPDATA', 'APPDATA', 'USERPROFILE', 'TEMP', 'USERNAME') {
        if ($names.ContainsKey($name)) {
            $places[$name] = $names[$name]
        }
    }
    if (-not $places.ContainsKey('LOCALAPPDATA')) {
        # Windows Server 2003 has the folder but not the variable.
        $places['LOCALAPPDATA'] = [Environment]::GetFolderPath([Environment+SpecialFolder]::LocalApplicationData)
    }
    $name = [IO.Path]::GetFileNameWithoutExtension([string]$job['path'])
    Write-Json ($Folder + '\started.json') @{ pid = $process.Id; name = $name; started = Get-Now; profile = $places }
    Send-Input $process $text
    $pipes = New-Pipes $process
    $step = 100
    while (-not $process.WaitForExit($step)) {
        Add-Output $Folder ((Read-Pipe $pipes['out']) + (Read-Pipe $pipes['err']))
        $step = [Math]::Min(1000, $step * 2)
    }
    $rest = Read-Rest $pipes
    Add-Output $Folder ($rest['out'] + $rest['err'])
    Write-Json ($Folder + '\finished.json') @{ rc = $process.ExitCode; finished = Get-Now }
    return 0
}

function Add-Output([string]$Folder, [string]$Text) {
    if ($Text -ne '') {
        [IO.File]::AppendAllText($Folder + '\out.txt', $Text, $Utf8)
    }
}

# ---- the batch --------------------------------------------------------------------------------------------------------------------------------------------

function Invoke-Operation([string]$Op, $A) {
    switch -casesensitive ($Op) {
        'system.info' { return Invoke-SystemInfo $A }
        'registry.read' { return Invoke-RegistryRead $A }
        'registry.write' { return Invoke-RegistryWrite $A }
        'registry.delete' { return Invoke-RegistryDelete $A }
        'wmi.query' { return Invoke-WmiQuery $A }
        'service.list' { return Invoke-ServiceList $A }
        'service.set' { return Invoke-ServiceSet $A }
        'file.stat' { return Invoke-FileStat $A }
        'file.list' { return Invoke-FileList $A }
        'file.read' { return Invoke-FileRead $A }
        'file.tail' { return Invoke-FileTail $A }
        'file.write' { return Invoke-FileWrite $A }
        'file.delete' { return Invoke-FileDelete $A }
        'file.mkdir' { return Invoke-FileMkdir $A }
        'command.run' { return Invoke-CommandRun $A }
        'job.start' { return Invoke-JobStart $A }
        'job.poll' { return Invoke-JobPoll $A }
        'job.stop' { return Invoke-JobStop $A }
        'job.remove' { return Invoke-JobRemove $A }
        'sql.query' { return Invoke-SqlQuery $A }
        'opsmgr.run' { return Invoke-OpsmgrRun $A }
        'eventlog.read' { return Invoke-EventlogRead $A }
        'tcp.test' { return Invoke-TcpTest $A }
        'download' { return Invoke-Download $A }
        'reboot' { return Invoke-Reboot $A }
    }
    Deny 'unsupported' ('There is no operation ' + $Op + '.')
}

# The answer to one operation; it fails alone.
function Get-Answer($Item) {
    $op = [string]$Item['op']
    $id = [string]$Item['id']
    if ($id -eq '') {
        $id = $op
    }
    $arguments = $Item['args']
    if ($null -eq $arguments) {
        $arguments = @{}
    }
    $watch = [Diagnostics.Stopwatch]::StartNew()
    try {
        $result = @(Invoke-Operation $op $arguments)[-1]
        $answer = @{ id = $id; ok = $true; changed = [bool]$result['changed']; value = $result['value'] }
    } catch {
        $answer = @{ id = $id; ok = $false; error = (Get-Failure $_) }
    }
    $answer['ms'] = $watch.ElapsedMilliseconds
    return $answer
}

function Invoke-Batch([string]$Packed) {
    $batch = ConvertFrom-JsonText (Expand-Packed $Packed)
    if ($batch['version'] -ne 1 -or $batch['operations'] -isnot [Collections.ArrayList]) {
        return @{ version = 1; error = @{ kind = 'unsupported'; message = 'This is not a batch of version 1.'; detail = @{} } }
    }
    $results = New-Object Collections.ArrayList
    $failed = $false
    foreach ($item in $batch['operations']) {
        if ($failed -and [bool]$batch['stop_on_error']) {
            $id = [string]$item['id']
            if ($id -eq '') {
                $id = [string]$item['op']
            }
            $skipped = @{ kind = 'skipped'; message = 'An earlier operation failed.'; detail = @{} }
            [void]$results.Add(@{ id = $id; ok = $false; ms = 0; error = $skipped })
            continue
        }
        $answer = Get-Answer $item
        $failed = $failed -or -not $answer['ok']
        [void]$results.Add($answer)
    }
    return @{ version = 1; results = $results }
}

if ($Nonce -eq 'job') {
    exit (Invoke-JobRunner $Batch)
}
try {
    $answer = Invoke-Batch $Batch
} catch {
    $answer = @{ version = 1; error = (Get-Failure $_) }
}
Write-Frame (ConvertTo-JsonText $answer)
exit 0
