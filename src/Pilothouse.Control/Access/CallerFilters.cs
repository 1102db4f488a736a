using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Contracts;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Idempotency;
using Pilothouse.Core;

namespace Pilothouse.Control.Access;

internal static class CallerFilters
{
    /// <summary>Lets in callers with a good key only (401, 403), and gives the endpoint its <see cref="CallerOfRequest.GetCaller"/>.</summary>
    public static TBuilder RequireCaller<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.AddEndpointFilter<TBuilder, CallerFilter>();

    /// <summary>As <see cref="RequireCaller"/>, and the caller's role must have the permission (403).</summary>
    /// <param name="permission">A constant of <see cref="Permissions"/>, e.g. <c>deployments:read</c>.</param>
    public static TBuilder RequirePermission<TBuilder>(this TBuilder builder, string permission)
        where TBuilder : IEndpointConventionBuilder => builder.AddEndpointFilter(async (context, next) =>
        {
            if (await RefuseAsync(context.HttpContext) is { } refusal) return refusal;
            var caller = context.HttpContext.GetCaller();
            return Roles.MayDo(caller.Role, permission)
                ? await IdempotentRequests.AroundAsync(context, permission, next)
                : ApiResults.Refused(new Rejection(
                    Codes.Forbidden, $"This API key has the role '{caller.Role}', which lacks the permission '{permission}'."));
        });

    private static async ValueTask<IResult?> RefuseAsync(HttpContext http)
    {
        if (http.FindCaller() is not null) return null;
        var authentication = http.RequestServices.GetRequiredService<CallerAuthentication>();
        return await authentication.AuthenticateAsync(http, http.RequestAborted);
    }

    private sealed class CallerFilter : IEndpointFilter
    {
        public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
            await RefuseAsync(context.HttpContext) ?? await next(context);
    }
}
