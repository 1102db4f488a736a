namespace Pilothouse.Control.Storage;

/// <summary>Something that one control plane does at a time; on SQLite there is one, and no row.</summary>
public sealed class LeaseRow
{
    /// <summary>What, e.g. <c>agents</c>.</summary>
    public required string Name { get; set; }

    /// <summary>Name of the owner's data directory.</summary>
    public required string Owner { get; set; }

    /// <summary>Where the others reach it; null: nowhere.</summary>
    public string? Address { get; set; }

    /// <summary>By the clock of the database.</summary>
    public DateTimeOffset Until { get; set; }

    /// <summary>One more with each owner; what an earlier one writes is refused.</summary>
    public long Fence { get; set; }
}
