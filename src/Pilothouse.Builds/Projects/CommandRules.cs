using System.Text.RegularExpressions;

namespace Pilothouse.Builds.Projects;

/// <summary>
/// What <c>install_command</c> and <c>build_command</c> may hold (behaviour reference 6.4). The API checks it too; this is the last look before a
/// program is started, so nobody who got around the API gets a shell of his own making.
/// </summary>
internal static partial class CommandRules
{
    private const int LongestCommand = 4096;

    /// <returns>What to fix; null when nothing.</returns>
    public static string? Fault(string name, string? command)
    {
        if (command is null) return null;
        if (command.Length > LongestCommand) return $"{name} is longer than {LongestCommand} characters.";
        if (command.StartsWith('-')) return $"{name} begins with '-'; begin it with a program's name.";
        return Disallowed().IsMatch(command) || command.Any(Sources.SourcePath.IsMisleading)
            ? $"{name} contains disallowed characters or patterns. Join plain commands by &&; quotes, backslashes, pipes, redirections, variables, ; and a single & are not allowed."
            : null;
    }

    [GeneratedRegex("""["`\\\n\r\0\t|;$><]|(?<!&)&(?:&&)*(?!&)""", RegexOptions.CultureInvariant)]
    private static partial Regex Disallowed();
}
