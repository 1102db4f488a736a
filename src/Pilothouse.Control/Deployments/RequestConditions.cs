using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Pilothouse.Contracts;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Deployments;

/// <summary>Entity tags of deployments (RFC 9110, 8.8.3): strong, and another one after every change that an answer shows.</summary>
internal static class DeploymentTags
{
    /// <summary>With its quotes.</summary>
    public static string Of(DeploymentRow row, AgentUrlBase urls)
    {
        // None of the texts has a NUL in it.
        var shown = string.Create(
            CultureInfo.InvariantCulture,
            $"{row.Id}\0{row.WorkspaceId}\0{row.Name}\0{row.Source}\0{row.SourceConfig}\0{row.SourceRevisionConfig}\0{row.SecretNames}\0{row.SecretReferences}\0{row.TrackedPackages}\0{row.Status}\0{row.LatestRevisionId}\0{row.ActiveRevisionId}\0{row.ImageVersion}\0{row.CreatedAt.ToUnixTimeMilliseconds()}\0{row.UpdatedAt.ToUnixTimeMilliseconds()}\0{row.NextRevisionNumber}\0{urls.Root}\0{urls.Domain}");
        return $"\"{XxHash128.HashToUInt128(MemoryMarshal.AsBytes(shown.AsSpan())):x32}\"";
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
