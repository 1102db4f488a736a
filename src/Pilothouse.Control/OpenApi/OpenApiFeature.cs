using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Access;
using Scalar.AspNetCore;

namespace Pilothouse.Control.OpenApi;

/// <summary>The description of the API, and the page that shows it.</summary>
internal static class OpenApiFeature
{
    /// <summary>Enough for the page, and no host but ours: even what its script would fetch elsewhere, a browser refuses.</summary>
    private const string OursOnly =
        "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        + "connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    private const string OpenBecause = "The description of the API tells nothing of anybody.";

    public static IServiceCollection AddOpenApi(this IServiceCollection services) => services.AddSingleton<ApiDocument>();

    public static void MapOpenApi(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/openapi.json", Answer).AllowAnybody(OpenBecause).ExcludeFromDescription();
        routes.MapScalarApiReference("/docs", ShowHere).AllowAnybody(OpenBecause).ExcludeFromDescription().AddEndpointFilter(async (context, next) =>
        {
            context.HttpContext.Response.Headers.ContentSecurityPolicy = OursOnly;
            return await next(context);
        });
    }

    private static FileContentHttpResult Answer(HttpContext http, ApiDocument document)
    {
        var written = document.For(http.Request.PathBase.HasValue);
        return TypedResults.Bytes(written.Bytes, "application/json", entityTag: written.Tag);
    }

    private static void ShowHere(ScalarOptions page)
    {
        page.Title = "Pilothouse API";
        page.OpenApiRoutePattern = "/openapi.json";
        page.Favicon = "data:,";
        page.DisableDefaultFonts();
        page.DisableTelemetry();
        page.DisableAgent();
        page.DisableMcp();
        page.HideDeveloperTools();
        page.HideClientButton();
    }
}
