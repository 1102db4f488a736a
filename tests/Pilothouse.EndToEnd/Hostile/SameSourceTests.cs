using System.IO.Compression;
using System.Text.Json;
using Pilothouse.EndToEnd.World;
using Xunit;

namespace Pilothouse.EndToEnd.Hostile;

/// <summary>T25.</summary>
[Collection(SharedServer.Name)]
public sealed class SameSourceTests(ServerFixture world)
{
    [Fact]
    public async Task T25_the_same_source_twice_is_built_once_and_built_again_it_is_the_same_artifact()
    {
        var source = MirrorAgent.Source(before: "// the same source\n");

        var first = await BuildAsync("first", source);
        var same = await BuildAsync("same", source);
        var again = await BuildAsync("again", PackedAnew(source));

        Assert.Equal((false, true, false), (WasThere(first), WasThere(same), WasThere(again)));
        Assert.Equal(Digest(first), Digest(same));
        Assert.Equal(Digest(first), Digest(again));
        Assert.True(Directory.Exists(Path.Combine(world.Server.DataDirectory, "artifacts", Digest(first))));
    }

    /// <summary>Other bytes, so that it counts as another upload, with the same files in it.</summary>
    private static byte[] PackedAnew(byte[] archive)
    {
        using var packed = new MemoryStream();
        using (var unpacking = new GZipStream(new MemoryStream(archive), CompressionMode.Decompress))
        using (var packing = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true)) unpacking.CopyTo(packing);
        return packed.ToArray();
    }

    private static string Digest(JsonElement built) => built.GetProperty("artifact_digest").GetString()!;

    private static bool WasThere(JsonElement built) => built.GetProperty("was_there").GetBoolean();

    private async Task<JsonElement> BuildAsync(string name, byte[] source)
    {
        var id = (await world.Control.CreateAsync(ServerFixture.Name(name))).GetProperty("id").GetString()!;
        await world.Control.UntilAsync(id, await world.Control.DeployAsync(id, source));
        var events = await world.Control.SendAsync(HttpMethod.Get, $"/v2/deployments/{id}/events?limit=100");
        await world.Control.SendAsync(HttpMethod.Delete, $"/v2/deployments/{id}");
        return events.GetProperty("resources").EnumerateArray().Single(one => one.GetProperty("kind").GetString() == "build_succeeded").GetProperty("data");
    }
}
