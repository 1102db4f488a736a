using System.Text.Json;
using Pilothouse.EndToEnd.World;
using Xunit;

namespace Pilothouse.EndToEnd.Hostile;

/// <summary>T25.</summary>
[Collection(SharedServer.Name)]
public sealed class SameSourceTests(ServerFixture world)
{
    [Fact]
    public async Task T25_the_same_source_twice_is_one_artifact_and_built_once()
    {
        var source = MirrorAgent.Source(before: "// the same source twice\n");
        var one = await BuildAsync("one", source);
        var two = await BuildAsync("two", source);
        var other = await BuildAsync("other", MirrorAgent.Source(before: "// another source\n"));

        Assert.Equal(one.GetProperty("digest").GetString(), two.GetProperty("digest").GetString());
        Assert.True(two.GetProperty("was_there").GetBoolean());
        Assert.NotEqual(one.GetProperty("digest").GetString(), other.GetProperty("digest").GetString());
        Assert.False(other.GetProperty("was_there").GetBoolean());
        Assert.True(Directory.Exists(Path.Combine(world.Server.DataDirectory, "artifacts", one.GetProperty("digest").GetString()!)));
    }

    private async Task<JsonElement> BuildAsync(string name, byte[] source)
    {
        var id = (await world.Control.CreateAsync(ServerFixture.Name(name))).GetProperty("id").GetString()!;
        await world.Control.UntilAsync(id, await world.Control.DeployAsync(id, source));
        var events = await world.Control.SendAsync(HttpMethod.Get, $"/v2/deployments/{id}/events?limit=100");
        await world.Control.SendAsync(HttpMethod.Delete, $"/v2/deployments/{id}");
        return events.GetProperty("resources").EnumerateArray().Single(one => one.GetProperty("kind").GetString() == "build_succeeded").GetProperty("data");
    }
}
