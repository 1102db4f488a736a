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
    public static WebApplication Build(ServeFlags flags)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddServeSettings(flags);
        builder.UseServerLog();
        builder.AddObserving();
        builder.UseServerAddresses();

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
