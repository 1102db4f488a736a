using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Net.Http.Headers;

namespace Pilothouse.Control.OpenApi;

/// <summary>What <c>/openapi.json</c> answers: the fragments beside this file, put together once, when somebody asks first.</summary>
internal sealed class ApiDocument
{
    private const string Folder = "Pilothouse.Control.OpenApi.";

    private static readonly JsonSerializerOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lazy<Written> _atRoot = new(() => Write("/"));
    private readonly Lazy<Written> _belowPrefix = new(() => Write(ControlFeature.ApiPrefix));

    /// <param name="isBelowPrefix">The caller came by <see cref="ControlFeature.ApiPrefix"/>, and goes on there.</param>
    public Written For(bool isBelowPrefix) => (isBelowPrefix ? _belowPrefix : _atRoot).Value;

    /// <summary>The JSON files of the folder, which are part of this assembly.</summary>
    public static IEnumerable<(string Name, string Json)> Fragments() =>
        from name in typeof(ApiDocument).Assembly.GetManifestResourceNames().Order(StringComparer.Ordinal)
        where name.StartsWith(Folder, StringComparison.Ordinal)
        select (name[Folder.Length..], Read(name));

    private static string Read(string resource)
    {
        using var reader = new StreamReader(typeof(ApiDocument).Assembly.GetManifestResourceStream(resource)!);
        return reader.ReadToEnd();
    }

    private static Written Write(string server)
    {
        var (document, faults) = DocumentMerge.Run(Fragments());
        if (faults.Count > 0) throw new UnreachableException(string.Join(" ", faults));
        CommonAnswers.AddTo(document);
        document["servers"] = new JsonArray(new JsonObject { ["url"] = server });
        var bytes = JsonSerializer.SerializeToUtf8Bytes<JsonNode>(document, s_readable);
        return new Written(bytes, new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 16))}\""));
    }

    internal sealed record Written(byte[] Bytes, EntityTagHeaderValue Tag);
}
