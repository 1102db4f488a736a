using System.Collections.Concurrent;
using System.Text;
using Pilothouse.EndToEnd.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.EndToEnd.Hostile;

/// <summary>T8: twenty secrets, looked for everywhere that others can read.</summary>
[Collection(SharedServer.Name)]
public sealed class LeakTests(ServerFixture world)
{
    private const int Secrets = 20;

    [Fact]
    public async Task T8_no_secret_is_in_an_answer_a_log_an_event_the_servers_output_a_file_or_a_command_line()
    {
        var markers = Enumerable.Range(0, Secrets).Select(number => $"marker{number}{Guid.NewGuid():N}").ToArray();
        var names = Enumerable.Range(0, Secrets).Select(number => $"T8_{number}").ToArray();
        var secrets = names.Zip(markers, (name, value) => new { name, value }).ToArray();
        var answers = new ConcurrentQueue<string>();
        var id = (await world.Control.CreateAsync(ServerFixture.Name("leak"))).GetProperty("id").GetString()!;

        var revision = await world.Control.DeployAsync(id, MirrorAgent.Source(before: PrintsItsEnvironment), secrets: secrets);
        await world.Control.UntilAsync(id, revision);
        var agent = await world.Control.AgentAsync(id);
        Assert.Equal(markers, await MirrorAgent.ReadAsync(agent, names));
        await PrintAllAsync(agent, markers);
        await RefusedRequestsAsync(answers, id, secrets);
        var log = await Eventually.ReadAsync(() => world.Control.LogAsync(id, revision, "deploy"), text => text.Contains("last of all", StringComparison.Ordinal));
        foreach (var path in (string[])["", "/revisions", $"/revisions/{revision}", "/events?limit=1000", $"/revisions/{revision}/logs?type=build", $"/revisions/{revision}/logs?type=deploy&limit=1000"])
            answers.Enqueue(await world.Control.Http.GetStringAsync(new Uri($"/v2/deployments/{id}{path}", UriKind.Relative), Repository.Cancel));
        answers.Enqueue(await world.Control.Http.GetStringAsync(new Uri("/v2/deployments?limit=100", UriKind.Relative), Repository.Cancel));
        answers.Enqueue(await world.Control.LogAsync(id, revision, "build"));

        // It did print them, and something else stands in their place.
        Assert.Contains("T8 environment", log, StringComparison.Ordinal);
        foreach (var marker in markers)
        {
            Assert.DoesNotContain(marker, log, StringComparison.Ordinal);
            Assert.DoesNotContain(answers, answer => answer.Contains(marker, StringComparison.Ordinal));
            Assert.DoesNotContain(marker, world.Server.Output, StringComparison.Ordinal);
        }

        Assert.Empty(FilesWith([.. markers, world.Server.Key]));
        Assert.Empty(CommandLinesWith([.. markers, world.Server.Key]));
        await world.Control.SendAsync(HttpMethod.Delete, $"/v2/deployments/{id}");
    }

    /// <summary>As programs do that dump everything before they fail.</summary>
    private const string PrintsItsEnvironment = """
        console.log("T8 environment " + JSON.stringify(Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("T8_")))));
        for (const [name, value] of Object.entries(process.env)) if (name.startsWith("T8_")) console.error(`${name}=${value}`);
        console.log(JSON.stringify({ level: "error", message: "config " + process.env.T8_0, stack: "at " + process.env.T8_1 }));

        """;

    private static async Task PrintAllAsync(Agent agent, string[] markers)
    {
        await MirrorAgent.PrintAsync(agent, string.Join(' ', markers) + "\n");
        await MirrorAgent.PrintAsync(agent, string.Concat(markers.Select(marker => $"\u001b[1m{marker[..9]}\u001b[0m{marker[9..]} ")) + "\n");
        await MirrorAgent.PrintAsync(agent, string.Join('\n', markers.Select(marker => new string('x', 8150) + marker)) + "\n");
        await MirrorAgent.PrintAsync(agent, Encoding.UTF8.GetBytes($"\"{string.Join("\",\"", markers)}\"\nlast of all\n"));
    }

    /// <summary>Refusals repeat much of what they refuse.</summary>
    private async Task RefusedRequestsAsync(ConcurrentQueue<string> answers, string id, object[] secrets)
    {
        foreach (var body in (object[])[new { name = 7, secrets }, new { secrets = secrets.Append(new { name = "PATH", value = "x" }) }, new { secrets = secrets.Append("text") }, new { secrets = secrets.Concat(secrets) }])
        {
            using var content = System.Net.Http.Json.JsonContent.Create(body);
            using var answer = await world.Control.Http.PatchAsync(new Uri($"/v2/deployments/{id}", UriKind.Relative), content, Repository.Cancel);
            Assert.InRange((int)answer.StatusCode, 400, 499);
            answers.Enqueue(await answer.Content.ReadAsStringAsync(Repository.Cancel));
        }
    }

    /// <summary>All files of the server but the one that is there for the key, and an empty one that is locked.</summary>
    private List<string> FilesWith(string[] texts) =>
    [
        .. Directory.EnumerateFiles(world.Server.DataDirectory, "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Where(file => !file.Contains("/node_modules/", StringComparison.Ordinal) && Path.GetFileName(file) is not ("bootstrap-key" or "pilothouse.lock"))
            .Where(file => Holds(file, texts)),
    ];

    private static bool Holds(string file, string[] texts)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            var content = bytes.GetBuffer().AsSpan(0, (int)bytes.Length);
            foreach (var text in texts)
            {
                if (content.IndexOf(Encoding.UTF8.GetBytes(text)) >= 0 || content.IndexOf(Encoding.Unicode.GetBytes(text)) >= 0) return true;
            }

            return false;
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    private static List<string> CommandLinesWith(string[] texts) =>
    [
        .. Directory.EnumerateDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out _))
            .Select(folder => CommandLine(Path.Combine(folder, "cmdline")))
            .Where(line => texts.Any(text => line.Contains(text, StringComparison.Ordinal))),
    ];

    private static string CommandLine(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
