using Microsoft.AspNetCore.Builder;

namespace Pilothouse.Control.Errors;

internal static class ErrorsFeature
{
    public static IApplicationBuilder UseApiErrors(this IApplicationBuilder app) => app.UseMiddleware<ApiErrorsMiddleware>();
}
