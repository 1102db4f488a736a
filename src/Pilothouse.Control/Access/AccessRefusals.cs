using Pilothouse.Contracts;
using Pilothouse.Core;

namespace Pilothouse.Control.Access;

/// <summary>Refusals in the manner of the contract's own.</summary>
internal static class AccessRefusals
{
    public static Rejection KeyNotFound(Guid id) => new(Codes.NotFound, $"API key ID {id} not found.");

    public static Rejection UserNotFound(Guid id) => new(Codes.NotFound, $"User ID {id} not found.");

    public static Rejection WorkspaceNotFound(Guid id) => new(Codes.NotFound, $"Workspace ID {id} not found.");

    public static Rejection RoleNotFound(string name) => new(Codes.NotFound, $"Role '{name}' not found.");

    public static Rejection NoSuchRole(string name) => new(Codes.Invalid, $"There is no role '{name}': GET /v2/access/roles lists those that are there.");

    public static Rejection RoleOfListeners() => new(
        Codes.Invalid, $"The role '{Roles.OfListener}' is that of listeners: their keys are made with POST /v2/listeners/{{listener_id}}/keys.");

    public static Rejection AboveOwn(string role, IReadOnlyList<string> lacking) => new(
        Codes.Forbidden, $"The role '{role}' may do what you may not: {string.Join(", ", lacking)}.");

    public static Rejection OrganizationOnly(string what) => new(Codes.Forbidden, $"Only administrators of the organization {what}.");
}
