using Pilothouse.Contracts;
using Pilothouse.Control.Errors;
using Pilothouse.Core;

namespace Pilothouse.Control.Access.Keys;

/// <summary>A key that somebody asks for.</summary>
/// <param name="Role">Null for a personal key.</param>
/// <param name="IsOrganizationWide">Reaches every workspace that its role or its user reaches.</param>
/// <param name="Workspace">Null: the caller's.</param>
internal sealed record KeyWish(
    string Name, string? Role, bool IsOrganizationWide, Guid? Workspace, bool IsOrganizationAdmin, DateTimeOffset? ExpiresAt)
{
    private static readonly string[] s_scopes = ["workspace", "organization"];

    public static KeyWish Read(BodyReader body, bool isPersonal, RequestFaults faults)
    {
        var name = NameText.Required(body, "name", faults);
        var role = isPersonal ? null : body.Text("role", NameText.MaxLength);
        var workspace = body.OptionalUuid("workspace_id");
        var scope = body.OptionalChoice("scope", s_scopes) ?? (isPersonal && workspace is null ? "organization" : "workspace");
        var isAdmin = body.OptionalBool("is_organization_admin") ?? false;
        if (scope is "organization" && workspace is not null) body.Refuse("workspace_id", "a key of the organization is of no workspace");
        if (isPersonal && isAdmin) body.Refuse("is_organization_admin", "a personal key may what its user may");
        if (isPersonal && !body.IsNull("role") && body.Has("role")) body.Refuse("role", "a personal key has no role of its own: it may what its user may");
        var expires = body.OptionalText("expires_at", NameText.MaxLength) is { } text ? InstantText.Parse(text, ["body", "expires_at"], faults) : null;
        return new KeyWish(name, role, scope is "organization", workspace, isAdmin, expires);
    }
}

/// <summary>A key holds nothing that its maker does not hold: permissions, workspaces, time.</summary>
internal static class KeyRules
{
    /// <summary>When the new key ends: not after the key that makes it.</summary>
    public static Outcome<EndOfKey> End(Caller maker, DateTimeOffset? wanted, DateTimeOffset now)
    {
        if (wanted <= now) return new Rejection(Codes.Invalid, "expires_at has passed already.");
        if (maker.Credential.ExpiresAt is not { } limit) return new EndOfKey(wanted);
        if (wanted > limit) return new Rejection(Codes.Forbidden, $"A key does not outlive the one that makes it, which ends at {limit:yyyy-MM-ddTHH:mm:ssZ}.");
        return new EndOfKey(wanted ?? limit);
    }

    /// <summary>Null when the maker may make a service key of this reach.</summary>
    public static Rejection? Reach(Caller maker, KeyWish wish)
    {
        var isAdmin = maker.Grant.IsOrganizationAdmin;
        if (wish.IsOrganizationAdmin && !isAdmin) return AccessRefusals.OrganizationOnly("make keys that manage it");
        var isWide = maker.User is null && maker.Credential.Workspace is null;
        if (wish.IsOrganizationWide && !isAdmin && !isWide) return AccessRefusals.OrganizationOnly("make keys that reach all its workspaces");
        return wish.Workspace is { } workspace && workspace != maker.Workspace.Value && !isAdmin ? AccessRefusals.WorkspaceNotFound(workspace) : null;
    }

    /// <summary>Null when the maker, who may be bound to a workspace, may make a personal key of this reach for itself.</summary>
    public static Rejection? PersonalReach(Caller maker, KeyWish wish)
    {
        if (maker.Credential.Workspace is not { } bound || maker.Grant.IsOrganizationAdmin) return null;
        if (wish.IsOrganizationWide) return new Rejection(Codes.Forbidden, $"This API key is for workspace {bound} alone, and so are those that it makes: name it as workspace_id.");
        return wish.Workspace is { } other && other != bound.Value ? AccessRefusals.WorkspaceNotFound(other) : null;
    }
}

internal sealed record EndOfKey(DateTimeOffset? At);
