using Pilothouse.EndToEnd.World;
using Xunit;

namespace Pilothouse.EndToEnd.Hostile;

/// <summary>T1 of builds: the files of a source, and the commands that run by design and reach nothing outside the sandbox.</summary>
[Collection(SharedServer.Name)]
public sealed class BuildInjectionTests(ServerFixture world)
{
    [Fact]
    public async Task T1_no_text_inside_a_source_is_obeyed_and_every_build_says_what_is_wrong()
    {
        using var canary = new Canary();
        var payloads = Payloads.For(canary.File);
        var silent = new System.Collections.Concurrent.ConcurrentQueue<string>();

        await Attack.AllAsync(HostileBuilds.Places, async place =>
        {
            var id = (await world.Control.CreateAsync(ServerFixture.Name("place"))).GetProperty("id").GetString()!;
            foreach (var text in payloads)
            {
                var revision = await world.Control.DeployAsync(id, place.Value(text));
                var status = await world.Control.FinalAsync(id, revision);
                var log = await world.Control.LogAsync(id, revision, "build");
                if (status != "BUILD_FAILED" || !log.Split('\n').Any(IsSentence)) silent.Enqueue($"{place.Key} {text[..Math.Min(60, text.Length)]}: {status}\n{log}");
            }

            await world.Control.SendAsync(HttpMethod.Delete, $"/v2/deployments/{id}");
        });

        Assert.True(silent.IsEmpty, string.Join("\n\n", silent));
        canary.AssertAbsent(world.Server.DataDirectory);
        TestContext.Current.TestOutputHelper?.WriteLine($"{HostileBuilds.Places.Count * payloads.Count} builds");
    }

    /// <summary>What the rule of banned characters lets through is run, in the sandbox.</summary>
    [Theory]
    [InlineData("touch CANARY && false")]
    [InlineData("touch DATA/obeyed && false")]
    [InlineData("cp /etc/hostname DATA/obeyed && false")]
    [InlineData("cat DATA/bootstrap-key")]
    [InlineData("ls DATA/uploads DATA/secrets")]
    [InlineData("kill -9 SERVER")]
    [InlineData("--upload-pack=touch CANARY")]
    [InlineData("-oProxyCommand=touch CANARY")]
    public async Task T1_a_command_that_may_run_reaches_nothing_outside_its_sandbox(string command)
    {
        using var canary = new Canary();
        var id = (await world.Control.CreateAsync(ServerFixture.Name("command"))).GetProperty("id").GetString()!;
        await world.Control.SendAsync(HttpMethod.Patch, $"/v2/deployments/{id}", new
        {
            source_config = new
            {
                install_command = command
                    .Replace("CANARY", canary.File, StringComparison.Ordinal)
                    .Replace("DATA", world.Server.DataDirectory, StringComparison.Ordinal)
                    .Replace("SERVER", $"{world.Server.ProcessId}", StringComparison.Ordinal),
            },
        });

        var revision = await world.Control.DeployAsync(id, MirrorAgent.Source());

        Assert.Equal("BUILD_FAILED", await world.Control.FinalAsync(id, revision));
        var log = await world.Control.LogAsync(id, revision, "build");
        Assert.Contains(log.Split('\n'), IsSentence);
        Assert.DoesNotContain(world.Server.Key, log, StringComparison.Ordinal);
        canary.AssertAbsent(world.Server.DataDirectory);
        await world.Control.SendAsync(HttpMethod.Delete, $"/v2/deployments/{id}");
    }

    private static bool IsSentence(string line) => line.StartsWith("ERROR ", StringComparison.Ordinal) && line.Length > 25;
}
