using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;

namespace Pilothouse.Listener.Remote;

/// <param name="At">When it was last looked at.</param>
/// <param name="GoodUntil">While the control plane is away.</param>
internal sealed record KnownCaller(bool MayCall, DateTimeOffset At, DateTimeOffset GoodUntil);

/// <summary>
/// Callers by the hash of what they show. The good ones are kept on disk too, <c>callers</c>, a line each: who holds the file can call nobody, as the keys
/// are long and random.
/// </summary>
internal sealed class KnownCallers(IOptions<ListenerOptions> options, TimeProvider time)
{
    private const int MaxKept = 10_000;
    private static readonly TimeSpan s_writeEvery = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Lazy<ConcurrentDictionary<string, KnownCaller>> _kept = new(() => Read(FileIn(options.Value.DataDirectory)));
    private DateTimeOffset _written;

    public KnownCaller? Find(string hash) => _kept.Value.GetValueOrDefault(hash);

    public void Keep(string hash, KnownCaller caller)
    {
        var kept = _kept.Value;
        var wasGood = kept.TryGetValue(hash, out var before) && before.MayCall;
        if (before is null && kept.Count >= MaxKept) MakeRoom(kept);
        kept[hash] = caller;
        if (caller.MayCall) Write(atOnce: false);
        else if (wasGood) Write(atOnce: true);
    }

    /// <summary>Whoever guesses keys pushes out other guesses, and no good key while there are any.</summary>
    private void MakeRoom(ConcurrentDictionary<string, KnownCaller> kept)
    {
        var now = time.GetUtcNow();
        foreach (var (hash, caller) in kept)
            if (!caller.MayCall || caller.GoodUntil <= now) kept.TryRemove(hash, out _);
        if (kept.Count >= MaxKept) kept.Clear();
    }

    /// <summary>Good ones now and then: what is not there after a crash is asked for again, or refused while nobody answers.</summary>
    /// <param name="atOnce">One is good no more: it must not be so again after a restart while nobody answers.</param>
    private void Write(bool atOnce)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (!atOnce && now - _written < s_writeEvery) return;
            _written = now;
            var lines = _kept.Value.Where(one => one.Value.MayCall && one.Value.GoodUntil > now)
                .Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Key} {one.Value.GoodUntil.ToUnixTimeSeconds()}\n"));
            try
            {
                PrivateFile.Write(FileIn(options.Value.DataDirectory), Encoding.ASCII.GetBytes(string.Concat(lines)));
            }
            catch (IOException)
            {
                // A disk without room; the next one is tried again.
            }
        }
    }

    private static ConcurrentDictionary<string, KnownCaller> Read(string file)
    {
        var kept = new ConcurrentDictionary<string, KnownCaller>(StringComparer.Ordinal);
        if (!File.Exists(file)) return kept;
        foreach (var line in File.ReadLines(file).Take(MaxKept))
        {
            if (line.Split(' ') is [{ Length: 64 } hash, var text] && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
                kept[hash] = new KnownCaller(MayCall: true, DateTimeOffset.MinValue, DateTimeOffset.FromUnixTimeSeconds(seconds));
        }

        return kept;
    }

    private static string FileIn(string directory) => Path.Combine(Path.GetFullPath(directory), "callers");
}
