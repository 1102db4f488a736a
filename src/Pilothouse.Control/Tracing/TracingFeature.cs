using Microsoft.Extensions.DependencyInjection;

namespace Pilothouse.Control.Tracing;

internal static class TracingFeature
{
    public static IServiceCollection AddTracing(this IServiceCollection services)
    {
        services.AddSingleton<TracingApi>();
        services.AddSingleton<WantTracingDeletion>();
        services.AddSingleton<TracingDeletionReconciler>();
        services.AddHostedService<TracingDeletionService>();
        return services;
    }
}
