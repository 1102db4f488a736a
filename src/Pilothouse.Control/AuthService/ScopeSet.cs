using System.Text.Json;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.AuthService;

/// <summary>Scopes as rows keep them and as providers write them.</summary>
internal static class ScopeSet
{
    public static string ToJson(IEnumerable<string> scopes) =>
        JsonSerializer.Serialize([.. scopes.Distinct(StringComparer.Ordinal)], AuthServiceJson.Default.StringArray);

    public static IReadOnlyList<string> FromJson(string json) => JsonSerializer.Deserialize(json, AuthServiceJson.Default.StringArray)!;

    /// <summary>RFC 6749 parts them with spaces, some providers with commas.</summary>
    public static IReadOnlyList<string> FromWire(string text) =>
        text.Split([' ', ','], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Whatever of them the user was asked for counts as covered: a provider that left it out would leave it out again.</summary>
    public static bool Cover(OAuthTokenRow token, IEnumerable<string> scopes) =>
        !scopes.Except(FromJson(token.Scopes).Concat(FromJson(token.AskedScopes)), StringComparer.Ordinal).Any();
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string[]))]
internal sealed partial class AuthServiceJson : System.Text.Json.Serialization.JsonSerializerContext;
