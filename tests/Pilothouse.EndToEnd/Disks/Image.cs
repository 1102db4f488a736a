using System.Diagnostics;
using System.Text.Json;
using Pilothouse.EndToEnd.World;
using Xunit;

namespace Pilothouse.EndToEnd.Disks;

/// <summary>What another program than ours finds in a data directory.</summary>
/// <param name="Integrity">SQLite's own check; <c>ok</c>, also where there is no store yet.</param>
/// <param name="Deployments">Ids, and when each was changed last: Unix time in ms.</param>
internal sealed record Image(string Integrity, IReadOnlyDictionary<string, long> Deployments)
{
    private const string Script = """
        import json, os, sqlite3, sys
        for folder in sys.stdin.read().split('\n'):
            file = os.path.join(folder, 'pilothouse.db')
            found = {'integrity': 'ok', 'deployments': {}}
            try:
                if os.path.exists(file):
                    db = sqlite3.connect(file)
                    found['integrity'] = '; '.join(row[0] for row in db.execute('PRAGMA integrity_check'))
                    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'deployments'").fetchone():
                        found['deployments'] = {row[0].lower(): row[1] for row in db.execute('SELECT id, updated_at FROM deployments')}
                    db.close()
            except sqlite3.Error as failed:
                found['integrity'] = str(failed)
            print(json.dumps(found), flush=True)
        """;

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);

    /// <summary>One for each directory; opens the stores as SQLite does after a crash.</summary>
    public static async Task<IReadOnlyList<Image>> ReadAsync(IReadOnlyList<string> directories)
    {
        using var python = Process.Start(new ProcessStartInfo("python3", ["-c", Script]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        await python.StandardInput.WriteAsync(string.Join('\n', directories));
        python.StandardInput.Close();
        var lines = await python.StandardOutput.ReadToEndAsync(Repository.Cancel);
        await python.WaitForExitAsync(Repository.Cancel);
        Image[] images = [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<Image>(line, s_json)!)];
        Assert.Equal(directories.Count, images.Length);
        return images;
    }
}
