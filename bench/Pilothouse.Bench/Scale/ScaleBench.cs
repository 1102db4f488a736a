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
    private const int Patches = 500;
    private const string Image = "registry.example/app@sha256:0000000000000000000000000000000000000000000000000000000000000000";

    /// <summary>As often as by default every 30 s, so that an idle minute has two.</summary>
    private static readonly TimeSpan s_settle = TimeSpan.FromSeconds(20);

    public static async Task RunAsync()
    {
        await using var few = await OurServer.StartAsync();
        await using var many = await OurServer.StartAsync();
        var ids = new Dictionary<OurServer, IReadOnlyList<Guid>> { [few] = await FillAsync(few, Few), [many] = await FillAsync(many, Many) };
        await Task.Delay(s_settle, TimeProvider.System);

        var before = (Few: few.CpuSeconds, Many: many.CpuSeconds);
        await Task.Delay(TimeSpan.FromSeconds(SecondsIdle), TimeProvider.System);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"idle processor: {(many.CpuSeconds - before.Many) / SecondsIdle:P2} of a core with {Many} deployments, {(few.CpuSeconds - before.Few) / SecondsIdle:P2} with {Few} (resync every 30 s)"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"memory: {many.ResidentBytes / 1048576.0:0} MiB with {Many} deployments, {few.ResidentBytes / 1048576.0:0} MiB with {Few}: {(many.ResidentBytes - few.ResidentBytes) / 1024.0 / (Many - Few):0.00} KiB a deployment"));

        foreach (var (name, server) in new[] { ("few", few), ("many", many) }) await FirstStepsAsync(server, ids[server].Take(20), $"warm-up, {name}", isTold: false);
        await FirstStepsAsync(few, Again(ids[few]), $"{Few} deployments", isTold: true);
        await FirstStepsAsync(many, Again(ids[many]), $"{Many} deployments", isTold: true);
    }

    private static IEnumerable<Guid> Again(IReadOnlyList<Guid> ids) => Enumerable.Range(0, Patches).Select(at => ids[at % ids.Count]);

    /// <returns>Ids of some, each of which takes a new revision.</returns>
    private static async Task<IReadOnlyList<Guid>> FillAsync(OurServer server, int count)
    {
        var template = await server.Client.CreateDeploymentAsync(new DeploymentCreate
        {
            Name = "seeded-0",
            Source = "external_docker",
            SourceConfig = new SourceConfig { DeploymentType = "prod" },
            SourceRevisionConfig = new SourceRevisionConfig { ImageUri = Image },
            Secrets = [],
        });
        await UntilEndedAsync(server.Client, template.Id, template.LatestRevisionId!.Value);
        SeededDatabase.Fill(server.DatabaseFile, template.Id, count);
        return SeededDatabase.FillRevisions(server.DatabaseFile, template.Id, RevisionsEach);
    }

    private static async Task UntilEndedAsync(PilothouseClient client, Guid deployment, Guid revision)
    {
        while (!(await client.GetRevisionAsync(deployment, revision)).Status.EndsWith("FAILED", StringComparison.Ordinal))
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
    }

    /// <summary>From the moment that the store has the revision to its first step, as their own times say; there is no runtime for images, so that it ends there.</summary>
    private static async Task FirstStepsAsync(OurServer server, IEnumerable<Guid> deployments, string what, bool isTold)
    {
        var took = new List<double>();
        var number = 0;
        foreach (var deployment in deployments)
        {
            var patched = await server.Client.PatchDeploymentAsync(
                deployment, new DeploymentPatch { SourceRevisionConfig = new SourceRevisionConfig { ImageUri = Image.Replace("app@", $"app-{++number}@", StringComparison.Ordinal) } });
            var revision = patched.LatestRevisionId!.Value;
            await UntilEndedAsync(server.Client, deployment, revision);
            var begun = (await server.Client.GetRevisionAsync(deployment, revision)).CreatedAt;
            await foreach (var step in server.Client.FollowEventsAsync(deployment, revision))
            {
                took.Add((step.At - begun).TotalMilliseconds);
                break;
            }
        }

        took.Sort();
        if (isTold)
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"from PATCH to the first step, {what}: median {Numbers.Median(took):0.0} ms, p99 {took[(int)(took.Count * 0.99)]:0.0} ms of {took.Count} (aim p99 < 100)"));
    }
}
