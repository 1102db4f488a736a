using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Pilothouse.Contract.Tests.Contract;

namespace Pilothouse.Contract.Tests.Fuzz;

/// <summary>Values of a schema, now and then with something in them that no schema foresees. The same seed gives the same values.</summary>
public sealed class RandomValues(ContractFile file, Random random)
{
    /// <summary>One value in so many is hostile.</summary>
    private const int HostileIn = 12;

    private const int MaxDepth = 9;

    private static readonly string[] s_hostile =
    [
        "", " ", "\0", "a\0b", "\n", "\r\nX-Injected: 1", "\t", "null", "true", "-1", "NaN", "../../etc/passwd", "..\\..\\", "$(id)", "`id`", "; DROP TABLE deployments;--",
        "' OR '1'='1", "\"", "\\", "<script>alert(1)</script>", "${jndi:ldap://x}", "{{7*7}}", "%00", "%s%n", "\u202e\u2066", "\ufeff", "\uffff", "e\u0301", "\U0001f9ed",
        "İıſK", "ﷺ", "--upload-pack=x", "-oProxyCommand=x", "ext::sh", "file:///etc/passwd", "http://[::1]:1/", "http://127.0.0.1/", "javascript:1", "//", "a@b:c@d", "refs/heads/../x",
        "x@sha256:0000", "UPPER/Case:Tag", "9999-12-31T23:59:59.9999999Z", "0001-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "01a2b3c4", "00000000-0000-0000-0000-000000000000",
    ];

    private static readonly string[] s_numbers =
        ["0", "-0", "-1", "1", "2147483647", "2147483648", "-2147483649", "9223372036854775808", "1e308", "1e309", "-1e400", "0.1", "1e-400", "1.0", "12345678901234567890123456789"];

    public string Text()
    {
        var kind = random.Next(10);
        if (kind < 7) return s_hostile[random.Next(s_hostile.Length)];
        var length = kind == 9 ? random.Next(1, 20_000) : random.Next(1, 80);
        var text = new StringBuilder(length);
        while (text.Length < length) text.Append((char)random.Next(kind == 7 ? 128 : 0xd800));
        return text.ToString();
    }

    public JsonNode? Of(JsonNode schema, int depth = 0)
    {
        if (random.Next(HostileIn) == 0 || depth > MaxDepth) return Hostile(depth);
        var alternatives = file.Alternatives(schema);
        var one = alternatives[random.Next(alternatives.Count)];
        if (one["const"] is { } only) return only.DeepClone();
        if (one["enum"] is JsonArray words) return words[random.Next(words.Count)]!.DeepClone();
        return (string?)one["type"] switch
        {
            "object" => ObjectOf(one, depth),
            "array" => new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => one["items"] is { } items ? Of(items, depth + 1) : null)]),
            "integer" => random.Next((int?)one["minimum"] ?? -5, ((int?)one["maximum"] ?? 4000) + 1),
            "number" => Math.Round(random.NextDouble() * 9, 2),
            "boolean" => random.Next(2) == 0,
            "string" => WordOf((string?)one["format"]),
            "null" => null,
            _ => Hostile(depth),
        };
    }

    private JsonObject ObjectOf(JsonObject schema, int depth)
    {
        var required = GoodValues.Required(schema);
        var made = new JsonObject();
        foreach (var (name, field) in schema["properties"] as JsonObject ?? [])
        {
            // Nearly always what must be there; of the rest a little, so that bodies stay small.
            if (required.Contains(name) ? random.Next(25) > 0 : random.Next(6) == 0) made[name] = Of(field!, depth + 1);
        }

        if (schema["additionalProperties"] is JsonNode and not JsonValue || random.Next(10) == 0) made[Text()] = Hostile(depth + 1);
        return made;
    }

    private string WordOf(string? format) => format switch
    {
        "uuid" => Guid.NewGuid().ToString(),
        "date-time" => DateTimeOffset.UnixEpoch.AddSeconds(random.Next()).ToString("O", CultureInfo.InvariantCulture),
        _ => random.Next(4) switch
        {
            0 => $"https://host-{random.Next(50)}.example/a",
            1 => $"registry.example/team/app:{random.Next(50)}",
            _ => $"word-{random.Next(100_000)}",
        },
    };

    private JsonNode? Hostile(int depth) => random.Next(8) switch
    {
        0 => null,
        1 => random.Next(2) == 0,
        2 => JsonNode.Parse(s_numbers[random.Next(s_numbers.Length)]),
        3 when depth < MaxDepth => new JsonArray(Hostile(depth + 1), Hostile(depth + 1)),
        4 when depth < MaxDepth => new JsonObject { [Text()] = Hostile(depth + 1) },
        _ => Text(),
    };
}
