using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Pilothouse.Core;
using Pilothouse.Core.Deployments;
using Pilothouse.Core.Runtimes;
using Pilothouse.Runtimes.Process.Limits;
using Pilothouse.Runtimes.Process.Sweeping;
using Pilothouse.Testing;
using Pilothouse.Testing.Runtimes;
using Xunit;

namespace Pilothouse.Runtimes.Process.Tests;

/// <summary>A runtime with a data directory of its own; afterwards nothing of it may be left.</summary>
public abstract class ProcessRuntimeTest : IAsyncLifetime
{
    private readonly List<ProcessRuntime> _runtimes = [];

    protected string Root { get; } = Directory.CreateTempSubdirectory("pilothouse-process-").FullName;

    protected RecordingObserver Observer { get; } = new();

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected static TimeSpan StopLimit { get; } = TimeSpan.FromSeconds(10);

    /// <summary>Restarts and looks quickly.</summary>
    internal static ProcessRuntimeOptions OptionsFor(string root) => new()
    {
        DataDirectory = Path.Combine(root, "data"),
        ToolchainDirectory = Path.Combine(root, "toolchain"),
        FirstBackoff = TimeSpan.FromMilliseconds(10),
        LongestBackoff = TimeSpan.FromMilliseconds(50),
        SweepLimit = TimeSpan.FromSeconds(4),
        MeasureInterval = TimeSpan.FromMilliseconds(50),
    };

    /// <summary>Alive processes with <paramref name="root"/> in their marker.</summary>
    internal static IReadOnlyList<ProcessEntry> ProcessesBelow(string root)
    {
        var marker = Encoding.UTF8.GetBytes($"{LaunchPlan.MarkerVariable}={root}");
        return [.. ProcessTable.All().Where(entry => entry.IsAlive && ProcessTable.HasVariable(entry.Identity.Id, marker))];
    }

    /// <summary>Cgroups of replicas below <paramref name="root"/>.</summary>
    internal static IReadOnlyList<string> GroupsBelow(string root)
    {
        var hierarchy = CgroupHierarchy.Find(File.ReadAllText("/proc/self/mounts"), File.ReadAllText("/proc/self/cgroup"));
        var parent = CgroupLimits.ParentName(OptionsFor(root).ReplicasDirectory);
        return
        [
            .. new[] { hierarchy?.Memory, hierarchy?.Cpu }.OfType<string>()
                .Select(directory => Path.Combine(directory, parent))
                .Where(Directory.Exists)
                .SelectMany(Directory.EnumerateDirectories),
        ];
    }

    /// <summary>The throw-away directories of the replicas that run below <paramref name="root"/>, as their environment names them.</summary>
    internal static IReadOnlyList<string> TemporaryDirectoriesBelow(string root) =>
    [
        .. ProcessesBelow(root)
            .SelectMany(entry => (ProcessTable.ReadText($"/proc/{entry.Identity.Id}/environ") ?? "").Split('\0'))
            .Where(variable => variable.StartsWith("TMPDIR=", StringComparison.Ordinal))
            .Select(variable => variable["TMPDIR=".Length..])
            .Distinct(StringComparer.Ordinal),
    ];

    /// <summary>Files of the runtime's records.</summary>
    internal static IReadOnlyList<string> RecordsBelow(string root)
    {
        var directory = OptionsFor(root).ReplicasDirectory;
        return Directory.Exists(directory) ? Directory.GetFiles(directory) : [];
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var runtime in _runtimes)
            await runtime.DisposeAsync();
        var left = ProcessesBelow(Root);
        Members.Signal(left, 9);
        var groups = GroupsBelow(Root);
        var records = RecordsBelow(Root);
        Directory.Delete(Root, recursive: true);
        GC.SuppressFinalize(this);
        Assert.Empty(left);
        Assert.Empty(groups);
        Assert.Empty(records);
    }

    internal ProcessRuntime Create(
        ProcessRuntimeOptions? options = null, ILogger<ProcessRuntime>? logger = null, params IReplicaObserver[] observers)
    {
        var runtime = new ProcessRuntime(
            Options.Create(options ?? OptionsFor(Root)), [.. observers, Observer], TimeProvider.System,
            logger ?? NullLogger<ProcessRuntime>.Instance);
        _runtimes.Add(runtime);
        return runtime;
    }

    protected ReplicaSpec Spec(string script) => SpecOf(Root, script);

    /// <summary>A new deployment's only replica, which runs <paramref name="script"/>.</summary>
    internal static ReplicaSpec SpecOf(string root, string script)
    {
        var deployment = DeploymentId.New();
        return new ReplicaSpec
        {
            Name = ReplicaName.Of(deployment, 1, 0, isScratch: false),
            Workspace = WorkspaceId.New(),
            Deployment = deployment,
            Revision = RevisionId.New(),
            Launch = Servers.Launch(root, script),
            ArtifactDirectory = root,
            StateDirectory = Path.Combine(root, "data", "state", deployment.Value.ToString("N")),
            Environment = new Dictionary<string, string>(StringComparer.Ordinal),
            Limits = ReplicaLimits.Development,
            ReadyLimit = TimeSpan.FromMinutes(1),
        };
    }

    internal static Task<ReplicaStatus> UntilAsync(ProcessRuntime runtime, ReplicaSpec spec, Func<ReplicaStatus, bool> isThere) =>
        Eventually.ReadAsync(() => runtime.Find(spec.Name) ?? throw new InvalidOperationException($"{spec.Name} is not known."), isThere);

    internal static async Task<ReplicaStatus> StartUntilReadyAsync(ProcessRuntime runtime, ReplicaSpec spec)
    {
        await runtime.StartAsync(spec, Cancel);
        return await UntilAsync(runtime, spec, status => status.Phase == ReplicaPhase.Ready);
    }

    /// <summary>Messages of the replicas' log so far.</summary>
    protected IReadOnlyList<string> Messages => [.. Observer.Lines.Select(line => line.Message)];

    protected static Task<string> UntilFileAsync(string file) =>
        Eventually.ReadAsync(() => File.Exists(file) ? File.ReadAllText(file) : "", text => text.Length > 0);
}
