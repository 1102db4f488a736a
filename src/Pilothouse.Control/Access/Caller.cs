using Microsoft.AspNetCore.Http;
using Pilothouse.Core;

namespace Pilothouse.Control.Access;

/// <summary>Who calls, and for which workspace.</summary>
/// <param name="ApiKey">Id of the key's row.</param>
/// <param name="Role">A constant of <see cref="Roles"/>.</param>
internal sealed record Caller(OrganizationId Organization, WorkspaceId Workspace, Guid ApiKey, string Role)
{
    /// <summary>Who owns what the caller makes for itself: the user behind a personal key, else the key.</summary>
    public Guid Subject => ApiKey;
}

internal static class CallerOfRequest
{
    private static readonly object s_key = new();

    /// <exception cref="InvalidOperationException">The endpoint lacks <c>RequireCaller()</c>.</exception>
    public static Caller GetCaller(this HttpContext http) => http.FindCaller()
        ?? throw new InvalidOperationException($"No caller: put RequireCaller() on '{http.GetEndpoint()?.DisplayName}'.");

    public static Caller? FindCaller(this HttpContext http) => http.Items.TryGetValue(s_key, out var caller) ? (Caller?)caller : null;

    internal static void SetCaller(this HttpContext http, Caller caller) => http.Items[s_key] = caller;
}
