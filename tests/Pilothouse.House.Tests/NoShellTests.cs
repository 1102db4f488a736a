using System.Text.RegularExpressions;
using Xunit;

namespace Pilothouse.House.Tests;

/// <summary>
/// Commands are lists of arguments, never text that something parses again (T1). The compiler refuses <c>ProcessStartInfo.Arguments</c> and its
/// like (eng/BannedSymbols.txt); these refuse what a compiler does not see.
/// </summary>
public sealed partial class NoShellTests
{
    /// <summary>A user's install and build commands, inside the sandbox.</summary>
    private const string TheOneShell = "src/Pilothouse.Builds/AgentServers/JavaScript/ProjectInstall.cs";

    [Fact]
    public void Nothing_starts_a_shell_but_the_sandboxed_commands_of_a_project()
    {
        var files = Repository.CSharp("src").Where(file => Shell().IsMatch(Repository.Read(file)));

        Assert.Equal([TheOneShell], files);
    }

    [Fact]
    public void Nobody_joins_arguments_into_one_text()
    {
        var lines =
            from file in Repository.CSharp("src")
            from line in Repository.Lines(file)
            where JoinedArguments().IsMatch(line)
            select $"{file}: {line.Trim()}";

        Faults.None(lines);
    }

    [Theory]
    [InlineData("""["/bin/sh", "-c", command]""", true)]
    [InlineData("""Cli.Wrap("bash")""", true)]
    [InlineData("""new("/usr/bin/env", "dash")""", true)]
    [InlineData("""["cmd.exe", "/c"]""", true)]
    [InlineData("""["git", "-c", "core.hooksPath=/dev/null"]""", false)]
    [InlineData("""["publish", "crash", "shell"]""", false)]
    public void Shells_are_recognised(string code, bool isShell) => Assert.Equal(isShell, Shell().IsMatch(code));

    [Theory]
    [InlineData("""info.Arguments = $"clone {url}";""", true)]
    [InlineData("""Process.Start("git", $"clone {url}");""", true)]
    [InlineData("""command.WithArguments($"clone {url}")""", true)]
    [InlineData("""command.WithArguments("clone " + url)""", true)]
    [InlineData("""builder.Add(url, escape: false)""", true)]
    [InlineData("""UseShellExecute = true""", true)]
    [InlineData("""command.WithArguments(["clone", url])""", false)]
    [InlineData("""Arguments = ["clone", url],""", false)]
    public void Joined_arguments_are_recognised(string code, bool isJoined) => Assert.Equal(isJoined, JoinedArguments().IsMatch(code));

    [GeneratedRegex("""
        "([^"\s]*/)?(sh|bash|dash|zsh|ash|ksh|cmd\.exe|powershell|pwsh)"
        """, RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Shell();

    [GeneratedRegex("""
        \.Arguments\s*=\s*\$?" | Process\.Start\("[^"]*",\s*\$?" | WithArguments\(\s*\$?" | escape:\s*false | UseShellExecute\s*=\s*true
        """, RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex JoinedArguments();
}
