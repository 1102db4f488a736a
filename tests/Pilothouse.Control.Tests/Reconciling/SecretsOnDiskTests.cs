using System.Text;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Listeners;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing.Builds;
using Xunit;

namespace Pilothouse.Control.Tests.Reconciling;

public sealed class SecretsOnDiskTests
{
    [Fact]
    public async Task T8_secrets_that_builds_agents_and_listeners_print_are_nowhere_on_disk_or_in_answers()
    {
        var secrets = Enumerable.Range(0, 64).ToDictionary(number => $"S{number}", number => $"marker-{number}-{Guid.NewGuid():N}");
        var all = string.Join(' ', secrets.Values);
        var engine = new FakeBuildEngine
        {
            Behaviour = (request, log, _) =>
            {
                foreach (var value in secrets.Values) log.Write("INFO", $"env has {value}");
                return Task.FromResult<BuildOutcome>(FakeBuildEngine.BuiltOf(request));
            },
        };
        await using var world = await ControlWorld.StartAsync(engine);
        var deployment = await world.DeploymentAsync();
        var revision = await world.QueueAsync(deployment, secrets: secrets);
        await world.UntilAsync(revision, RevisionStatus.AwaitingDeploy);
        var workspace = (await world.DeploymentRowAsync(deployment)).WorkspaceId;
        var now = TimeProvider.System.GetUtcNow();
        await world.Protocol.SendLogsAsync(
            new LogBatch(
                EmbeddedListener.Id, Guid.CreateVersion7(),
                [.. secrets.Values.Select(value => new ReportedLog(workspace, deployment, revision, now, "INFO", $"{{\"key\":\"{value}\"}}"))]),
            ControlHost.Cancel);
        await world.ReportAsync(deployment, revision, "failed", report => report with
        {
            Message = all,
            Events = [new ReportedEvent("told", now, "failing", all, System.Text.Json.JsonSerializer.SerializeToElement(all))],
        });
        engine.Behaviour = (_, _, _) => Task.FromResult<BuildOutcome>(new BuildOutcome.Refused(all));
        var second = await world.QueueAsync(await world.DeploymentAsync(), secrets: secrets);
        await world.UntilAsync(second, RevisionStatus.BuildFailed);

        var said = new StringBuilder();
        using var client = world.Host.Client();
        foreach (var path in new[] { "events", $"revisions/{revision}/events", $"revisions/{revision}/logs?type=build", $"revisions/{revision}/logs?type=deploy" })
            said.Append(await client.GetStringAsync($"/v2/deployments/{deployment}/{path}", ControlHost.Cancel));
        foreach (var file in Directory.GetFiles(world.Host.Directory, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)))
            said.Append(Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, ControlHost.Cancel)));

        Assert.Contains("env has ***", said.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("marker-", said.ToString(), StringComparison.Ordinal);
    }
}
