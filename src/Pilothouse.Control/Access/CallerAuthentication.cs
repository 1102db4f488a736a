using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Pilothouse.Contracts;
using Pilothouse.Control.Errors;
using Pilothouse.Core;

namespace Pilothouse.Control.Access;

/// <summary>
/// Reads <c>X-Api-Key</c> (or <c>Authorization: Bearer</c>) and <c>X-Tenant-Id</c>. Of differing <c>X-Api-Key</c> lines the last is used, and only
/// if all reach the same workspace: some clients send their own line beside the configured one.
/// </summary>
internal sealed class CallerAuthentication(ApiKeys keys)
{
    private const string KeyHeader = "X-Api-Key";
    private const string TenantHeader = "X-Tenant-Id";

    private static readonly Rejection s_noKey = new(
        Codes.Unauthenticated, "No API key: send it in the X-Api-Key header.");

    private static readonly Rejection s_badKey = new(
        Codes.Unauthenticated, "Invalid API key: it is unknown, expired or revoked.");

    private static readonly Rejection s_keysDiffer = new(
        Codes.Unauthenticated, "Two X-Api-Key headers with keys of different workspaces: send one.");

    private static readonly Rejection s_noWorkspace = new(
        Codes.WorkspaceRequired, "This API key is of the whole organization and requires workspace specification: send X-Tenant-Id.");

    /// <returns>Null when the caller is known and set on the request; else the answer to give.</returns>
    public async ValueTask<IResult?> AuthenticateAsync(HttpContext http, CancellationToken cancellationToken)
    {
        var presented = Presented(http.Request);
        if (presented.Count == 0) return ApiResults.Refused(s_noKey);

        var found = new List<KnownKey>(presented.Count);
        foreach (var text in presented)
        {
            if (await keys.FindAsync(text, cancellationToken) is not { } key) return ApiResults.Refused(s_badKey);
            found.Add(key);
        }

        var faults = new RequestFaults();
        var tenant = Tenant(http.Request, faults);
        if (faults.Any) return faults.ToResult();

        var outcome = await CallerOfAsync(found, tenant, cancellationToken);
        if (!outcome.IsAccepted) return ApiResults.Refused(outcome.Rejection);
        http.SetCaller(outcome.Value);
        return null;
    }

    private async ValueTask<Outcome<Caller>> CallerOfAsync(List<KnownKey> found, WorkspaceId? tenant, CancellationToken cancellationToken)
    {
        var used = found[^1];
        if ((used.Workspace ?? tenant) is not { } workspace) return found.Count > 1 ? s_keysDiffer : s_noWorkspace;
        if (tenant is { } named && !await keys.ReachesAsync(used, named, cancellationToken))
            return new Rejection(Codes.Forbidden, $"X-Tenant-Id names workspace {named}, which this API key does not reach.");
        foreach (var other in found.SkipLast(1))
        {
            if (!await keys.ReachesAsync(other, workspace, cancellationToken)) return s_keysDiffer;
        }

        return new Caller(used.Organization, workspace, used.Id, used.Role);
    }

    /// <summary>Distinct keys in the order of their lines.</summary>
    private static List<string> Presented(HttpRequest request)
    {
        var lines = request.Headers[KeyHeader];
        if (lines.Count > 0) return [.. Filled(lines).Distinct(StringComparer.Ordinal)];
        return [.. Filled(request.Headers.Authorization)
            .Where(line => line.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            .Select(line => line["Bearer ".Length..].Trim())
            .Distinct(StringComparer.Ordinal)];
    }

    private static WorkspaceId? Tenant(HttpRequest request, RequestFaults faults)
    {
        var lines = Filled(request.Headers[TenantHeader]).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        if (lines.Count == 0) return null;
        IReadOnlyList<object> location = ["header", TenantHeader];
        if (lines.Count > 1) faults.Add("value_error", location, "Value error, sent twice with different values");
        return UuidText.Parse(lines[^1], location, faults) is { } id ? new WorkspaceId(id) : null;
    }

    /// <summary>Proxies and some clients join equal headers with commas (RFC 9110, 5.3); no key and no id has one in it.</summary>
    private static IEnumerable<string> Filled(StringValues lines) => lines.SelectMany(
        line => (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
}
