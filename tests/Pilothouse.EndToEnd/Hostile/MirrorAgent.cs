using System.Text;
using System.Text.Json;
using Pilothouse.EndToEnd.World;

namespace Pilothouse.EndToEnd.Hostile;

/// <summary>An agent that answers with what it sees of its environment, and prints what it is told to.</summary>
internal static class MirrorAgent
{
    /// <summary>TypeScript, for the file that the sample's <c>langgraph.json</c> names.</summary>
    public static string Graph => File.ReadAllText(Path.Combine(Repository.Root, "tests", "Pilothouse.EndToEnd", "Hostile", "Mirror", "agent.ts"));

    /// <summary>The sample's packages with another graph. <paramref name="before"/> is put in front of it and runs at import.</summary>
    public static byte[] Source(string before = "") =>
        Tarball.OfFolder(Repository.Sample("echo-js"), (name, text) => name == "src/agent.ts" ? before + Graph : text);

    /// <returns>Values as the process has them; an unset one is <c>(not set)</c>.</returns>
    public static async Task<IReadOnlyList<string>> ReadAsync(Agent agent, params IEnumerable<string> names) =>
        Values(await agent.AskAsync(JsonSerializer.Serialize(new { env = names })));

    /// <returns>The values of the headers that this very request had when it arrived.</returns>
    public static async Task<IReadOnlyList<string>> HeadersAsync(Agent agent, params IEnumerable<string> names) =>
        Values(await agent.AskAsync(JsonSerializer.Serialize(new { headers = names })));

    public static Task PrintAsync(Agent agent, byte[] bytes) => agent.AskAsync(JsonSerializer.Serialize(new { print = Convert.ToBase64String(bytes) }));

    public static Task PrintAsync(Agent agent, string text) => PrintAsync(agent, Encoding.UTF8.GetBytes(text));

    public static Task FloodAsync(Agent agent, int bytes) => agent.AskAsync(JsonSerializer.Serialize(new { flood = bytes }));

    private static IReadOnlyList<string> Values(string answer) =>
        [.. JsonSerializer.Deserialize<string[]>(answer)!.Select(value => Encoding.UTF8.GetString(Convert.FromBase64String(value)))];
}
