namespace Pilothouse.EndToEnd.Disks;

/// <summary>What a program did to its files, and what it sent, in the order in which it happened. Paths are absolute.</summary>
internal abstract record DiskEvent
{
    public sealed record Create(string Path) : DiskEvent;

    public sealed record Write(string Path, long Offset, byte[] Bytes) : DiskEvent;

    public sealed record Truncate(string Path, long Size) : DiskEvent;

    public sealed record MakeFolder(string Path) : DiskEvent;

    public sealed record Rename(string From, string To) : DiskEvent;

    /// <summary>Of a file or a folder.</summary>
    public sealed record Remove(string Path) : DiskEvent;

    /// <summary>Of a file or a folder: what was done to it before the event numbered <paramref name="Before"/> will be there after a power cut.</summary>
    public sealed record Sync(string Path, int Before) : DiskEvent;

    /// <summary>An answer began to leave.</summary>
    /// <param name="Trace">The trace id that the answer names.</param>
    public sealed record Answer(string Trace) : DiskEvent;
}
