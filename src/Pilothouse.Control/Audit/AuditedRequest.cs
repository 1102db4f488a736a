using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Access;
using Pilothouse.Control.Idempotency;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Audit;

/// <summary>Tells a guarded request to the audit log before its answer goes out: what changed something, and what was refused for want of a permission.</summary>
internal static class AuditedRequest
{
    private const int MaxText = 300;
    private static readonly ConcurrentDictionary<Type, PropertyInfo?> s_ids = new();

    /// <param name="permission">Of the endpoint; null when any caller may.</param>
    /// <param name="result">What the endpoint, or its guard, answers.</param>
    public static async ValueTask TellAsync(HttpContext http, string? permission, object? result)
    {
        if (result is IStatusCodeHttpResult known)
        {
            await TellAsync(http, permission, known.StatusCode ?? StatusCodes.Status200OK, result);
            return;
        }

        // Of an answer of another kind the status is known when it starts; streams have begun by now.
        if (result is not IResult) return;
        if (http.Response.HasStarted) await TellAsync(http, permission, http.Response.StatusCode, result);
        else http.Response.OnStarting(async () => await TellAsync(http, permission, http.Response.StatusCode, result));
    }

    /// <summary>The line of a change that is about to be committed; null where its status is known only with its answer.</summary>
    public static AuditRow? SuccessOf(ChangeScope scope, Guid deployment)
    {
        var http = scope.Http;
        if (http.GetEndpoint()?.Metadata.GetMetadata<ChangeAnswer>() is not { } answer || Asked(http) is not var (credential, path)) return null;
        var operation = AuditOperations.Of(http.Request.Method, path);
        var made = !operation.Name.StartsWith("create_", StringComparison.Ordinal) ? null : answer.IsRevision ? scope.Revision : deployment;
        return RowOf(http, credential, operation, made?.ToString() ?? AuditOperations.IdOf(http.Request.RouteValues, path), AuditOutcomes.Succeeded, answer.Status);
    }

    private static async ValueTask TellAsync(HttpContext http, string? permission, int status, object result)
    {
        if (Asked(http) is not var (credential, path)) return;
        var isChange = !AuditOperations.IsQuestion(http.Request.Method, path) && permission?.EndsWith(":read", StringComparison.Ordinal) is not true;
        var isDone = isChange && status is >= 200 and < 300 && !IsTold(http);
        if (!isDone && status != StatusCodes.Status403Forbidden) return;

        var operation = AuditOperations.Of(http.Request.Method, path);
        var row = RowOf(
            http, credential, operation, IdOf(result, operation) ?? AuditOperations.IdOf(http.Request.RouteValues, path),
            status == StatusCodes.Status403Forbidden ? AuditOutcomes.Refused : AuditOutcomes.Succeeded, status);
        await http.RequestServices.GetRequiredService<AuditLog>().WriteAsync(row);
    }

    /// <summary>With the change itself: by this request, or by the try whose answer it gives.</summary>
    private static bool IsTold(HttpContext http) =>
        ChangeScope.Current is { } scope && (scope.Told is not null || (scope.IsRecovered && http.GetEndpoint()?.Metadata.GetMetadata<ChangeAnswer>() is not null));

    private static (Credential Credential, string Path)? Asked(HttpContext http) =>
        http.FindCredential() is { } credential && http.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } path } ? (credential, path) : null;

    private static AuditRow RowOf(HttpContext http, Credential credential, AuditOperation operation, string? resource, string outcome, int status) => new()
    {
        At = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow(),
        OrganizationId = credential.Organization.Value,
        WorkspaceId = (http.FindCaller()?.Workspace ?? credential.Workspace)?.Value,
        UserId = credential.User,
        ApiKeyId = credential.Key,
        ActorName = credential.Name,
        Operation = operation.Name,
        ResourceType = operation.Resource,
        ResourceId = Cut(resource),
        Outcome = outcome,
        Status = status,
        RequestId = http.TraceIdentifier,
        RemoteAddress = http.Connection.RemoteIpAddress?.ToString(),
    };

    /// <summary>Of what was made: the answer has its id, the path has not.</summary>
    private static string? IdOf(object result, AuditOperation operation)
    {
        if (result is not IValueHttpResult { Value: { } value } || !operation.Name.StartsWith("create_", StringComparison.Ordinal)) return null;
        return s_ids.GetOrAdd(value.GetType(), type => type.GetProperty("Id") ?? type.GetProperty("ProviderId"))?.GetValue(value)?.ToString();
    }

    private static string? Cut(string? text) => text is { Length: > MaxText } ? text[..MaxText] : text;
}

internal static class AuditOutcomes
{
    public const string Succeeded = "succeeded";
    public const string Refused = "refused";

    public static IReadOnlyList<string> All { get; } = [Succeeded, Refused];
}
