using Microsoft.Extensions.Logging.Console;
using Pilothouse.Blobs.S3;
using Pilothouse.Builds;
using Pilothouse.Control;
using Pilothouse.Gateway;
using Pilothouse.Listener;
using Pilothouse.Runtimes.Process;
using Pilothouse.Server.Observing;

namespace Pilothouse.Server.Serve;

/// <summary>Wires the parts together; nothing else happens here.</summary>
internal static class ServeHost
{
    /// <summary>Requests under way may finish; then agent servers are stopped, each within the limit of its own launch spec.</summary>
    private static readonly TimeSpan s_shutdownLimit = TimeSpan.FromSeconds(10);

    public static WebApplication Build(ServeFlags flags)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddServeSettings(flags);
        builder.Logging.ClearProviders().AddConfiguration(builder.Configuration.GetSection("Logging"));
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning).AddFilter("Yarp", LogLevel.Warning);
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = s_shutdownLimit);
        builder.AddObserving();
        builder.WebHost.UseUrls(
            [
                .. builder.Configuration["Urls"]!.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
                .. ObservingFeature.ManagementUrls(builder.Configuration),
            ]);
        builder.WebHost.UseGatewaySockets();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);

        builder.Services.AddS3Bucket(builder.Configuration);
        builder.Services.AddControl(builder.Configuration);
        builder.Services.AddBuilds(builder.Configuration);
        builder.Services.AddProcessRuntime(builder.Configuration);
        builder.Services.AddGateway(builder.Configuration);
        builder.Services.AddListener(builder.Configuration);

        var app = builder.Build();
        app.UseManagementUrl();
        app.UseGateway();
        app.UseAnswerQueues();
        app.UseControl();
        app.MapControl();
        app.MapObserving();
        return app;
    }
}
