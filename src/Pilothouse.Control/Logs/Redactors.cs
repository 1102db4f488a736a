using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Logs;

/// <summary>The redactor of each revision, from its own secrets: a revision's secrets never change.</summary>
internal sealed class Redactors(SecretVault vault, IOptions<LogsOptions> options, ILogger<Redactors> logger)
{
    private const int MostKept = 256;

    private readonly ConcurrentDictionary<Guid, Redactor> _redactors = new();

    /// <summary>Secrets that do not open were never given to a program either: nothing of them can be printed.</summary>
    public async ValueTask<Redactor> OfAsync(RevisionRow revision, CancellationToken cancellationToken)
    {
        if (_redactors.TryGetValue(revision.Id, out var known)) return known;
        var redactor = await ReadAsync(revision, cancellationToken);
        if (_redactors.Count >= MostKept) _redactors.Clear();
        _redactors[revision.Id] = redactor;
        return redactor;
    }

    /// <summary>Of what is told of a deployment as a whole.</summary>
    public Task<Redactor> OfAsync(DeploymentRow deployment, CancellationToken cancellationToken) =>
        ReadAsync(deployment.WorkspaceId, deployment.SecretValues, deployment.Id, cancellationToken);

    /// <summary>Cleaned, redacted and bounded, for whatever of a revision's output is kept outside its log.</summary>
    public async ValueTask<string> StoredAsync(RevisionRow revision, string text, CancellationToken cancellationToken) =>
        LogText.Stored(text, await OfAsync(revision, cancellationToken), options.Value.LineLimitBytes);

    private Task<Redactor> ReadAsync(RevisionRow revision, CancellationToken cancellationToken) =>
        ReadAsync(revision.WorkspaceId, revision.SecretValues, revision.Id, cancellationToken);

    private async Task<Redactor> ReadAsync(Guid workspace, byte[] values, Guid of, CancellationToken cancellationToken)
    {
        try
        {
            var secrets = await vault.OpenAsync(new WorkspaceId(workspace), values, cancellationToken);
            return Redactor.Of(secrets.Values);
        }
        catch (CryptographicException unreadable)
        {
            logger.SecretsUnreadable(unreadable, of);
            return Redactor.None;
        }
    }
}
