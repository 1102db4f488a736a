using System.Text.RegularExpressions;

namespace Pilothouse.Builds.AgentServers.Python;

/// <summary>
/// Takes out of installed packages the place and time of their installation, so that they can be moved together with the source and are the same
/// whenever they are installed.
/// </summary>
internal static partial class MovablePackages
{
    private static readonly string[] s_ofInstalls = ["direct_url.json", "uv_cache.json", "uv_build.json"];

    /// <param name="packages">Absolute; a folder in <paramref name="artifact"/>.</param>
    public static void Settle(string packages, string artifact)
    {
        File.Delete(Path.Combine(packages, ".lock"));
        var changed = new HashSet<string>(StringComparer.Ordinal);
        var prefix = artifact + Path.DirectorySeparatorChar;
        foreach (var file in Directory.EnumerateFiles(packages, "*.pth"))
            Change(file, text => string.Join('\n', text.Split('\n').Select(line => line.StartsWith(prefix, StringComparison.Ordinal) ? Path.Combine("..", line[prefix.Length..]) : line)));

        // setuptools installs in place by a module that holds the paths as Python strings.
        foreach (var file in Directory.EnumerateFiles(packages, "__editable__*.py"))
            Change(file, text => Regex.Replace(text, $"'{Regex.Escape(prefix)}([^']*)'", "__import__('os').path.abspath(__file__ + '/../../$1')", RegexOptions.NonBacktracking));

        var programs = Path.Combine(packages, "bin");
        if (Directory.Exists(programs))
            foreach (var program in Directory.EnumerateFiles(programs))
                Change(program, text => Shebang().Replace(text, "#!/usr/bin/env python3\n"));

        foreach (var metadata in Directory.EnumerateDirectories(packages, "*.dist-info"))
        {
            foreach (var name in s_ofInstalls) File.Delete(Path.Combine(metadata, name));
            if (File.Exists(Path.Combine(metadata, "RECORD"))) Rewrite(Path.Combine(metadata, "RECORD"), text => Record(text, changed));
        }

        void Change(string file, Func<string, string> change)
        {
            if (Rewrite(file, change)) changed.Add(Path.GetRelativePath(packages, file));
        }
    }

    /// <summary>Lines <c>path,sha256=…,bytes</c>: without the files that are gone, and without the hash of those that are others now.</summary>
    private static string Record(string text, HashSet<string> changed) => string.Join('\n', text.Split('\n')
        .Where(line => !s_ofInstalls.Any(name => line.Contains($".dist-info/{name},", StringComparison.Ordinal)))
        .Select(line => line.Split(',')[0] is var path && (changed.Contains(path) || changed.Contains(path.Replace("../", "", StringComparison.Ordinal))) ? $"{path},," : line));

    private static bool Rewrite(string file, Func<string, string> change)
    {
        // One byte, one letter: programs need not be text.
        var text = File.ReadAllText(file, System.Text.Encoding.Latin1);
        var changed = change(text);
        if (string.Equals(text, changed, StringComparison.Ordinal)) return false;
        File.WriteAllText(file, changed, System.Text.Encoding.Latin1);
        return true;
    }

    /// <summary>One line with the interpreter, or three where its path is too long or relative.</summary>
    [GeneratedRegex(@"\A(?:#!/bin/sh\n'''exec' [^\n]*\n' '''\n|#![^\n]*python[^\n]*\n)")]
    private static partial Regex Shebang();
}
