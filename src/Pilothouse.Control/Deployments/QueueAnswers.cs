using Microsoft.AspNetCore.Http;
using Pilothouse.Contracts;
using Pilothouse.Control.Errors;
using Pilothouse.Core;

namespace Pilothouse.Control.Deployments;

internal static class QueueAnswers
{
    /// <summary>Seconds. A build takes a minute or so; asking more often helps nobody.</summary>
    private const string RetryAfter = "10";

    /// <summary>As usual, and a full queue says when to come again.</summary>
    public static IResult ToResult<T>(HttpContext http, Outcome<T> outcome, Func<T, IResult> accepted)
    {
        if (outcome.Rejection?.Code is Codes.QueueFull) http.Response.Headers.RetryAfter = RetryAfter;
        return outcome.ToResult(accepted);
    }
}
