using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Pilothouse.Control.Access;
using Pilothouse.Control.Audit;
using Pilothouse.Control.AuthService;
using Pilothouse.Control.Backups;
using Pilothouse.Control.Deployments;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Events;
using Pilothouse.Control.Idempotency;
using Pilothouse.Control.Integrations;
using Pilothouse.Control.Explain;
using Pilothouse.Control.Listeners;
using Pilothouse.Control.Logs;
using Pilothouse.Control.Outgoing;
using Pilothouse.Control.OpenApi;
using Pilothouse.Control.Overload;
using Pilothouse.Control.Peers;
using Pilothouse.Control.Quotas;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Revisions;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Tags;
using Pilothouse.Control.Uploads;

namespace Pilothouse.Control;

/// <summary>The table of contents of the control plane.</summary>
public static class ControlFeature
{
    /// <summary>The API is served at the root and below this prefix.</summary>
    public const string ApiPrefix = "/api-host";

    public static IServiceCollection AddControl(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ControlSignals>();
        services.AddStorage(configuration);
        services.AddSecrets(configuration);
        services.AddAccess(configuration);
        services.AddOverload(configuration);
        services.AddQuotas(configuration);
        services.AddAudit(configuration);
        services.AddLogs(configuration);
        services.AddUploads(configuration);
        services.AddListeners(configuration);
        services.AddIntegrations(configuration);
        services.AddReconciling(configuration);
        services.AddDeployments(configuration);
        services.AddRevisions();
        services.AddEvents(configuration);
        services.AddIdempotency(configuration);
        services.AddOutgoing(configuration);
        services.AddAuthService(configuration);
        services.AddExplain();
        services.AddTags();
        services.AddPeers(configuration);
        services.AddBackups();
        services.AddOpenApi();
        services.AddSingleton(provider => new ControlStart(
            provider.GetRequiredService<DatabaseMigrator>(),
            provider.GetRequiredService<PostgresDurability>(),
            provider.GetRequiredService<UnfinishedRestore>(),
            provider.GetRequiredService<DataKeys>(),
            provider.GetRequiredService<Bootstrap>(),
            provider.GetRequiredService<DataDirectoryLock>(),
            provider.GetRequiredService<Takeover>(),
            provider.GetRequiredService<MappedEndpoints>()));
        return services;
    }

    /// <summary>First in the pipeline: error bodies, then the prefix, then routing (which must see the path without it).</summary>
    public static IApplicationBuilder UseControl(this IApplicationBuilder app)
    {
        app.UseVersionHeader();
        app.UseApiErrors();
        app.UsePathBase(ApiPrefix);
        app.UseAuthServicePaths();
        app.UseRouting();
        return app;
    }

    public static IEndpointRouteBuilder MapControl(this IEndpointRouteBuilder routes)
    {
        routes.ServiceProvider.GetRequiredService<MappedEndpoints>().Watch(routes);
        routes.MapAccess();
        routes.MapAudit();
        routes.MapUploads();
        routes.MapLogs();
        routes.MapEvents();
        routes.MapInterrupt();
        routes.MapRollback();
        routes.MapExplain();
        routes.MapTags();
        routes.MapDeployments();
        routes.MapRevisions();
        routes.MapAuthService();
        routes.MapListeners();
        routes.MapIntegrations();
        routes.MapOpenApi();
        return routes;
    }
}
