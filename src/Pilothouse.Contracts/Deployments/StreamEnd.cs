namespace Pilothouse.Contracts.Deployments;

/// <summary>Data of the last event of an event stream, whose kind is <see cref="Kind"/>: there is nothing to come back for.</summary>
/// <param name="Reason"><c>deleted</c>: the deployment is gone; <c>unauthorized</c>: the key was revoked, expired or lost its role.</param>
/// <param name="Message">One sentence for people.</param>
public sealed record StreamEnd(string Reason, string Message)
{
    public const string Kind = "end";
    public const string Deleted = "deleted";
    public const string Unauthorized = "unauthorized";
}
