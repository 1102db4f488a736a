using System.Globalization;
using Pilothouse.Bench.Apis;
using Pilothouse.Bench.Deploying;
using Pilothouse.Client;
using Pilothouse.Contracts.Deployments;

namespace Pilothouse.Bench.Scale;

/// <summary>
/// What it costs to have 10,000 deployments and 100,000 revisions: the real server on such a store beside one on a hundredth of it. How flat lists and
/// reads are is <c>api</c>'s.
/// </summary>
internal static class ScaleBench
{
    private const int Few = 100;
    private const int Many = 10_000;
    private const int RevisionsEach = 10;
    private const int SecondsIdle = 60;
    private const string Image = "registry.example/app@sha256:0000000000000000000000000000000000000000000000000000000000000000";

    /// <summary>As often as by default every 30 s, so that an idle minute has two.</summary>
    private static readonly TimeSpan s_settle = TimeSpan.FromSeconds(20);

    public static async Task RunAsync()
    {
        await using var few = await OurServer.StartAsync();
        await using var many = await OurServer.StartAsync();
        await FillAsync(few, Few);
        var ids = await FillAsync(many, Many);
        await Task.Delay(s_settle, TimeProvider.System);

        var before = (Few: few.CpuSeconds, Many: many.CpuSeconds);
        await Task.Delay(TimeSpan.FromSeconds(SecondsIdle), TimeProvider.System);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"idle processor: {(many.CpuSeconds - before.Many) / SecondsIdle:P2} of a core with {Many} deployments, {(few.CpuSeconds - before.Few) / SecondsIdle:P2} with {Few} (resync every 30 s)"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"memory: {many.ResidentBytes / 1048576.0:0} MiB with {Many} deployments, {few.ResidentBytes / 1048576.0:0} MiB with {Few}: {(many.ResidentBytes - few.ResidentBytes) / 1024.0 / (Many - Few):0.00} KiB a deployment"));

        await WakeBench.MeasureAsync($"one on SQLite with {Many} deployments", [many], ids);
        await WakeBench.OnPostgresAsync(1, Many, RevisionsEach);
        await WakeBench.OnPostgresAsync(3, Many, RevisionsEach);
    }

    /// <summary>What the others are copies of, with one revision that has ended.</summary>
    public static async Task<Guid> TemplateAsync(OurServer server)
    {
        var template = await server.Client.CreateDeploymentAsync(new DeploymentCreate
        {
            Name = "seeded-0",
            Source = "external_docker",
            SourceConfig = new SourceConfig(),
            SourceRevisionConfig = new SourceRevisionConfig { ImageUri = Image },
            Secrets = [],
        });
        await UntilEndedAsync(server.Client, template.Id, template.LatestRevisionId!.Value);
        return template.Id;
    }

    private static async Task<IReadOnlyList<Guid>> FillAsync(OurServer server, int count)
    {
        var template = await TemplateAsync(server);
        var ids = SeededDatabase.Fill(server.DatabaseFile, template, count);
        SeededDatabase.FillRevisions(server.DatabaseFile, template, RevisionsEach);
        return ids;
    }

    private static async Task UntilEndedAsync(PilothouseClient client, Guid deployment, Guid revision)
    {
        while (!(await client.GetRevisionAsync(deployment, revision)).Status.EndsWith("FAILED", StringComparison.Ordinal))
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
    }
}
