using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Access.Oidc;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Routing;

namespace Pilothouse.Control.Access;

/// <summary>Who may call the agents of a workspace: whoever reaches it, by key or by token.</summary>
internal sealed class GatewayCallers(ApiKeys keys, UserTokens tokens, Standing standing, KeyUse use) : ICallerCheck
{
    /// <summary>The same of a key that a gateway elsewhere was shown.</summary>
    public async ValueTask<CallerAnswer> AskAsync(WorkspaceId workspace, byte[] keyHash, CancellationToken cancellationToken) =>
        await keys.FindAsync(keyHash, cancellationToken) is { } credential && await MayAsync(workspace, credential, cancellationToken)
            ? new CallerAnswer(MayCall: true, credential.ExpiresAt)
            : new CallerAnswer(MayCall: false);

    public async ValueTask<bool> MayCallAsync(WorkspaceId workspace, string? apiKey, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(workspace, apiKey, cancellationToken);
        }
        catch (Exception away) when (StoreTrouble.Sentence(away) is { } sentence)
        {
            throw new CallerUnknownException(sentence, away);
        }
    }

    private async ValueTask<bool> ReadAsync(WorkspaceId workspace, string? apiKey, CancellationToken cancellationToken)
    {
        return apiKey is not null && await FindAsync(apiKey, cancellationToken) is { } credential && await MayAsync(workspace, credential, cancellationToken);
    }

    /// <summary>A listener's key is for its listener, which calls no agents.</summary>
    private async ValueTask<bool> MayAsync(WorkspaceId workspace, Credential credential, CancellationToken cancellationToken)
    {
        if (credential.Listener is not null) return false;
        if (await standing.FindAsync(credential, workspace, cancellationToken) is null) return false;
        if (credential.Key is { } key) use.Note(key);
        return true;
    }

    private async ValueTask<Credential?> FindAsync(string text, CancellationToken cancellationToken)
    {
        if (!tokens.Takes(text)) return await keys.FindAsync(text, cancellationToken);
        var user = await tokens.FindAsync(text, cancellationToken);
        return user.IsAccepted ? user.Value : null;
    }
}
