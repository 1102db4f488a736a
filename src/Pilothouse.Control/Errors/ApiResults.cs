using System.Diagnostics;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Errors;
using Pilothouse.Core;

namespace Pilothouse.Control.Errors;

/// <summary>The one place where refusals become HTTP.</summary>
internal static class ApiResults
{
    public static IResult Json<T>(T value, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK) =>
        new JsonAnswer<T>(value, type, status);

    /// <summary><c>{"detail": "…"}</c>.</summary>
    public static IResult Detail(int status, string detail) => Json(new ApiError(detail), ApiJson.Default.ApiError, status);

    public static IResult Refused(Rejection rejection) => Detail(StatusOf(rejection.Code), rejection.Message);

    public static IResult ToResult<T>(this Outcome<T> outcome, Func<T, IResult> accepted) =>
        outcome.IsAccepted ? accepted(outcome.Value) : Refused(outcome.Rejection);

    /// <summary>The text of the contract, also for a missing revision.</summary>
    public static Rejection DeploymentNotFound(Guid deployment) => new(Codes.NotFound, $"Deployment ID {deployment} not found.");

    public static int StatusOf(string code) => code switch
    {
        Codes.Invalid or Codes.ReservedName or Codes.Immutable or Codes.ListenerRequired or Codes.SourceConfiguration or Codes.WrongSource
            or Codes.NotDeleted or Codes.LimitReached or Codes.NotConfigured => StatusCodes.Status400BadRequest,
        Codes.Unauthenticated => StatusCodes.Status401Unauthorized,
        Codes.WorkspaceRequired or Codes.Forbidden or Codes.UploadExpired => StatusCodes.Status403Forbidden,
        Codes.NotFound => StatusCodes.Status404NotFound,
        Codes.NameTaken or Codes.Conflict or Codes.UploadUsed or Codes.KeyBusy or Codes.ListenerSuperseded => StatusCodes.Status409Conflict,
        Codes.PreconditionFailed => StatusCodes.Status412PreconditionFailed,
        Codes.TooLarge => StatusCodes.Status413PayloadTooLarge,
        Codes.QueueFull or Codes.TooManyStreams or Codes.TooManyKeys or Codes.TooManyRequests => StatusCodes.Status429TooManyRequests,
        Codes.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => throw new UnreachableException($"No HTTP status for the code '{code}'."),
    };
}
