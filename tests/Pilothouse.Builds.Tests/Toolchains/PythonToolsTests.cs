using Pilothouse.Builds.Tests.AgentServers.JavaScript;
using Pilothouse.Builds.Tests.AgentServers.Python;
using Pilothouse.Builds.Toolchains;
using Pilothouse.Core.Builds;
using Xunit;

namespace Pilothouse.Builds.Tests.Toolchains;

public sealed class PythonToolsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("pilothouse-tools-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private PythonTools Tools(RunCommand run) => new(new HostToolchains(Path.Combine(_root, "toolchains"), Path.Combine(_root, "caches"), TimeProvider.System), run);

    [Fact]
    public async Task Interpreter_is_the_real_one_and_of_the_asked_version()
    {
        var search = await Tools(PythonHost.RunAsync).PythonAsync(11, new RecordedLog(), TestContext.Current.CancellationToken);

        Assert.StartsWith("3.11.", search.Tool!.Version, StringComparison.Ordinal);
        Assert.Null(File.ResolveLinkTarget(search.Tool.Program, returnFinalTarget: true));
    }

    [Fact]
    public async Task Uv_is_brought_into_the_toolchain_once_and_takes_the_operators_sources()
    {
        var log = new RecordedLog();
        var tools = Tools(PythonHost.RunAsync);

        var first = await tools.UvAsync(log, TestContext.Current.CancellationToken);
        var second = await tools.UvAsync(log, TestContext.Current.CancellationToken);

        Assert.StartsWith(Path.Combine(_root, "toolchains", "uv"), first.Program, StringComparison.Ordinal);
        Assert.Equal(first.Program, second.Program);
        Assert.InRange(log.Lines.Count, 0, 1);
        Assert.Contains("--no-index", second.Command(["pip", "install"], _root).Arguments);
        Assert.Equal(PythonHost.Wheels, second.Command(["pip", "install"], _root).Environment["UV_FIND_LINKS"]);
    }

    [Fact]
    public async Task Host_without_uv_and_pip_is_told_what_to_install()
    {
        var tools = Tools((_, _, _) => Task.FromResult(1));

        var unavailable = await Assert.ThrowsAsync<BuildUnavailableException>(() => tools.UvAsync(new RecordedLog(), TestContext.Current.CancellationToken));

        Assert.Equal("uv is not on the PATH of this host and no Python there has pip to bring it; install uv, or Python with pip.", unavailable.Message);
    }

    [Fact]
    public async Task Nothing_is_found_where_nothing_runs()
    {
        var search = await Tools((_, _, _) => Task.FromResult(127)).PythonAsync(12, new RecordedLog(), TestContext.Current.CancellationToken);

        Assert.Null(search.Tool);
        Assert.Empty(search.There);
    }
}
