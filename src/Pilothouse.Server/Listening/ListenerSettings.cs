using Pilothouse.Server.Serve;

namespace Pilothouse.Server.Listening;

/// <summary>Turns the few things an operator says into the keys that the features read.</summary>
internal static class ListenerSettings
{
    private const string DefaultData = "./.pilothouse-listener";
    private const string DefaultUrls = "http://127.0.0.1:8788";

    public static IConfigurationBuilder AddListenerSettings(this IConfigurationBuilder builder, ListenerFlags flags)
    {
        var environment = new ConfigurationBuilder().AddEnvironmentVariables(ServeSettings.Prefix).Build();
        var data = Path.GetFullPath(flags.Data ?? environment["Data"] ?? DefaultData);
        var urls = flags.Urls ?? environment["Urls"] ?? DefaultUrls;
        builder.Sources.Clear();
        builder.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase) { ["Gateway:PublicUrl"] = ServeSettings.PublicUrl(urls) });
        builder.AddTelemetryVariables();
        builder.AddEnvironmentVariables(ServeSettings.Prefix);
        builder.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["Data"] = data,
            ["Urls"] = urls,
            ["Listener:DataDirectory"] = data,
            ["Builds:DataDirectory"] = data,
        });
        builder.AddInMemoryCollection(Said(flags).Where(said => said.Value is not null));
        return builder;
    }

    private static Dictionary<string, string?> Said(ListenerFlags flags) => new(StringComparer.OrdinalIgnoreCase)
    {
        ["ControlPlane:Url"] = flags.ControlPlane,
        ["ControlPlane:Key"] = flags.Key,
        ["ControlPlane:KeyFile"] = flags.KeyFile is { } file ? Path.GetFullPath(file) : null,
        ["ControlPlane:ListenerId"] = flags.ListenerId,
        ["ControlPlane:ComputeId"] = flags.ComputeId,
        ["ControlPlane:CaFile"] = flags.Ca is { } ca ? Path.GetFullPath(ca) : null,
        ["Gateway:PublicUrl"] = flags.GatewayUrl?.TrimEnd('/'),
    };
}
