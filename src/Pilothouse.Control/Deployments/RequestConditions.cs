using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Pilothouse.Contracts;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Deployments;

namespace Pilothouse.Control.Deployments;

/// <summary>Entity tags of deployments (RFC 9110, 8.8.3): strong, and another one after every change that an answer shows.</summary>
internal static class DeploymentTags
{
    private const int HashBytes = 16;

    /// <summary>With its quotes.</summary>
    public static string Of(DeploymentRow row, AgentUrlBase urls)
    {
        // None of the texts has a NUL in it.
        var shown = string.Join(
            '\0', row.Id, row.WorkspaceId, row.Name, row.Source, row.SourceConfig, row.SourceRevisionConfig, row.SecretNames, row.SecretReferences,
            row.TrackedPackages, row.Status.ToWire(), row.LatestRevisionId, row.ActiveRevisionId, row.ImageVersion,
            row.CreatedAt.ToUnixTimeMilliseconds(), row.UpdatedAt.ToUnixTimeMilliseconds(), row.NextRevisionNumber, urls.Of(row.Name, row.Id));
        return $"\"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(shown)).AsSpan(0, HashBytes))}\"";
    }

    /// <summary>The deployment, and its tag.</summary>
    public static IResult Answer(HttpContext http, DeploymentRow row, AgentUrlBase urls, int status = StatusCodes.Status200OK)
    {
        http.Response.Headers.ETag = Of(row, urls);
        return ApiResults.Json(DeploymentAnswer.Of(row, urls), ApiJson.Default.Deployment, status);
    }

    /// <summary>As <see cref="Answer"/>, or 304 for a reader who has it, or 412.</summary>
    public static IResult Read(HttpContext http, DeploymentRow row, AgentUrlBase urls)
    {
        if (RequestConditions.Of(http) is not { } conditions) return Answer(http, row, urls);
        var tag = Of(row, urls);
        if (!conditions.IsMatch(tag)) return ApiResults.Refused(RequestConditions.Stale(row));
        if (!conditions.IsKnown(tag)) return Answer(http, row, urls);
        http.Response.Headers.ETag = tag;
        return TypedResults.StatusCode(StatusCodes.Status304NotModified);
    }
}

/// <summary><c>If-Match</c> and <c>If-None-Match</c> of one request.</summary>
/// <param name="Urls">What the tags that this client saw were made with.</param>
internal sealed record RequestConditions(StringValues IfMatch, StringValues IfNoneMatch, AgentUrlBase Urls)
{
    /// <summary>Null without either.</summary>
    public static RequestConditions? Of(HttpContext http)
    {
        var headers = http.Request.Headers;
        return headers.IfMatch.Count == 0 && headers.IfNoneMatch.Count == 0
            ? null
            : new RequestConditions(headers.IfMatch, headers.IfNoneMatch, http.RequestServices.GetRequiredService<AgentUrls>().For(http.Request));
    }

    public static Rejection Stale(DeploymentRow row) => new(
        Codes.PreconditionFailed, $"Deployment ID {row.Id} is not as If-Match or If-None-Match asks: it was changed since. Read it again, and decide anew.");

    /// <summary>For a change; call it in the transaction that read the row.</summary>
    public Rejection? FindStale(DeploymentRow row)
    {
        var tag = DeploymentTags.Of(row, Urls);
        return IsMatch(tag) && !IsKnown(tag) ? null : Stale(row);
    }

    /// <summary>Compared strongly: a weak tag matches nothing, and neither does what is no tag at all.</summary>
    public bool IsMatch(string tag) => IfMatch.Count == 0 || Any(IfMatch, tag, useStrongComparison: true);

    public bool IsKnown(string tag) => IfNoneMatch.Count > 0 && Any(IfNoneMatch, tag, useStrongComparison: false);

    private static bool Any(StringValues header, string tag, bool useStrongComparison)
    {
        var own = new EntityTagHeaderValue(tag);
        return EntityTagHeaderValue.TryParseList([.. header.OfType<string>()], out var tags)
            && tags.Any(other => other.Equals(EntityTagHeaderValue.Any) || own.Compare(other, useStrongComparison));
    }
}
