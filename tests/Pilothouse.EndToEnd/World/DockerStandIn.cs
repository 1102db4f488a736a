namespace Pilothouse.EndToEnd.World;

/// <summary>
/// A program called <c>docker</c> that notes what it is asked for and answers as if an image were there and had been pushed: enough for flows that
/// use the user's own registry, which the control plane never talks to.
/// </summary>
public sealed class DockerStandIn : IDisposable
{
    public const string Digest = "sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945";

    private readonly string _folder = Directory.CreateTempSubdirectory("pilothouse-docker-").FullName;

    /// <param name="repository">What images are pushed to, e.g. <c>registry.corp:5000/team/agent</c>.</param>
    public DockerStandIn(string repository)
    {
        var program = Path.Combine(_folder, "docker");
        File.WriteAllText(program, $$"""
            #!/usr/bin/env python3
            import sys
            with open({{Quoted(Notes)}}, "a") as notes:
                notes.write(" ".join(sys.argv[1:]) + "\n")
            asked = " ".join(sys.argv[1:])
            if "RepoDigests" in asked:
                print('["{{repository}}@{{Digest}}"]')
            elif "Architecture" in asked:
                print("linux/amd64")
            """);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>What it was called with, a line each.</summary>
    public IReadOnlyList<string> Calls => File.Exists(Notes) ? File.ReadAllLines(Notes) : [];

    /// <summary>For a process that shall find it first.</summary>
    public string SearchPath => $"{_folder}{Path.PathSeparator}{Environment.GetEnvironmentVariable("PATH")}";

    private string Notes => Path.Combine(_folder, "calls");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Quoted(string path) => $"\"{path}\"";
}
