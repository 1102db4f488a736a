using Pilothouse.EndToEnd.World;
using Xunit;

namespace Pilothouse.EndToEnd.OfficialClient;

/// <summary>The client waits 15 minutes for a remote build, and takes what has not ended by then for done. A server of its own, since the limit is the server's.</summary>
public sealed class WaitTests
{
    [Fact]
    public async Task A8_21_a_build_without_end_gets_its_final_status_and_the_client_says_why()
    {
        await using var server = await RunningServer.StartAsync(new Dictionary<string, string>(StringComparer.Ordinal) { ["Builds:TimeLimit"] = "00:00:05" });
        using var project = new ProjectFolder("echo-js");

        var ended = await OfficialCli.RunAsync(
            server, project.Path, "deploy", "--remote", "--no-input", "--name", "endless", "--install-command", "sleep 600");

        Assert.Equal(1, ended.Code);
        Assert.Contains("The build took longer than 00:00:05", ended.Output + ended.Error, StringComparison.Ordinal);
        var deployment = (await new ControlPlane(server).SendAsync(HttpMethod.Get, "/v2/deployments?name=endless")).GetProperty("resources")[0];
        var revisions = await new ControlPlane(server).SendAsync(HttpMethod.Get, $"/v2/deployments/{deployment.GetProperty("id").GetString()}/revisions");
        Assert.Equal("BUILD_FAILED", revisions.GetProperty("resources")[0].GetProperty("status").GetString());
        Assert.Empty(Processes.OfBuilds(server.DataDirectory));
    }
}
