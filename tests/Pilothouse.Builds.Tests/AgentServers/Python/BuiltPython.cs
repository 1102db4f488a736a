using Pilothouse.Builds.AgentServers;
using Pilothouse.Builds.Tests.AgentServers.JavaScript;
using Pilothouse.Core.Launching;
using Xunit;

namespace Pilothouse.Builds.Tests.AgentServers.Python;

/// <summary>A project that was really built, and moved away afterwards from where it was built.</summary>
internal sealed class BuiltPython : IAsyncDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("pilothouse-python-").FullName;

    private BuiltPython()
    {
    }

    public AgentServerBuild Result { get; private set; } = null!;

    public RecordedLog Log { get; } = new();

    public LaunchSpec Launch => Result is AgentServerBuild.Ready ready ? ready.Launch : throw new InvalidOperationException($"{Result}\n{Log.Text}");

    public string Artifact => Path.Combine(_root, "artifact");

    public string BuiltAt => Path.Combine(_root, "build");

    public static async Task<BuiltPython> BuildAsync(string configPath, params (string Path, string Text)[] files)
    {
        var built = new BuiltPython();
        var project = PythonHost.Project(Path.Combine(built.BuiltAt, "src"), configPath, files);
        Assert.Empty(PythonHost.Server.Faults(project));
        built.Result = await PythonHost.Server.BuildAsync(project, PythonHost.RunAsync, built.Log, TestContext.Current.CancellationToken);
        if (built.Result is AgentServerBuild.Ready) Directory.Move(built.BuiltAt, built.Artifact);
        return built;
    }

    public string NewState() => Directory.CreateDirectory(Path.Combine(_root, $"state-{Guid.NewGuid():N}")).FullName;

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_root, recursive: true);
        return ValueTask.CompletedTask;
    }
}

/// <summary>samples/echo-py, built once for all tests.</summary>
public sealed class BuiltEcho : IAsyncLifetime
{
    private BuiltPython _built = null!;

    public LaunchSpec Launch => _built.Launch;

    public string Artifact => _built.Artifact;

    public string NewState() => _built.NewState();

    public async ValueTask InitializeAsync() => _built = await BuiltPython.BuildAsync(
        "langgraph.json",
        [.. Directory.EnumerateFiles(PythonHost.EchoSample).Select(file => (Path.GetFileName(file), File.ReadAllText(file)))]);

    public ValueTask DisposeAsync() => _built.DisposeAsync();
}
