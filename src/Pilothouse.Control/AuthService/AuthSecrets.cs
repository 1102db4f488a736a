using System.Security.Cryptography;
using Pilothouse.Control.Secrets;
using Pilothouse.Core;

namespace Pilothouse.Control.AuthService;

/// <summary>Seals the secrets of one row under a workspace's data key, bound to the row, so that what is copied to another row does not open.</summary>
internal sealed class AuthSecrets(SecretVault vault)
{
    private const string Row = "row";
    private const string ClientSecret = "client_secret";
    private const string AccessToken = "access_token";
    private const string RefreshToken = "refresh_token";
    private const string Verifier = "code_verifier";

    public Task<byte[]> SealClientSecretAsync(Guid workspace, Guid provider, string secret, CancellationToken cancellationToken) =>
        SealAsync(workspace, provider, new(StringComparer.Ordinal) { [ClientSecret] = secret }, cancellationToken);

    public async Task<string> OpenClientSecretAsync(Guid workspace, Guid provider, byte[] secrets, CancellationToken cancellationToken) =>
        (await OpenAsync(workspace, provider, secrets, cancellationToken))[ClientSecret];

    public Task<byte[]> SealVerifierAsync(Guid workspace, Guid session, string verifier, CancellationToken cancellationToken) =>
        SealAsync(workspace, session, new(StringComparer.Ordinal) { [Verifier] = verifier }, cancellationToken);

    public async Task<string> OpenVerifierAsync(Guid workspace, Guid session, byte[] secrets, CancellationToken cancellationToken) =>
        (await OpenAsync(workspace, session, secrets, cancellationToken))[Verifier];

    public Task<byte[]> SealTokenAsync(Guid workspace, Guid token, TokenPair pair, CancellationToken cancellationToken)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal) { [AccessToken] = pair.Access };
        if (pair.Refresh is { } refresh) values[RefreshToken] = refresh;
        return SealAsync(workspace, token, values, cancellationToken);
    }

    public async Task<TokenPair> OpenTokenAsync(Guid workspace, Guid token, byte[] secrets, CancellationToken cancellationToken)
    {
        var values = await OpenAsync(workspace, token, secrets, cancellationToken);
        return new TokenPair(values[AccessToken], values.GetValueOrDefault(RefreshToken));
    }

    private Task<byte[]> SealAsync(Guid workspace, Guid row, Dictionary<string, string> values, CancellationToken cancellationToken)
    {
        values[Row] = row.ToString("D");
        return vault.SealAsync(new WorkspaceId(workspace), values, cancellationToken);
    }

    private async Task<IReadOnlyDictionary<string, string>> OpenAsync(Guid workspace, Guid row, byte[] secrets, CancellationToken cancellationToken)
    {
        var values = await vault.OpenAsync(new WorkspaceId(workspace), secrets, cancellationToken);
        return string.Equals(values.GetValueOrDefault(Row), row.ToString("D"), StringComparison.Ordinal)
            ? values
            : throw new CryptographicException($"What is stored for row {row} was sealed for another.");
    }
}

/// <summary>What a provider gave.</summary>
internal sealed record TokenPair(string Access, string? Refresh)
{
    /// <summary>Nothing secret in logs and messages.</summary>
    public override string ToString() => "tokens";
}
