using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.Listeners;

/// <summary>
/// What a listener says, read off a request: bounded, compressed or not, and whole or refused. Its own id is the one in the path, whatever the body says.
/// </summary>
internal static class ListenerMessages
{
    private const int MaxVersionLength = 128;
    private const int MaxUrlLength = 2_000;
    private const int MaxLines = 10_000;
    private const int MaxEvents = 1_000;

    /// <summary>The wire's own shape; null after a fault.</summary>
    public static async Task<T?> ReadAsync<T>(HttpContext http, JsonTypeInfo<T> type, RequestFaults faults)
        where T : class
    {
        if (string.Equals(http.Request.Headers.ContentEncoding, "gzip", StringComparison.OrdinalIgnoreCase))
            http.Request.Body = new GZipStream(http.Request.Body, CompressionMode.Decompress);
        try
        {
            if (await JsonBody.ReadAsync(http.Request, faults, http.RequestAborted) is not { } body) return null;
            if (body.ValueKind is JsonValueKind.Object && JsonBody.IsText(body)) return body.Deserialize(type);
            faults.Add("model_attributes_type", ["body"], "Input should be a valid dictionary or object to extract fields from", body.ValueKind is JsonValueKind.Undefined ? null : body);
        }
        catch (InvalidDataException broken)
        {
            throw new BadHttpRequestException("The body is not what its Content-Encoding says: gzip.", StatusCodes.Status400BadRequest, broken);
        }
        catch (JsonException wrong)
        {
            faults.Add("value_error", ["body"], $"Value error, not a {typeof(T).Name} (docs/listener-protocol.md): {wrong.Path ?? "$"} is missing or of another type");
        }

        return null;
    }

    public static void Check(LeadRequest request, RequestFaults faults)
    {
        if (request.Protocol < ListenerProtocolVersions.Oldest)
            faults.Add("value_error", ["body", "protocol"], $"Value error, this control plane speaks the versions {ListenerProtocolVersions.Oldest} to {ListenerProtocolVersions.Newest}: upgrade the listener");
        if (request.InstanceId == Guid.Empty) faults.Add("value_error", ["body", "instance_id"], "Value error, must not be empty");
        if (request.Version.Length is 0 or > MaxVersionLength || request.Version.Any(char.IsControl))
            faults.Add("value_error", ["body", "version"], $"Value error, must have 1 to {MaxVersionLength} characters");
        if (request.GatewayUrl is { } url && !IsGateway(url))
            faults.Add("value_error", ["body", "gateway_url"], "Value error, must be an http or https address without query, such as https://agents.corp, without a slash at its end");
    }

    public static void Check(PullRequest request, RequestFaults faults)
    {
        Led(request.Lease, faults);
        if (request.SealTo is null) faults.Add("missing", ["body", "seal_to"], "Field required");
        else if (!EnvironmentSeal.IsPublicKey(request.SealTo))
            faults.Add("value_error", ["body", "seal_to"], "Value error, must be a public key on P-256, as base64 of its SubjectPublicKeyInfo");
    }

    public static void Check(DeploymentReport report, RequestFaults faults)
    {
        Led(report.Lease, faults);
        if (report.Events is { } events && (events.Count > MaxEvents || events.Any(one => one is null)))
            faults.Add("value_error", ["body", "events"], $"Value error, must be at most {MaxEvents}, and none null");
    }

    public static void Check(LogBatch batch, RequestFaults faults)
    {
        Led(batch.Lease, faults);
        if (batch.Lines.Count > MaxLines || batch.Lines.Any(one => one is null))
            faults.Add("value_error", ["body", "lines"], $"Value error, must be at most {MaxLines}, and none null");
    }

    /// <summary>The key's hash, or the token; neither after a fault.</summary>
    public static byte[]? HashOf(CallerQuestion question, RequestFaults faults)
    {
        if (question.KeyHash is null == question.Token is null) faults.Add("value_error", ["body"], "Value error, one of key_hash and token must be set");
        if (question.KeyHash is not { } hash) return null;
        if (hash.Length == 64 && hash.All(char.IsAsciiHexDigitLower)) return Convert.FromHexString(hash);
        faults.Add("value_error", ["body", "key_hash"], "Value error, must be 64 lower-case hexadecimal digits");
        return null;
    }

    private static void Led(long? lease, RequestFaults faults)
    {
        if (lease is null) faults.Add("missing", ["body", "lease"], "Field required");
    }

    private static bool IsGateway(string url) =>
        url.Length <= MaxUrlLength && !url.EndsWith('/') && !url.Any(letter => char.IsWhiteSpace(letter) || char.IsControl(letter) || letter == '\\')
        && Uri.TryCreate(url, UriKind.Absolute, out var address)
        && address is { Scheme: "http" or "https", Host.Length: > 0, Query: "", Fragment: "", UserInfo: "" };
}
