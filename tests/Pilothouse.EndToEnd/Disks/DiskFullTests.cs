using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Pilothouse.EndToEnd.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.EndToEnd.Disks;

/// <summary>T34: the disk of the data directory is full, and then it is not.</summary>
public sealed class DiskFullTests
{
    [Fact]
    public async Task T34_a_full_disk_is_told_and_nothing_acknowledged_is_lost_and_all_goes_on_when_there_is_room()
    {
        using var disk = SmallDisk.Mount("size=48m");
        await using var server = await RunningServer.StartAsync(directory: Path.Combine(disk.Path, "data"));
        using var http = server.Client();
        var acknowledged = new List<string>();
        for (var at = 0; at < 5; at++) acknowledged.Add(await CreatedAsync(http, $"before-{at}"));
        var upload = await AskAsync(http, $"/v2/deployments/{acknowledged[0]}/upload-url");

        disk.Fill();
        var refused = await FillStoreAsync(http, acknowledged);
        Assert.Equal("The disk of the control plane is full: what was asked for is not stored. Try again when there is room.", refused);
        using (var list = await http.GetAsync(new Uri("/v2/deployments?limit=100", UriKind.Relative), Repository.Cancel)) Assert.Equal(HttpStatusCode.OK, list.StatusCode);
        using (var bare = new HttpClient())
        using (var content = new ByteArrayContent(Tarball.OfFiles(new Dictionary<string, string> { ["random"] = Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(400_000)) })))
        using (var put = await bare.PutAsync(new Uri(upload.GetProperty("upload_url").GetString()!), content, Repository.Cancel))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, put.StatusCode);
        }

        disk.MakeRoom();
        await Eventually.ReadAsync(async () => await TryCreateAsync(http, "after"), answer => answer.Status == HttpStatusCode.Created);

        var resources = (await http.GetFromJsonAsync<JsonElement>("/v2/deployments?limit=100", Repository.Cancel)).GetProperty("resources").EnumerateArray();
        var there = resources.Select(one => one.GetProperty("id").GetString()).ToHashSet();
        Assert.All(acknowledged, id => Assert.Contains(id, there));
        Assert.Equal("ok", await IntegrityAsync(Path.Combine(server.DataDirectory, "pilothouse.db")));
        Assert.Equal(0, await server.StopAsync());
    }

    /// <summary>What the write-ahead log has room for still goes in.</summary>
    /// <returns>The text of the first refusal.</returns>
    private static async Task<string> FillStoreAsync(HttpClient http, List<string> acknowledged)
    {
        for (var at = 0; at < 2_000; at++)
        {
            var (status, body) = await TryCreateAsync(http, $"while-{at}");
            if (status == HttpStatusCode.Created)
            {
                acknowledged.Add(body.GetProperty("id").GetString()!);
                continue;
            }

            Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
            return body.GetProperty("detail").GetString()!;
        }

        throw new InvalidOperationException("The disk never got full.");
    }

    private static async Task<string> CreatedAsync(HttpClient http, string name)
    {
        var (status, body) = await TryCreateAsync(http, name);
        Assert.True(status == HttpStatusCode.Created, $"{status} {body}");
        return body.GetProperty("id").GetString()!;
    }

    private static async Task<(HttpStatusCode Status, JsonElement Body)> TryCreateAsync(HttpClient http, string name)
    {
        var wanted = new { name, source = "internal_source", source_config = new { deployment_type = "prod" }, source_revision_config = new { }, secrets = Array.Empty<object>() };
        using var answer = await http.PostAsJsonAsync("/v2/deployments", wanted, Repository.Cancel);
        if (answer.StatusCode == HttpStatusCode.ServiceUnavailable) Assert.NotNull(answer.Headers.RetryAfter);
        return (answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>(Repository.Cancel));
    }

    private static async Task<JsonElement> AskAsync(HttpClient http, string path)
    {
        using var answer = await http.PostAsJsonAsync(path, new { supports_upload_headers = true }, Repository.Cancel);
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Repository.Cancel);
    }

    private static async Task<string> IntegrityAsync(string file)
    {
        const string script = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('PRAGMA integrity_check').fetchone()[0])";
        using var python = Process.Start(new ProcessStartInfo("python3", ["-c", script, file]) { RedirectStandardOutput = true })!;
        var said = await python.StandardOutput.ReadToEndAsync(Repository.Cancel);
        await python.WaitForExitAsync(Repository.Cancel);
        return said.Trim();
    }
}
