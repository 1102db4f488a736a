using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Access.Keys;
using Pilothouse.Control.Access.Oidc;
using Pilothouse.Control.Access.Organizations;
using Pilothouse.Control.Access.People;
using Pilothouse.Core.Routing;

namespace Pilothouse.Control.Access;

internal static class AccessFeature
{
    public static IServiceCollection AddAccess(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(new BootstrapKeySource(() => configuration["BOOTSTRAP_KEY"]));
        services.AddSingleton<Bootstrap>();
        services.AddSingleton<MappedEndpoints>();
        services.AddSingleton(new PermissionRule((caller, permission) => caller.May(permission)));
        services.AddSingleton<AccessCaches>();
        services.AddSingleton<KnownUsers>();
        services.AddSingleton<RoleBook>();
        services.AddSingleton<Standing>();
        services.AddSingleton<ApiKeys>();
        services.AddSingleton<KeyUse>();
        services.AddHostedService<KeyUseService>();
        services.AddSingleton<CallerAuthentication>();
        services.AddSingleton<GatewayCallers>();
        services.AddSingleton<ICallerCheck>(provider => provider.GetRequiredService<GatewayCallers>());
        services.AddOidc(configuration);

        services.AddMetrics();
        services.AddSingleton<ExpiringKeys>();
        services.AddSingleton<CreateKey>();
        services.AddSingleton<KeyStore>();
        services.AddSingleton<UserStore>();
        services.AddSingleton<MemberStore>();
        services.AddSingleton<RoleStore>();
        services.AddSingleton<WorkspaceStore>();
        return services;
    }

    public static void MapAccess(this IEndpointRouteBuilder routes)
    {
        WorkspaceEndpoints.Map(routes);
        KeyEndpoints.Map(routes);
        UserEndpoints.Map(routes);
        MemberEndpoints.Map(routes);
        RoleEndpoints.Map(routes);
    }

    private static void AddOidc(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<OidcOptions>().Bind(configuration.GetSection(OidcOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<OidcOptions>, OidcOptionsValidator>();
        services.AddSingleton<IValidateOptions<OidcOptions>, OidcOptionsRules>();
        services.AddSingleton<IssuerKeys>();
        services.AddSingleton<TokenUsers>();
        services.AddSingleton<UserTokens>();
    }
}
