using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Pilothouse.EndToEnd.World;
using Xunit;

namespace Pilothouse.EndToEnd.Disks;

/// <summary>
/// T42: strace records what the real program does to its files and which answers it sends; from that the files are made anew as a power cut at some
/// moment would leave them, with what was not synced missing in whole or in part.
/// </summary>
public sealed class PowerCutTests
{
    private const int Cuts = 60;
    private const int CutsOfLiars = 12;
    private const int Writers = 3;
    private const int Rounds = 12;

    [Fact]
    public async Task T42_a_power_cut_at_any_moment_loses_nothing_that_was_acknowledged()
    {
        var folder = Directory.CreateTempSubdirectory("pilothouse-cut-").FullName;
        var (events, promises) = await RecordAsync(folder);
        var answers = events.OfType<DiskEvent.Answer>().Count(answer => promises.ContainsKey(answer.Trace));
        Assert.Equal(promises.Count, answers);
        TestContext.Current.TestOutputHelper?.WriteLine($"{events.Count} events, {answers} promises, {Cuts} cuts");

        var honest = await CutAsync(folder, events, promises, Cuts, lies: _ => false);
        Assert.Empty(honest.Faults);

        // The same with syncs left out: these cuts find it.
        var normal = await CutAsync(folder, events, promises, CutsOfLiars, lies: path => path.EndsWith("-wal", StringComparison.Ordinal));
        Assert.Contains(normal.Faults, fault => fault.StartsWith("The deployment", StringComparison.Ordinal));
        var nameless = await CutAsync(folder, events, promises, CutsOfLiars, lies: path => path.Contains("/blobs/", StringComparison.Ordinal));
        Assert.Contains(nameless.Faults, fault => fault.StartsWith("The upload", StringComparison.Ordinal));
        var off = await CutAsync(folder, events, promises, CutsOfLiars, lies: path => path.Contains(".db", StringComparison.Ordinal));
        Assert.Contains(off.Faults, fault => fault.StartsWith("SQLite", StringComparison.Ordinal));

        await ServesAsync(honest.LastDirectory, honest.LastPromised);
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<(IReadOnlyList<DiskEvent> Events, IReadOnlyDictionary<string, Promise> Promises)> RecordAsync(string folder)
    {
        var (root, trace) = (Path.Combine(folder, "disk"), Path.Combine(folder, "trace"));
        Directory.CreateDirectory(root);
        await using var server = await RunningServer.StartAsync(directory: Path.Combine(root, "data"), under: Recording.Under(trace));
        using var http = server.Client();
        var promises = new Promises(http);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => promises.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"w{writer}"), Rounds)));
        await server.KillAsync();
        return (await Recording.ReadAsync(trace, root), promises.ByTrace);
    }

    /// <summary>Half of the moments are those of answers, when what they promise was written last.</summary>
    private static async Task<(IReadOnlyList<string> Faults, string LastDirectory, IReadOnlyList<Promise> LastPromised)> CutAsync(
        string folder, IReadOnlyList<DiskEvent> events, IReadOnlyDictionary<string, Promise> promises, int count, Func<string, bool> lies)
    {
        var images = Directory.CreateDirectory(Path.Combine(folder, Guid.NewGuid().ToString("N"))).FullName;
        var random = new Random(20_261_125);
        int[] answers = [.. events.Index().Where(one => one.Item is DiskEvent.Answer answer && promises.ContainsKey(answer.Trace)).Select(one => one.Index)];
        int[] moments = [.. Enumerable.Range(0, count).Select(cut => cut % 2 == 0 ? answers[random.Next(answers.Length)] : random.Next(events.Count)).Append(events.Count - 1).Order()];

        var disk = new CutDisk(Path.Combine(folder, "disk"), lies);
        var (promised, cuts) = (new List<Promise>(), new List<(string Directory, Promise[] Promised)>());
        var next = 0;
        foreach (var (at, happened) in events.Index())
        {
            disk.Apply(happened);
            if (happened is DiskEvent.Answer answer && promises.TryGetValue(answer.Trace, out var promise)) promised.Add(promise);
            for (; next < moments.Length && moments[next] == at; next++)
            {
                var image = Path.Combine(images, next.ToString(CultureInfo.InvariantCulture));
                disk.Cut(image, random, keep: (next % 4) switch { 0 => 0, 1 => 1, 2 => 0.5, _ => random.NextDouble() });
                cuts.Add((Path.Combine(image, "data"), [.. promised]));
            }
        }

        var found = await Image.ReadAsync([.. cuts.Select(cut => cut.Directory)]);
        string[] faults =
        [
            .. found.Where(image => image.Integrity != "ok").Select(image => $"SQLite: {image.Integrity}"),
            .. cuts.Zip(found).SelectMany(cut => cut.First.Promised.Select(promise => promise.BrokenIn(cut.First.Directory, cut.Second))).OfType<string>(),
        ];
        return (faults, cuts[^1].Directory, cuts[^1].Promised);
    }

    /// <summary>The program itself starts on what the cut left, and goes on.</summary>
    private static async Task ServesAsync(string directory, IReadOnlyList<Promise> promised)
    {
        await using var server = await RunningServer.StartAsync(directory: directory);
        using var http = server.Client();
        var there = (await http.GetFromJsonAsync<JsonElement>("/v2/deployments?limit=100", Repository.Cancel)).GetProperty("resources").EnumerateArray()
            .Select(one => one.GetProperty("id").GetString()!).ToHashSet();
        Assert.All(promised.Where(promise => promise.Kind == "deployment"), promise => Assert.Contains(promise.Name, there));
        var wanted = new { name = "after", source = "internal_source", source_config = new { deployment_type = "prod" }, source_revision_config = new { }, secrets = Array.Empty<object>() };
        using var answer = await http.PostAsJsonAsync("/v2/deployments", wanted, Repository.Cancel);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal(0, await server.StopAsync());
    }
}
