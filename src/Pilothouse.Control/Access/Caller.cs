using Microsoft.AspNetCore.Http;
using Pilothouse.Core;

namespace Pilothouse.Control.Access;

/// <summary>Who calls, for which workspace, and what it may do there.</summary>
internal sealed record Caller(OrganizationId Organization, WorkspaceId Workspace, Credential Credential, Grant Grant)
{
    /// <summary>Id of the key's row; null for a token of a user.</summary>
    public Guid? ApiKey => Credential.Key;

    /// <summary>Null for a service key.</summary>
    public Guid? User => Credential.User;

    public string Role => Grant.Role;

    /// <summary>Who owns what the caller makes for itself: the user behind a personal key or a token, else the key.</summary>
    public Guid Subject => Credential.User ?? Credential.Key!.Value;

    public bool May(string permission) => Grant.May(permission);
}

internal static class CallerOfRequest
{
    private static readonly object s_key = new();
    private static readonly object s_credential = new();

    /// <exception cref="InvalidOperationException">The endpoint lacks <c>RequireCaller()</c>.</exception>
    public static Caller GetCaller(this HttpContext http) => http.FindCaller()
        ?? throw new InvalidOperationException($"No caller: put RequireCaller() on '{http.GetEndpoint()?.DisplayName}'.");

    public static Caller? FindCaller(this HttpContext http) => http.Items.TryGetValue(s_key, out var caller) ? (Caller?)caller : null;

    /// <summary>Also of a caller that was turned away because of the workspace that it named.</summary>
    public static Credential? FindCredential(this HttpContext http) =>
        http.Items.TryGetValue(s_credential, out var credential) ? (Credential?)credential : null;

    internal static void SetCaller(this HttpContext http, Caller caller) => http.Items[s_key] = caller;

    internal static void SetCredential(this HttpContext http, Credential credential) => http.Items[s_credential] = credential;
}
