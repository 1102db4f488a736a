namespace Pilothouse.Builds.Sources;

/// <summary>What a source may be at most; each is an option of the same name in <see cref="BuildsOptions"/>.</summary>
internal sealed record SourceLimits(long Bytes, long FileBytes, int Entries, int Depth, int PathBytes, int Ratio)
{
    /// <summary>Below this a high ratio does no harm, and a text of equal lines has one.</summary>
    public const long RatioFrom = 32 << 20;

    public static SourceLimits Of(BuildsOptions options) => new(
        options.SourceBytes, options.SourceFileBytes, options.SourceEntries, options.SourceDepth, options.SourcePathBytes, options.SourceRatio);
}

/// <summary>The source cannot be taken as it is. Thrown out of the depths of a reader, and caught at its door, <see cref="SourceArchive"/>.</summary>
/// <param name="message">One sentence that names the entry and says what is wrong.</param>
internal sealed class SourceRefusedException(string message, Exception? inner = null) : Exception(message, inner);
