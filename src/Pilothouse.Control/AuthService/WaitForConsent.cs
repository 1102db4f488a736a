using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Pilothouse.Contracts.AuthService;
using Pilothouse.Control.Access;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.AuthService;

/// <summary>One long poll. Never answers <c>pending</c>, which clients take for an error; what failed or is another's is <c>not_found</c> at once.</summary>
internal sealed class WaitForConsent(
    IDbContextFactory<PilothouseDb> databases, RefreshToken refreshToken, ConsentSignals signals, IOptions<AuthServiceOptions> options, TimeProvider clock)
{
    private static readonly WaitAnswer s_notFound = new(AuthStatuses.NotFound);

    /// <summary>For consents that another process ended, whose signal is not heard here.</summary>
    private static readonly TimeSpan s_lookAgain = TimeSpan.FromSeconds(2);

    public async Task<WaitAnswer> RunAsync(Caller caller, string authId, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (ConsentKey.Hash(authId) is not { } hash) return s_notFound;
        var end = clock.GetUtcNow() + Clamped(limit);
        Guid? heard = null;
        try
        {
            while (true)
            {
                var change = heard is { } session ? signals.NextChange(session) : null;
                if (await ReadAsync(caller.Workspace, hash, cancellationToken) is not { } row || row.Initiator != caller.Subject) return s_notFound;
                if (await AnswerAsync(row, cancellationToken) is { } answer) return answer;
                var left = end - clock.GetUtcNow();
                if (left <= TimeSpan.Zero) return new WaitAnswer(AuthStatuses.Timeout);
                heard = row.Id;
                if (change is null) continue;
                await PauseAsync(change, left < s_lookAgain ? left : s_lookAgain, cancellationToken);
            }
        }
        finally
        {
            // Others who wait for it read once more and take a new one.
            if (heard is { } session) signals.Changed(session);
        }
    }

    /// <summary>The workspace of a session that somebody has the id of; null when there is none.</summary>
    public async Task<WorkspaceId?> WorkspaceOfAsync(string authId, CancellationToken cancellationToken)
    {
        if (ConsentKey.Hash(authId) is not { } hash) return null;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var found = await db.AuthSessions.Where(row => row.AuthIdHash == hash).Select(row => (Guid?)row.WorkspaceId).SingleOrDefaultAsync(cancellationToken);
        return found is { } id ? new WorkspaceId(id) : null;
    }

    private TimeSpan Clamped(TimeSpan limit) => limit < TimeSpan.Zero ? TimeSpan.Zero : limit > options.Value.WaitLimit ? options.Value.WaitLimit : limit;

    private async Task<AuthSessionRow?> ReadAsync(WorkspaceId workspace, byte[] hash, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.AuthSessions.AsNoTracking()
            .SingleOrDefaultAsync(row => row.AuthIdHash == hash && row.WorkspaceId == workspace.Value, cancellationToken);
    }

    /// <summary>Null while it is under way.</summary>
    private async Task<WaitAnswer?> AnswerAsync(AuthSessionRow session, CancellationToken cancellationToken)
    {
        if (session.Status is ConsentStatuses.Failed || session.ExpiresAt <= clock.GetUtcNow()) return s_notFound;
        if (session.Status is not ConsentStatuses.Completed) return null;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var token = await db.OAuthTokens.AsNoTracking()
            .SingleOrDefaultAsync(row => row.Id == session.TokenId && row.WorkspaceId == session.WorkspaceId, cancellationToken);
        return token is not null && await refreshToken.UseAsync(token, cancellationToken) is TokenState.Usable usable
            ? new WaitAnswer(AuthStatuses.Completed, usable.Access)
            : s_notFound;
    }

    private async Task PauseAsync(Task change, TimeSpan longest, CancellationToken cancellationToken)
    {
        using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(change, Task.Delay(longest, clock, pause.Token));
        await pause.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }
}
