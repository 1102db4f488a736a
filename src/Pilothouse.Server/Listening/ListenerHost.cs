using Pilothouse.Builds;
using Pilothouse.Gateway;
using Pilothouse.Listener;
using Pilothouse.Listener.Remote;
using Pilothouse.Runtimes.Process;
using Pilothouse.Server.Observing;

namespace Pilothouse.Server.Listening;

/// <summary>Wires the data plane alone: what <c>serve</c> has of it, with the control plane at the other end of a line.</summary>
internal static class ListenerHost
{
    public static WebApplication Build(IConfiguration configuration, ListenerIdentity identity)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddConfiguration(configuration);
        builder.Configuration["Listener:ListenerId"] = identity.ListenerId.ToString();
        builder.UseServerLog();
        builder.AddProbes();
        builder.UseServerAddresses();

        builder.Services.AddRemoteControlPlane(builder.Configuration, identity, new LeadSettings(Telemetry.Version, builder.Configuration["Gateway:PublicUrl"]));
        builder.Services.AddFetchedArtifacts(builder.Configuration);
        builder.Services.AddProcessRuntime(builder.Configuration);
        builder.Services.AddGateway(builder.Configuration);
        builder.Services.AddListener(builder.Configuration);
        builder.Services.AddSingleton<ListenerProbes>();

        var app = builder.Build();
        var probes = app.Services.GetRequiredService<ListenerProbes>();
        app.UseProbesAtManagementUrl(probes.ReadyAsync);
        app.UseGateway();
        app.Run(probes.AnswerAsync);
        return app;
    }
}
