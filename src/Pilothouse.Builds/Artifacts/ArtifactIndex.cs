using System.Text.Json;
using Pilothouse.Builds.AgentServers;
using Pilothouse.Builds.Native;

namespace Pilothouse.Builds.Artifacts;

/// <param name="AgentServer">Which of the agent servers built it.</param>
/// <param name="Fingerprint">That server's at that time; another one now means another artifact.</param>
/// <param name="ServerVersion">For people.</param>
internal sealed record IndexEntry(string Digest, AgentServerKind AgentServer, string Fingerprint, string ServerVersion);

/// <summary>Which artifact came of which input: one small file for each. Losing it costs one build.</summary>
internal sealed class ArtifactIndex(string directory)
{
    public IndexEntry? Find(string key)
    {
        try
        {
            return JsonSerializer.Deserialize<IndexEntry>(File.ReadAllText(FileOf(key)));
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    public async Task PutAsync(string key, IndexEntry entry, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(directory);
        var temporary = $"{FileOf(key)}.{Guid.NewGuid():N}.tmp";
        try
        {
            await using (var file = new FileStream(temporary, FileMode.CreateNew))
            {
                await JsonSerializer.SerializeAsync(file, entry, cancellationToken: cancellationToken);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, FileOf(key), overwrite: true);
            Libc.SyncFolder(directory);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Removes what points to artifacts that are gone, and what a crash left half written.</summary>
    /// <param name="isThere">Of a digest.</param>
    /// <param name="before">What is younger may be being written.</param>
    public void Prune(Func<string, bool> isThere, DateTimeOffset before)
    {
        if (!Directory.Exists(directory)) return;
        foreach (var file in Directory.GetFiles(directory))
            if (file.EndsWith(".tmp", StringComparison.Ordinal) ? File.GetLastWriteTimeUtc(file) < before.UtcDateTime : Find(Path.GetFileNameWithoutExtension(file)) is not { } entry || !isThere(entry.Digest))
                File.Delete(file);
    }

    private string FileOf(string key) => Path.Combine(directory, $"{key}.json");
}
