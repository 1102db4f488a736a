using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Pilothouse.EndToEnd.World;
using Xunit;

namespace Pilothouse.EndToEnd.Disks;

/// <summary>What the server acknowledged: from that answer on it must be on disk.</summary>
/// <param name="Kind"><c>deployment</c>, <c>change</c> or <c>upload</c>.</param>
/// <param name="Name">Of a deployment its id, of an upload its path below the data directory.</param>
/// <param name="ChangedAt">Of a deployment: Unix time in ms.</param>
/// <param name="Sha256">Of an upload.</param>
internal sealed record Promise(string Kind, string Name, long ChangedAt = 0, byte[]? Sha256 = null)
{
    /// <returns>One sentence, or null when it is kept.</returns>
    public string? BrokenIn(string directory, Image image) => Kind switch
    {
        "deployment" or "change" when image.Deployments.TryGetValue(Name, out var at) && at >= ChangedAt => null,
        "upload" when File.Exists(Path.Combine(directory, Name))
            && SHA256.HashData(File.ReadAllBytes(Path.Combine(directory, Name))).AsSpan().SequenceEqual(Sha256) => null,
        _ => $"The {Kind} {Name} was acknowledged and is not there.",
    };
}

/// <summary>Writes in every way that leaves something, and notes by the answer's trace what each answer promised.</summary>
internal sealed class Promises(HttpClient http)
{
    // Some pages for each row, so that the write-ahead log is checkpointed more than once.
    private static readonly string s_large = new('x', 16_000);

    public ConcurrentDictionary<string, Promise> ByTrace { get; } = new();

    public async Task WriteAsync(string stem, int times)
    {
        for (var at = 0; at < times; at++)
        {
            var id = await CreateAsync($"{stem}-{at}");
            await ChangeAsync(id);
            if (at % 4 == 0) await UploadAsync(id);
        }
    }

    private async Task<string> CreateAsync(string name)
    {
        var wanted = new
        {
            name,
            source = "internal_source",
            source_config = new { deployment_type = "prod" },
            source_revision_config = new { },
            secrets = new[] { new { name = "LARGE", value = s_large } },
        };
        using var answer = await http.PostAsJsonAsync("/v2/deployments", wanted, Repository.Cancel);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>(Repository.Cancel);
        var id = body.GetProperty("id").GetString()!;
        Note(answer, new Promise("deployment", id, ChangedAt(body)));
        return id;
    }

    private async Task ChangeAsync(string id)
    {
        var wanted = new { secrets = new[] { new { name = "LARGE", value = s_large }, new { name = "MORE", value = "more" } } };
        using var answer = await http.PatchAsJsonAsync($"/v2/deployments/{id}", wanted, Repository.Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Note(answer, new Promise("change", id, ChangedAt(await answer.Content.ReadFromJsonAsync<JsonElement>(Repository.Cancel))));
    }

    private async Task UploadAsync(string id)
    {
        using var asked = await http.PostAsJsonAsync($"/v2/deployments/{id}/upload-url", new { supports_upload_headers = true }, Repository.Cancel);
        var upload = await asked.Content.ReadFromJsonAsync<JsonElement>(Repository.Cancel);
        var archive = Tarball.OfFiles(new Dictionary<string, string> { ["random"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(20_000)) });
        using var content = new ByteArrayContent(archive);
        using var answer = await http.PutAsync(new Uri(upload.GetProperty("upload_url").GetString()!), content, Repository.Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Note(answer, new Promise("upload", Path.Combine("blobs", upload.GetProperty("object_path").GetString()!), Sha256: SHA256.HashData(archive)));
    }

    private static long ChangedAt(JsonElement deployment) => deployment.GetProperty("updated_at").GetDateTimeOffset().ToUnixTimeMilliseconds();

    private void Note(HttpResponseMessage answer, Promise promise) =>
        ByTrace[answer.Headers.GetValues("traceresponse").Single().Split('-')[1]] = promise;
}
