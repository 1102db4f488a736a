namespace Pilothouse.Builds.Artifacts;

/// <summary>What package managers leave of one installation rather than of the packages: times, places, caches. Nothing runs by it.</summary>
internal static class VolatileFiles
{
    private static readonly string[] s_ofInstalls = [".package-lock.json", ".yarn-integrity", ".yarn-state.yml", ".modules.yaml", ".cache"];

    /// <param name="folder">Name of the folder that it lies in.</param>
    /// <param name="path">Absolute.</param>
    public static bool IsOne(string folder, string name, string path) => folder switch
    {
        "node_modules" => s_ofInstalls.Contains(name, StringComparer.Ordinal) || name.StartsWith(".pnpm-workspace-state", StringComparison.Ordinal),
        "__pycache__" => name.EndsWith(".pyc", StringComparison.Ordinal) && !IsHashed(path),
        _ => false,
    };

    /// <summary>Compiled Python is bound to the time of its source, unless its flags say that it is bound to its content (PEP 552).</summary>
    private static bool IsHashed(string path)
    {
        Span<byte> header = stackalloc byte[8];
        using var file = File.OpenHandle(path);
        return RandomAccess.Read(file, header, 0) == header.Length && (header[4] & 1) != 0;
    }
}
