using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Pilothouse.Contracts;
using Pilothouse.Control.Access.Oidc;
using Pilothouse.Control.Errors;
using Pilothouse.Core;

namespace Pilothouse.Control.Access;

/// <summary>
/// Reads <c>X-Api-Key</c>, or <c>Authorization: Bearer</c> with a key or a user's token, and <c>X-Tenant-Id</c>. Of differing <c>X-Api-Key</c> lines the
/// last is used, and only if all reach the same workspace: some clients send their own line beside the configured one.
/// </summary>
internal sealed class CallerAuthentication(ApiKeys keys, UserTokens tokens, Standing standing, KeyUse use)
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

    private static readonly Rejection s_userWithoutWorkspace = new(
        Codes.WorkspaceRequired, "You are not a member of exactly one workspace, so that this requires workspace specification: send X-Tenant-Id.");

    /// <returns>Null when the caller is known and set on the request; else the answer to give.</returns>
    public async ValueTask<IResult?> AuthenticateAsync(HttpContext http, CancellationToken cancellationToken)
    {
        var found = await PresentedAsync(http.Request, cancellationToken);
        if (!found.IsAccepted) return ApiResults.Refused(found.Rejection);
        http.SetCredential(found.Value[^1]);

        var faults = new RequestFaults();
        var tenant = Tenant(http.Request, faults);
        if (faults.Any) return faults.ToResult();

        var outcome = await CallerOfAsync(found.Value, tenant, cancellationToken);
        if (!outcome.IsAccepted) return ApiResults.Refused(outcome.Rejection);
        if (outcome.Value.ApiKey is { } key) use.Note(key);
        http.SetCaller(outcome.Value);
        return null;
    }

    private async ValueTask<Outcome<Caller>> CallerOfAsync(List<Credential> found, WorkspaceId? tenant, CancellationToken cancellationToken)
    {
        var used = found[^1];
        if ((used.Workspace ?? tenant ?? await standing.OnlyWorkspaceAsync(used, cancellationToken)) is not { } workspace)
            return found.Count > 1 ? s_keysDiffer : used.User is null ? s_noWorkspace : s_userWithoutWorkspace;
        if (await standing.FindAsync(used, tenant ?? workspace, cancellationToken) is not { } grant)
        {
            var who = used.Key is null ? "you do" : "this API key does";
            return new Rejection(Codes.Forbidden, tenant is { } named
                ? $"X-Tenant-Id names workspace {named}, which {who} not reach."
                : $"This API key is for workspace {workspace}, which its user is not a member of any more.");
        }

        for (var other = 0; other < found.Count - 1; other++)
        {
            if (await standing.FindAsync(found[other], workspace, cancellationToken) is null) return s_keysDiffer;
        }

        return new Caller(used.Organization, workspace, used, grant);
    }

    /// <summary>What was shown, in the order of its lines; at least one.</summary>
    private async ValueTask<Outcome<List<Credential>>> PresentedAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var lines = request.Headers[KeyHeader];
        var isBearer = lines.Count == 0;
        var texts = isBearer ? Bearers(request) : Filled(lines, StringComparer.Ordinal);
        if (texts.Count == 0) return s_noKey;

        var found = new List<Credential>(texts.Count);
        foreach (var text in texts)
        {
            if (isBearer && tokens.Takes(text))
            {
                var user = await tokens.FindAsync(text, cancellationToken);
                if (!user.IsAccepted) return user.Rejection;
                found.Add(user.Value);
            }
            else if (await keys.FindAsync(text, cancellationToken) is { } key)
            {
                found.Add(key);
            }
            else
            {
                return s_badKey;
            }
        }

        return found;
    }

    private static List<string> Bearers(HttpRequest request) =>
    [
        .. Filled(request.Headers.Authorization, StringComparer.Ordinal)
            .Where(line => line.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            .Select(line => line["Bearer ".Length..].Trim())
            .Distinct(StringComparer.Ordinal),
    ];

    private static WorkspaceId? Tenant(HttpRequest request, RequestFaults faults)
    {
        var header = request.Headers[TenantHeader];
        if (header.Count == 0) return null;
        var lines = Filled(header, StringComparer.OrdinalIgnoreCase);
        if (lines.Count == 0) return null;
        IReadOnlyList<object> location = ["header", TenantHeader];
        if (lines.Count > 1) faults.Add("value_error", location, "Value error, sent twice with different values");
        return UuidText.Parse(lines[^1], location, faults) is { } id ? new WorkspaceId(id) : null;
    }

    /// <summary>Proxies and some clients join equal headers with commas (RFC 9110, 5.3); no key, no token and no id has one in it.</summary>
    private static List<string> Filled(StringValues lines, StringComparer comparer)
    {
        // As nearly every request has it.
        if (lines.Count == 1 && lines[0] is { Length: > 0 } only && only.AsSpan().IndexOfAny(',', ' ', '\t') < 0) return [only];
        return
        [
            .. lines
                .SelectMany(line => (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                .Distinct(comparer),
        ];
    }
}
