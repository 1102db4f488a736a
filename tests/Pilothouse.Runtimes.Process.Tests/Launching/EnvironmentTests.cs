using System.Collections;
using System.Text.Json;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Runtimes;
using Pilothouse.Runtimes.Process.Tests.World;
using Xunit;

namespace Pilothouse.Runtimes.Process.Tests.Launching;

/// <summary>What a replica's process really gets.</summary>
public sealed class EnvironmentTests : ProcessRuntimeTest
{
    private const string Tells = "write('environment.json', JSON.stringify(process.env)); listen(); onTerm(() => process.exit(0));";

    [Fact]
    public async Task Secrets_win_over_the_project_and_the_project_over_the_agent_server()
    {
        var spec = Spec(Tells);
        var environment = await StartAsync(spec with
        {
            Launch = spec.Launch with
            {
                Environment = Variables(("SERVER", "server"), ("PROJECT", "server"), ("SECRET", "server"), ("HOME", "${artifact}/${port}")),
                ProjectEnvironment = Variables(("PROJECT", "project"), ("SECRET", "project"), ("LITERAL", "${state}")),
                ScratchEnvironment = Variables(("SERVER", "scratch")),
            },
            Environment = Variables(("SECRET", "secret"), ("VERBATIM", "${port} $HOME \"'\\ \n\tЖ€🜁 =")),
        });

        Assert.Equal(("server", "project", "secret"), (environment["SERVER"], environment["PROJECT"], environment["SECRET"]));
        Assert.Equal("${state}", environment["LITERAL"]);
        Assert.Equal("${port} $HOME \"'\\ \n\tЖ€🜁 =", environment["VERBATIM"]);
        Assert.Equal($"{Root}/{environment["PORT"]}", environment["HOME"]);
    }

    [Fact]
    public async Task What_belongs_to_the_replica_is_nobody_elses_to_set()
    {
        var spec = Spec(Tells);
        var theirs = Variables(("PORT", "1"), (LaunchPlan.MarkerVariable, "/elsewhere"));
        var environment = await StartAsync(spec with
        {
            Launch = spec.Launch with { Environment = theirs, ProjectEnvironment = theirs },
            Environment = theirs,
        });

        Assert.NotEqual("1", environment["PORT"]);
        Assert.Equal($"{OptionsFor(Root).ReplicasDirectory}/{spec.Name}", environment[LaunchPlan.MarkerVariable]);
    }

    [Fact]
    public async Task Proving_boot_leaves_no_trace_whatever_the_user_sets_and_works_on_state_of_its_own()
    {
        var spec = Spec(Tells) with { IsScratch = true, Environment = Variables(("PERSIST", "yes")) };
        var runtime = Create();
        await StartUntilReadyAsync(runtime, spec with
        {
            Launch = spec.Launch with { ScratchEnvironment = Variables(("PERSIST", "no"), ("DATABASE", "${state}/db")) },
        });
        var scratch = Path.Combine(OptionsFor(Root).ScratchDirectory, spec.Name.Value);
        var environment = await ReadAsync(scratch);
        await runtime.StopAsync(spec.Name, StopLimit, Cancel);

        Assert.Equal(("no", scratch + "/db", scratch), (environment["PERSIST"], environment["DATABASE"], environment["HOME"]));
        Assert.False(Directory.Exists(scratch));
        Assert.False(Directory.Exists(spec.StateDirectory));
    }

    [Fact]
    public async Task Nothing_of_the_control_planes_own_environment_goes_on_but_what_an_operator_means_for_all()
    {
        var ours = Variables(
            ("PILOTHOUSE_BOOTSTRAP_KEY", "lsv2_pt_secret"), ("PILOTHOUSE_MasterKey__Value", "c2VjcmV0"), ("LANGSMITH_API_KEY", "secret"),
            ("AWS_SECRET_ACCESS_KEY", "secret"), ("GITHUB_TOKEN", "secret"), ("ConnectionStrings__Store", "Password=secret"),
            ("LD_PRELOAD", "/nowhere/evil.so"), ("LD_LIBRARY_PATH", "/nowhere"), ("LD_AUDIT", "/nowhere/evil.so"),
            ("NODE_OPTIONS", "--throw-deprecation"), ("NODE_PATH", "/nowhere"), ("PYTHONPATH", "/nowhere"), ("PYTHONHOME", "/nowhere"),
            ("BASH_ENV", "/nowhere"), ("DOTNET_GCHeapCount", "2"), ("ASPNETCORE_URLS", "http://127.0.0.1:1"), ("npm_config_cache", "/nowhere"),
            ("HTTPS_PROXY", "http://127.0.0.1:3128"), ("TZ", "Asia/Tbilisi"), ("NODE_EXTRA_CA_CERTS", "/etc/ssl/ours.pem"));
        using var host = await HostProcess.StartAsync(HostedReplicas.Of(Root, Tells), ours);
        var state = Assert.Single(Directory.GetDirectories(Path.Combine(Root, "data", "state")));
        var environment = await ReadAsync(state);
        await host.StopAsync();

        Assert.Equal(
            ["HOME", "HTTPS_PROXY", "LANG", "NODE_EXTRA_CA_CERTS", "PATH", LaunchPlan.MarkerVariable, "PORT", "TMPDIR", "TZ"],
            environment.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((state, "C.UTF-8", "Asia/Tbilisi"), (environment["HOME"], environment["LANG"], environment["TZ"]));
    }

    [Theory]
    [InlineData("A=B", "x", "'A=B' cannot be the name of an environment variable")]
    [InlineData("", "x", "'' cannot be the name of an environment variable")]
    [InlineData("A\0B", "x", "'A?B' cannot be the name of an environment variable")]
    [InlineData("NUL", "secret\0PATH=/evil", "The value of the environment variable NUL holds a NUL byte")]
    public async Task Variable_that_no_process_can_have_is_refused_with_its_name_and_without_its_value(string name, string value, string why)
    {
        var spec = Spec(Tells) with { Environment = Variables((name, value)) };
        var runtime = Create();
        await runtime.StartAsync(spec, Cancel);

        var refused = await UntilAsync(runtime, spec, status => status.LastExit is not null);

        Assert.Equal($"could not be started: {why}", refused.LastExit!.Reason);
        Assert.False(Directory.Exists(Path.Combine(spec.StateDirectory, "environment.json")));
    }

    [Fact]
    public async Task Environment_of_ten_megabytes_is_refused_with_the_largest_name_and_harms_no_other_replica()
    {
        var runtime = Create();
        var giant = Spec(Tells) with { Environment = Variables(("SMALL", "x"), ("GIANT", new string('x', 10 * 1024 * 1024))) };
        await runtime.StartAsync(giant, Cancel);
        await StartUntilReadyAsync(runtime, Spec(Servers.Healthy));

        var refused = await UntilAsync(runtime, giant, status => status.LastExit is not null);

        Assert.Contains("the largest variable, GIANT, has 10485767", refused.LastExit!.Reason, StringComparison.Ordinal);
        Assert.True(refused.LastExit.Reason.Length < 300);
    }

    [Fact]
    public void Without_a_search_path_of_ours_programs_are_found_on_the_usual_one()
    {
        var site = new LaunchSite(Root, Root, Root, LaunchPlan.Host, 1);

        var plan = LaunchPlan.Plan(Spec(""), site, Root, "marker", new Hashtable(), setpriv: null);

        Assert.StartsWith("/", plan.Program, StringComparison.Ordinal);
        Assert.EndsWith("/node", plan.Program, StringComparison.Ordinal);
    }

    private async Task<Dictionary<string, string>> StartAsync(ReplicaSpec spec)
    {
        await StartUntilReadyAsync(Create(), spec);
        return await ReadAsync(spec.StateDirectory);
    }

    private static async Task<Dictionary<string, string>> ReadAsync(string state) =>
        JsonSerializer.Deserialize<Dictionary<string, string>>(await UntilFileAsync(Path.Combine(state, "environment.json")))!;

    private static Dictionary<string, string> Variables(params IEnumerable<(string Name, string Value)> pairs) =>
        pairs.ToDictionary(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal);
}
