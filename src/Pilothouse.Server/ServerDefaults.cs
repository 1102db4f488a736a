using Microsoft.Extensions.Logging.Console;
using Pilothouse.Gateway;
using Pilothouse.Server.Observing;

namespace Pilothouse.Server;

/// <summary>What every verb that serves has alike: its log, its addresses, its end.</summary>
internal static class ServerDefaults
{
    /// <summary>Requests under way may finish; then agent servers are stopped, each within the limit of its own launch spec.</summary>
    private static readonly TimeSpan s_shutdownLimit = TimeSpan.FromSeconds(10);

    /// <summary>Once its configuration is complete, and ahead of whatever writes logs elsewhere too.</summary>
    public static void UseServerLog(this WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders().AddConfiguration(builder.Configuration.GetSection("Logging"));
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning).AddFilter("Yarp", LogLevel.Warning);
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    /// <summary>After whatever reads the addresses as they were configured: this changes them.</summary>
    public static void UseServerAddresses(this WebApplicationBuilder builder)
    {
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = s_shutdownLimit);
        builder.WebHost.UseUrls(
            [
                .. builder.Configuration["Urls"]!.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
                .. ObservingFeature.ManagementUrls(builder.Configuration),
            ]);
        builder.WebHost.UseGatewaySockets();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
    }
}
