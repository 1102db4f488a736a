using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Pilothouse.Client;
using Pilothouse.Client.Listeners;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Core;
using Pilothouse.Core.Routing;

namespace Pilothouse.Listener.Remote;

/// <summary>
/// Who may call agents here, the control plane knows. Its yes is good for two seconds, and asked for anew after one, beside the request that finds it old, so that
/// nobody waits who keeps calling; while it is away, what was good stays good for a day, since nobody can revoke a key meanwhile, also over a restart.
/// </summary>
internal sealed class RemoteCallers(ListenerConnection connection, KnownCallers known, IOptions<ControlPlaneOptions> options, TimeProvider time) : ICallerCheck, IDisposable
{
    private const int MaxKeyLength = 16_384;

    /// <summary>Whoever guesses keys asks through this, and leaves room for reports and logs.</summary>
    private const int QuestionsAtOnce = 32;

    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_good = TimeSpan.FromSeconds(2);

    /// <summary>A no is forgotten sooner than a person tries again.</summary>
    private static readonly TimeSpan s_no = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan s_tokenStale = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, Task<bool>> _asking = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _room = new(QuestionsAtOnce);

    public async ValueTask<bool> MayCallAsync(WorkspaceId workspace, string? apiKey, CancellationToken cancellationToken)
    {
        if (apiKey is null || apiKey.Length is 0 or > MaxKeyLength) return false;
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(apiKey)));
        var now = time.GetUtcNow();
        var kept = known.Find(hash);
        if (kept is { MayCall: false } && now - kept.At < s_no) return false;
        if (kept is { MayCall: true })
        {
            if (now - kept.At < s_fresh) return true;
            var asking = AskOnceAsync(hash, apiKey);
            if (now - kept.At < s_good) return true;
            return await StaleAsync(asking, kept, cancellationToken);
        }

        try
        {
            return await AskOnceAsync(hash, apiKey).WaitAsync(cancellationToken);
        }
        catch (Exception away) when (away is UnreachableException or ApiException)
        {
            throw new CallerUnknownException("The control plane, which knows the keys, does not answer.", away);
        }
    }

    public void Dispose() => _room.Dispose();

    private async Task<bool> StaleAsync(Task<bool> asking, KnownCaller kept, CancellationToken cancellationToken)
    {
        try
        {
            return await asking.WaitAsync(s_patience, time, cancellationToken);
        }
        catch (Exception away) when (away is UnreachableException or ApiException or TimeoutException)
        {
            if (time.GetUtcNow() < kept.GoodUntil) return true;
            throw new CallerUnknownException("The control plane, which knows the keys, did not answer for too long.", away);
        }
    }

    private Task<bool> AskOnceAsync(string hash, string apiKey) => _asking.GetOrAdd(hash, static (hash, ask) => ask.Self.AskAsync(hash, ask.Key), (Self: this, Key: apiKey));

    private async Task<bool> AskAsync(string hash, string apiKey)
    {
        // Past the place where it is noted as being asked.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            await _room.WaitAsync(CancellationToken.None);
            try
            {
                var question = QuestionOf(hash, apiKey);
                var answer = await connection.MayCallAsync(question, CancellationToken.None);
                var now = time.GetUtcNow();
                known.Keep(hash, new KnownCaller(answer.MayCall, now, GoodUntil(question, answer, now)));
                return answer.MayCall;
            }
            finally
            {
                _room.Release();
            }
        }
        catch (Exception away) when (away is UnreachableException or ApiException)
        {
            // The next look is a while away: each caller would else ask who does not answer.
            if (known.Find(hash) is { MayCall: true } before) known.Keep(hash, before with { At = time.GetUtcNow() });
            throw;
        }
        finally
        {
            _asking.TryRemove(hash, out _);
        }
    }

    /// <summary>Tokens of users have three parts; keys have no dots, and only their hash leaves this machine.</summary>
    private static CallerQuestion QuestionOf(string hash, string shown) =>
        shown.Count(letter => letter == '.') == 2 ? new CallerQuestion(KeyHash: null, shown) : new CallerQuestion(hash, Token: null);

    /// <summary>Without another word of the control plane. When a token ends, only its issuer knows.</summary>
    private DateTimeOffset GoodUntil(CallerQuestion question, CallerAnswer answer, DateTimeOffset now)
    {
        var limit = now + (question.Token is null ? options.Value.CallerStaleLimit : s_tokenStale);
        return answer.ExpiresAt < limit ? answer.ExpiresAt.Value : limit;
    }
}
