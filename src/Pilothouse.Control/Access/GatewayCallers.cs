using Pilothouse.Control.Access.Oidc;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Routing;

namespace Pilothouse.Control.Access;

/// <summary>Who may call the agents of a workspace: whoever reaches it, by key or by token.</summary>
internal sealed class GatewayCallers(ApiKeys keys, UserTokens tokens, Standing standing, KeyUse use) : ICallerCheck
{
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
        if (apiKey is null || await FindAsync(apiKey, cancellationToken) is not { } credential) return false;
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
