using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Pilothouse.Contracts;
using Pilothouse.Contracts.AuthService;
using Pilothouse.Control.Errors;
using Pilothouse.Core;

namespace Pilothouse.Control.AuthService;

/// <summary>What the user sees who comes back from a provider: a page for browsers, JSON for programs. It loads nothing and runs nothing.</summary>
internal static class ConsentPage
{
    public static IResult Of(HttpContext http, Outcome<string> outcome)
    {
        if (!WantsHtml(http.Request))
            return outcome.ToResult(provider => ApiResults.Json(new FinalizedAnswer(AuthStatuses.Completed, provider), ApiJson.Default.FinalizedAnswer));
        return outcome.IsAccepted
            ? Page(http, StatusCodes.Status200OK, "Connected", "You may close this window and go back to where you came from.")
            : Page(http, ApiResults.StatusOf(outcome.Rejection.Code), "Not connected", outcome.Rejection.Message);
    }

    /// <summary>Nothing is to be done, as after a change of what a GitHub App may see.</summary>
    public static IResult Saved(HttpContext http) => WantsHtml(http.Request)
        ? Page(http, StatusCodes.Status200OK, "Saved", "You may close this window and go back to where you came from.")
        : ApiResults.Json(new FinalizedAnswer(AuthStatuses.Completed, ProviderId: null), ApiJson.Default.FinalizedAnswer);

    private static bool WantsHtml(HttpRequest request) =>
        request.Headers.Accept.Any(line => line is not null && line.Contains("text/html", StringComparison.OrdinalIgnoreCase));

    private static ContentHttpResult Page(HttpContext http, int status, string title, string text)
    {
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
        http.Response.Headers["Referrer-Policy"] = "no-referrer";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        var page = $$"""
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>{{title}}</title>
            <style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem}</style></head>
            <body><h1>{{title}}</h1><p>{{HtmlEncoder.Default.Encode(text)}}</p></body>
            </html>

            """;
        return TypedResults.Content(page, "text/html; charset=utf-8", Encoding.UTF8, status);
    }
}
