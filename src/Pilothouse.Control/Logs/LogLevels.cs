namespace Pilothouse.Control.Logs;

/// <summary>The five levels of the API, kept as numbers so that "this and above" is a comparison.</summary>
internal static class LogLevels
{
    private static readonly string[] s_names = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];

    public static IReadOnlyList<string> Names => s_names;

    public static int Info => 1;

    public static int Warning => 2;

    public static int Error => 3;

    /// <summary>Null for a word that names no level.</summary>
    public static int? Find(string name)
    {
        var index = Array.FindIndex(s_names, known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
        return index < 0 ? null : index;
    }

    /// <summary>What came from outside counts as INFO when it names no level.</summary>
    public static int OrInfo(string name) => Find(name) ?? Info;

    public static string Name(int level) => s_names[Math.Clamp(level, 0, s_names.Length - 1)];
}
