using System.Collections;

namespace Pilothouse.Server.Serve;

/// <summary>Turns the few things an operator says into the keys that the features read.</summary>
internal static class ServeSettings
{
    /// <summary>Environment variables with this prefix are configuration, <c>__</c> for each level: <c>PILOTHOUSE_Listener__DrainLimit=00:05:00</c>.</summary>
    public const string Prefix = "PILOTHOUSE_";

    /// <summary>Standard variables of OpenTelemetry, which keep their names.</summary>
    private const string TelemetryPrefix = "OTEL_";

    public const string DefaultUrls = "http://127.0.0.1:8787";
    private const string DefaultData = "./.pilothouse";

    public static IConfigurationBuilder AddServeSettings(this IConfigurationBuilder builder, ServeFlags flags)
    {
        var environment = new ConfigurationBuilder().AddEnvironmentVariables(Prefix).Build();
        var data = Path.GetFullPath(flags.Data ?? environment["Data"] ?? DefaultData);
        var urls = flags.Urls ?? environment["Urls"] ?? DefaultUrls;

        builder.Sources.Clear();
        builder.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["Listener:ListenerId"] = Control.Listeners.EmbeddedListener.Id.ToString(),
            ["Gateway:PublicUrl"] = PublicUrl(urls),
        });
        builder.AddTelemetryVariables();
        builder.AddEnvironmentVariables(Prefix);
        builder.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["Data"] = data,
            ["Urls"] = urls,
            ["Storage:DataDirectory"] = data,
            ["Listener:DataDirectory"] = data,
            ["Builds:DataDirectory"] = data,
            ["Builds:SharedDirectory"] = environment["Storage:SharedDirectory"],
            ["Listener:SharedDirectory"] = environment["Storage:SharedDirectory"],
        });
        if (flags.Database is { } database) builder.AddInMemoryCollection([new("Storage:Database", database)]);
        if (flags.PublicUrl is { } publicUrl) builder.AddInMemoryCollection([new("Gateway:PublicUrl", publicUrl.TrimEnd('/'))]);
        if (flags.Domain is { } domain) builder.AddInMemoryCollection([new("Gateway:Domain", domain)]);
        return builder;
    }

    public static void AddTelemetryVariables(this IConfigurationBuilder builder) =>
        builder.AddInMemoryCollection(Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value))
            .Where(variable => variable.Key.StartsWith(TelemetryPrefix, StringComparison.Ordinal)));

    /// <summary>Null when the address is no one that callers could use: any interface, or a port that is chosen at start.</summary>
    internal static string? PublicUrl(string urls)
    {
        var first = urls.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        if (!Uri.TryCreate(first, UriKind.Absolute, out var url) || url.Port == 0) return null;
        return url.Host is "0.0.0.0" or "[::]" ? null : url.GetLeftPart(UriPartial.Authority);
    }
}
