namespace Pilothouse.Core;

/// <summary>Owns workspaces and the keys that reach several of them. UUID version 7, so ids sort by creation.</summary>
public readonly record struct OrganizationId(Guid Value)
{
    public static OrganizationId New() => new(Guid.CreateVersion7());
    public override string ToString() => Value.ToString("D");
}

/// <summary>The tenant: every row belongs to one, every query names it. UUID version 7.</summary>
public readonly record struct WorkspaceId(Guid Value)
{
    public static WorkspaceId New() => new(Guid.CreateVersion7());
    public override string ToString() => Value.ToString("D");
}

/// <summary>UUID version 7.</summary>
public readonly record struct DeploymentId(Guid Value)
{
    public static DeploymentId New() => new(Guid.CreateVersion7());
    public override string ToString() => Value.ToString("D");
}

/// <summary>UUID version 7.</summary>
public readonly record struct RevisionId(Guid Value)
{
    public static RevisionId New() => new(Guid.CreateVersion7());
    public override string ToString() => Value.ToString("D");
}

/// <summary>UUID version 7.</summary>
public readonly record struct ListenerId(Guid Value)
{
    public static ListenerId New() => new(Guid.CreateVersion7());
    public override string ToString() => Value.ToString("D");
}
