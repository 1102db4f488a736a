namespace Pilothouse.Core;

/// <summary>Owns workspaces and the keys that reach several of them. UUID version 7, so ids of one process sort by creation.</summary>
public readonly record struct OrganizationId(Guid Value)
{
    public static OrganizationId New() => new(TimeOrderedUuid.New());
    public override string ToString() => Value.ToString("D");
}

/// <summary>The tenant: every row belongs to one, every query names it. UUID version 7.</summary>
public readonly record struct WorkspaceId(Guid Value)
{
    public static WorkspaceId New() => new(TimeOrderedUuid.New());
    public override string ToString() => Value.ToString("D");
}

/// <summary>UUID version 7.</summary>
public readonly record struct DeploymentId(Guid Value)
{
    public static DeploymentId New() => new(TimeOrderedUuid.New());
    public override string ToString() => Value.ToString("D");
}

/// <summary>UUID version 7.</summary>
public readonly record struct RevisionId(Guid Value)
{
    public static RevisionId New() => new(TimeOrderedUuid.New());
    public override string ToString() => Value.ToString("D");
}

/// <summary>UUID version 7.</summary>
public readonly record struct ListenerId(Guid Value)
{
    public static ListenerId New() => new(TimeOrderedUuid.New());
    public override string ToString() => Value.ToString("D");
}
