using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Contracts;
using Pilothouse.Control.Audit;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Idempotency;
using Pilothouse.Control.Overload;
using Pilothouse.Core;

namespace Pilothouse.Control.Access;

/// <summary>Decides whether a caller may do what an endpoint asks for.</summary>
internal sealed record PermissionRule(Func<Caller, string, bool> Allows);

internal static class CallerFilters
{
    /// <summary>Lets in callers with a good key only (401, 403), and gives the endpoint its <see cref="CallerOfRequest.GetCaller"/>.</summary>
    public static TBuilder RequireCaller<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.Guarded(permission: null);

    /// <summary>As <see cref="RequireCaller"/>, and the caller must have the permission (403). Changes are told to the audit log.</summary>
    /// <param name="permission">A constant of <see cref="Permissions"/>, e.g. <c>deployments:read</c>.</param>
    public static TBuilder RequirePermission<TBuilder>(this TBuilder builder, string permission)
        where TBuilder : IEndpointConventionBuilder => builder.Guarded(permission);

    private static TBuilder Guarded<TBuilder>(this TBuilder builder, string? permission)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.WithMetadata(new RequiredPermission(permission));
        return builder.AddEndpointFilter(async (context, next) =>
        {
            var http = context.HttpContext;
            var room = http.RequestServices.GetRequiredService<RequestRoom>();
            using var place = room.TryEnter(http, out var full);
            if (place is null) return full;
            if (await RefuseAsync(http, permission) is { } refusal) return await ToldAsync(refusal);
            if (room.Admit(http, http.GetCaller(), place) is { } tooMany) return tooMany;
            return permission is null
                ? await ToldAsync(await next(context))

                // A repetition that gets the first one's answer changes nothing, and so is not told.
                : await IdempotentRequests.AroundAsync(context, permission, async inner => await ToldAsync(await next(inner)));

            async ValueTask<object?> ToldAsync(object? result)
            {
                await AuditedRequest.TellAsync(http, permission, result);
                return result;
            }
        });
    }

    private static async ValueTask<IResult?> RefuseAsync(HttpContext http, string? permission)
    {
        if (http.FindCaller() is null)
        {
            var authentication = http.RequestServices.GetRequiredService<CallerAuthentication>();
            if (await authentication.AuthenticateAsync(http, http.RequestAborted) is { } refusal) return refusal;
        }

        var caller = http.GetCaller();
        if (permission is null || http.RequestServices.GetRequiredService<PermissionRule>().Allows(caller, permission)) return null;
        var who = caller.User is null ? $"This API key has the role '{caller.Role}'" : $"You have the role '{caller.Role}' in this workspace";
        return ApiResults.Refused(new Rejection(Codes.Forbidden, $"{who}, which lacks the permission '{permission}'."));
    }
}
