using System.Text.Json;
using Pilothouse.Contracts.AuthService;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.AuthService;

internal static class TokenBodies
{
    public const int MaxScopes = 200;
    public const int MaxScopeLength = 512;
    private const int MaxTokenLength = 64 * 1024;
    private const int MaxLabelLength = 255;
    private const int MaxMetadataLength = 16 * 1024;

    /// <summary>Ten years; nobody means more.</summary>
    private const int MaxSeconds = 3650 * 24 * 60 * 60;

    /// <param name="isOfAgent">The provider is in the path, and there is no default.</param>
    public static OAuthTokenImport ReadImport(BodyReader body, RequestFaults faults, bool isOfAgent) => new()
    {
        ProviderId = isOfAgent ? null : body.Text("provider_id"),
        AccessToken = Secret(body, faults, "access_token")!,
        RefreshToken = body.Has("refresh_token") && !body.IsNull("refresh_token") ? Secret(body, faults, "refresh_token") : null,
        ExpiresInSeconds = body.OptionalInt("expires_in_seconds", 0, MaxSeconds),
        Scopes = ReadScopes(body) ?? [],
        ProviderAccountLabel = body.OptionalText("provider_account_label", MaxLabelLength),
        Metadata = ReadMetadata(body),
        IsDefault = isOfAgent || (body.OptionalBool("is_default") ?? true),
    };

    public static OAuthTokenPatch ReadPatch(BodyReader body) => new()
    {
        ProviderAccountLabel = body.OptionalText("provider_account_label", MaxLabelLength),
        IsDefault = body.OptionalBool("is_default"),
    };

    /// <summary>Each as RFC 6749, 3.3 has it: printable ASCII without spaces, quotes and backslashes.</summary>
    public static IReadOnlyList<string>? ReadScopes(BodyReader body)
    {
        var scopes = body.OptionalTexts("scopes", MaxScopeLength);
        if (scopes is null) return null;
        if (scopes.Count > MaxScopes) body.Refuse("scopes", $"should have at most {MaxScopes} entries");
        else if (scopes.Any(scope => scope.Length == 0 || scope.Any(letter => letter is <= ' ' or > '~' or '"' or '\\')))
            body.Refuse("scopes", "each should be one or more printable ASCII characters without spaces, quotes and backslashes");
        return [.. scopes.Distinct(StringComparer.Ordinal)];
    }

    private static string? Secret(BodyReader body, RequestFaults faults, string name) =>
        body.Checked(faults, name, () => body.Text(name, MaxTokenLength, isSecret: true), FieldChecks.FaultOfText);

    private static JsonElement? ReadMetadata(BodyReader body)
    {
        if (body.OptionalAnyObject("metadata") is not { } metadata) return null;
        if (metadata.GetRawText().Length > MaxMetadataLength) body.Refuse("metadata", $"should have at most {MaxMetadataLength} characters");
        return metadata;
    }
}
