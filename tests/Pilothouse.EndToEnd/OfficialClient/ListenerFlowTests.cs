using System.Text.Json;
using Pilothouse.EndToEnd.World;
using Xunit;

namespace Pilothouse.EndToEnd.OfficialClient;

/// <summary>The client in a workspace that has listeners. A server of its own, since listeners change what the whole workspace may do.</summary>
public sealed class ListenerFlowTests
{
    private const string Image = $"registry.corp/agent@{DockerStandIn.Digest}";

    [Fact]
    public async Task A8_11_and_26_listeners_are_listed_and_chosen_and_one_is_needed()
    {
        await using var server = await RunningServer.StartAsync();
        var control = new ControlPlane(server);
        using var project = new ProjectFolder("echo-js");
        Task<Ended> Run(params string[] arguments) => OfficialCli.RunAsync(server, project.Path, ["deploy", .. arguments]);
        Task<Ended> Deploy(string name, params string[] placement) =>
            Run(["--no-input", "--no-wait", "--name", name, "--image-uri", Image, .. placement]);

        var none = await Run("listeners", "list");
        var lonely = await Deploy("lonely", "--k8s-namespace", "a");
        var east = await AddAsync(control, "east", "agents");
        var byItself = await Deploy("by-itself", "--k8s-namespace", "agents");
        var west = await AddAsync(control, "west", "a", "b");
        var ended = await Task.WhenAll(
            Run("listeners", "list"),
            Run("listeners", "list", "--json"),
            Deploy("open"),
            Deploy("several", "--k8s-namespace", "a"),
            Deploy("placed", "--listener-id", west, "--k8s-namespace", "b"),
            Deploy("unserved", "--listener-id", west, "--k8s-namespace", "c"),
            Deploy("unknown", "--listener-id", Guid.NewGuid().ToString()),
            Deploy("malformed", "--listener-id", "west"));
        var (table, json, open, several) = (ended[0], ended[1], ended[2], ended[3]);
        var (placed, unserved, unknown, malformed) = (ended[4], ended[5], ended[6], ended[7]);

        Assert.True(none.Code == 0 && none.Output.Contains("No listeners found", StringComparison.Ordinal), none.ToString());
        Assert.True(lonely.Code == 2 && All(lonely).Contains("no listeners", StringComparison.Ordinal), lonely.ToString());
        Assert.True(table.Code == 0 && new[] { east, "east", "agents", west, "west", "a, b" }.All(cell => table.Output.Contains(cell, StringComparison.Ordinal)), table.ToString());
        var raw = await control.SendAsync(HttpMethod.Get, "/v2/listeners?limit=100");
        Assert.True(JsonElement.DeepEquals(raw.GetProperty("resources"), JsonDocument.Parse(json.Output).RootElement), json.ToString());
        Assert.True(byItself.Code == 0, byItself.ToString());
        Assert.Equal((east, "agents"), await PlaceAsync(control, "by-itself"));
        Assert.True(open.Code == 2 && All(open).Contains("listener_id' is required", StringComparison.Ordinal), open.ToString());
        Assert.True(several.Code == 2 && All(several).Contains(east, StringComparison.Ordinal) && All(several).Contains(west, StringComparison.Ordinal), several.ToString());
        Assert.True(placed.Code == 0, placed.ToString());
        Assert.Equal((west, "b"), await PlaceAsync(control, "placed"));
        Assert.True(unserved.Code == 2, unserved.ToString());
        Assert.True(unknown.Code == 2 && All(unknown).Contains("cluster west", StringComparison.Ordinal), unknown.ToString());
        Assert.True(malformed.Code == 2 && All(malformed).Contains("cluster west", StringComparison.Ordinal), malformed.ToString());
        var names = (await control.SendAsync(HttpMethod.Get, "/v2/deployments")).GetProperty("resources").EnumerateArray().Select(one => one.GetProperty("name").GetString());
        Assert.Equal(["by-itself", "placed"], names.Order(StringComparer.Ordinal));
    }

    private static string All(Ended ended) => ended.Output + ended.Error;

    private static async Task<string> AddAsync(ControlPlane control, string computeId, params string[] namespaces)
    {
        var made = await control.SendAsync(
            HttpMethod.Post, "/v2/listeners", new { compute_type = "k8s", compute_id = computeId, compute_config = new { k8s_namespaces = namespaces } });
        return made.GetProperty("id").GetString()!;
    }

    private static async Task<(string? Listener, string? Namespace)> PlaceAsync(ControlPlane control, string name)
    {
        var found = (await control.SendAsync(HttpMethod.Get, $"/v2/deployments?name={name}")).GetProperty("resources")[0].GetProperty("source_config");
        return (found.GetProperty("listener_id").GetString(), found.GetProperty("listener_config").GetProperty("k8s_namespace").GetString());
    }
}
