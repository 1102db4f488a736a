using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.AuthService;
using Pilothouse.Control.Idempotency;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Backups;

/// <param name="Opened">Sealed values that were opened: each holds one secret or several.</param>
/// <param name="Unreadable">Which do not open, e.g. <c>revision 0199…</c>.</param>
public sealed record SecretsSummary(long Opened, IReadOnlyList<string> Unreadable);

/// <summary>Opens all that is sealed in the store, and forgets it.</summary>
internal sealed class CheckSecrets(IDbContextFactory<PilothouseDb> databases, SecretVault vault, AuthSecrets auth, KeptAnswers answers)
{
    public async Task<SecretsSummary> RunAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var check = new Check();
        await foreach (var row in db.Deployments.AsNoTracking().Select(row => new { row.Id, row.WorkspaceId, row.SecretValues }).AsAsyncEnumerable().WithCancellation(cancellationToken))
            await check.AddAsync("deployment", row.Id, row.SecretValues, sealedValues => vault.OpenAsync(new WorkspaceId(row.WorkspaceId), sealedValues, cancellationToken));
        await foreach (var row in db.Revisions.AsNoTracking().Select(row => new { row.Id, row.WorkspaceId, row.SecretValues }).AsAsyncEnumerable().WithCancellation(cancellationToken))
            await check.AddAsync("revision", row.Id, row.SecretValues, sealedValues => vault.OpenAsync(new WorkspaceId(row.WorkspaceId), sealedValues, cancellationToken));
        await foreach (var row in db.OAuthProviders.AsNoTracking().AsAsyncEnumerable().WithCancellation(cancellationToken))
            await check.AddAsync("OAuth provider", row.Id, row.Secrets, secrets => auth.OpenClientSecretAsync(row.SealedFor, row.Id, secrets, cancellationToken));
        await foreach (var row in db.OAuthTokens.AsNoTracking().AsAsyncEnumerable().WithCancellation(cancellationToken))
            await check.AddAsync("OAuth token", row.Id, row.Secrets, secrets => auth.OpenTokenAsync(row.WorkspaceId, row.Id, secrets, cancellationToken));
        await foreach (var row in db.AuthSessions.AsNoTracking().AsAsyncEnumerable().WithCancellation(cancellationToken))
            await check.AddAsync("consent", row.Id, row.Secrets, secrets => auth.OpenVerifierAsync(row.WorkspaceId, row.Id, secrets, cancellationToken));
        await foreach (var row in db.RequestKeys.AsNoTracking().AsAsyncEnumerable().WithCancellation(cancellationToken))
            await check.AddAsync("kept answer", row.Key, row.Answer, answer => answers.OpenAsync(new RequestKey(row.WorkspaceId, row.Subject, row.Key), answer, cancellationToken));
        return new SecretsSummary(check.Opened, check.Unreadable);
    }

    private sealed class Check
    {
        public long Opened { get; private set; }

        public List<string> Unreadable { get; } = [];

        /// <param name="value">Null or empty where there is nothing to keep.</param>
        public async Task AddAsync(string what, object id, byte[]? value, Func<byte[], Task> open)
        {
            if (value is not { Length: > 0 }) return;
            try
            {
                await open(value);
                Opened++;
            }
            catch (Exception unreadable) when (unreadable is CryptographicException or JsonException or MasterKeyException or KeyNotFoundException)
            {
                Unreadable.Add($"{what} {id}");
            }
        }
    }
}
