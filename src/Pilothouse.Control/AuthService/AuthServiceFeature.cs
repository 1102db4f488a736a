using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.AuthService;

internal static class AuthServiceFeature
{
    public static IServiceCollection AddAuthService(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<AuthServiceOptions>().Bind(configuration.GetSection(AuthServiceOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<AuthServiceOptions>, AuthServiceOptionsValidator>();
        services.AddSingleton<AuthSecrets>();
        services.AddSingleton<CallbackAddress>();
        services.AddSingleton<ProviderBodies>();
        services.AddSingleton<ProviderStore>();
        services.AddSingleton<CreateProvider>();
        services.AddSingleton<PatchProvider>();
        services.AddSingleton<AuthorizationMetadata>();
        services.AddSingleton<DiscoverProvider>();
        services.AddSingleton<TokenEndpoint>();
        services.AddSingleton<ReadTokens>();
        services.AddSingleton<PatchToken>();
        services.AddSingleton<ImportToken>();
        services.AddSingleton<DeleteTokens>();
        services.AddSingleton<ConnectionStore>();
        services.AddSingleton<RefreshToken>();
        services.AddSingleton<ConsentSignals>();
        services.AddSingleton<StartConsent>();
        services.AddSingleton<FinishConsent>();
        services.AddSingleton<WaitForConsent>();
        services.AddSingleton<Authenticate>();
        return services;
    }

    /// <summary>Tool servers join an address with a slash at its end and this path: <c>//v2/auth/…</c> is meant as it looks.</summary>
    public static IApplicationBuilder UseAuthServicePaths(this IApplicationBuilder app) => app.Use(static (http, next) =>
    {
        if (http.Request.Path.Value is { } path && path.StartsWith("//v2/auth/", StringComparison.Ordinal)) http.Request.Path = path[1..];
        return next(http);
    });

    public static void MapAuthService(this IEndpointRouteBuilder routes)
    {
        ProviderEndpoints.Map(routes);
        TokenEndpoints.Map(routes);
        ConnectionEndpoints.Map(routes);
        FlowEndpoints.Map(routes);
    }
}
