using System.Text.RegularExpressions;

namespace Pilothouse.Builds.AgentServers.Python;

/// <summary>Takes out of installed packages the place where they were installed, so that they can be moved together with the source.</summary>
internal static partial class MovablePackages
{
    /// <param name="packages">Absolute; a folder in <paramref name="artifact"/>.</param>
    public static void Settle(string packages, string artifact)
    {
        File.Delete(Path.Combine(packages, ".lock"));
        foreach (var origin in Directory.EnumerateFiles(packages, "direct_url.json", SearchOption.AllDirectories)) File.Delete(origin);

        var prefix = artifact + Path.DirectorySeparatorChar;
        foreach (var file in Directory.EnumerateFiles(packages, "*.pth"))
            Rewrite(file, text => string.Join('\n', text.Split('\n').Select(line => line.StartsWith(prefix, StringComparison.Ordinal) ? Path.Combine("..", line[prefix.Length..]) : line)));

        // setuptools installs in place by a module that holds the paths as Python strings.
        foreach (var file in Directory.EnumerateFiles(packages, "__editable__*.py"))
            Rewrite(file, text => Regex.Replace(text, $"'{Regex.Escape(prefix)}([^']*)'", "__import__('os').path.abspath(__file__ + '/../../$1')", RegexOptions.NonBacktracking));

        var programs = Path.Combine(packages, "bin");
        if (!Directory.Exists(programs)) return;
        foreach (var program in Directory.EnumerateFiles(programs))
            Rewrite(program, text => Shebang().Replace(text, "#!/usr/bin/env python3\n"));
    }

    private static void Rewrite(string file, Func<string, string> change)
    {
        // One byte, one letter: programs need not be text.
        var text = File.ReadAllText(file, System.Text.Encoding.Latin1);
        var changed = change(text);
        if (!string.Equals(text, changed, StringComparison.Ordinal)) File.WriteAllText(file, changed, System.Text.Encoding.Latin1);
    }

    /// <summary>One line with the interpreter, or three where its path is too long or relative.</summary>
    [GeneratedRegex(@"\A(?:#!/bin/sh\n'''exec' [^\n]*\n' '''\n|#![^\n]*python[^\n]*\n)")]
    private static partial Regex Shebang();
}
