using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.Versioning;
using Pilothouse.Cli.Archives;
using Pilothouse.Cli.Deploy;
using Xunit;

namespace Pilothouse.Cli.Tests.Archives;

[UnsupportedOSPlatform("windows")]
public sealed class SourceArchiveTests : IDisposable
{
    private readonly Folder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Secrets_links_pipes_and_what_is_installed_stay_out()
    {
        foreach (var name in new[] { "langgraph.json", "src/agent.ts", ".env.example", "src/.env.sample", "empty" }) _folder.Write(name, name is "empty" ? "" : "{}");
        foreach (var name in new[] { ".env", ".env.local", ".envrc", "src/.env", ".git/config", "node_modules/a/b.js", "src/node_modules/c.js", ".venv/x", "venv/x", "a/__pycache__/x.pyc", ".pilothouse/bootstrap-key" }) _folder.Write(name);
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "link"), "/etc/passwd");
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "links"), "/etc");
        Assert.Equal(0, (await Folder.RunAsync(_folder.Path, ["mkfifo", "pipe"])).Code);

        Assert.Equal([".env.example", "empty", "langgraph.json", "src/.env.sample", "src/agent.ts"], Names(Project.Read(_folder.Path, "langgraph.json")));
    }

    [Fact]
    public void File_whose_values_go_as_secrets_stays_out_whatever_its_name()
    {
        _folder.Write("langgraph.json", """{"env":"./conf/prod.vars"}""");
        _folder.Write("conf/prod.vars", "KEY=1");

        Assert.Equal(["langgraph.json"], Names(Project.Read(_folder.Path, "langgraph.json")));
    }

    [Fact]
    public void Dependency_beside_the_project_widens_the_root_and_nothing_else_comes_along()
    {
        _folder.Write("agents/one/langgraph.json", """{"dependencies":[".","../../libs/shared"]}""");
        _folder.Write("agents/one/agent.py");
        _folder.Write("libs/shared/lib.py");
        _folder.Write("libs/shared/lib.log");
        _folder.Write("libs/other/lib.py");
        _folder.Write(".gitignore", "*.log\n");

        var project = Project.Read(Path.Combine(_folder.Path, "agents/one"), "langgraph.json");

        Assert.Equal(_folder.Path, project.Root);
        Assert.Equal("agents/one/langgraph.json", project.ConfigPath);
        Assert.Equal(["agents/one/agent.py", "agents/one/langgraph.json", "libs/shared/lib.py"], Names(project));
    }

    [Fact]
    public void Dependency_inside_the_project_follows_the_projects_rules()
    {
        _folder.Write("langgraph.json", """{"dependencies":["./libs/a/"]}""");
        _folder.Write(".gitignore", "*.log\n");
        _folder.Write("libs/a/a.py");
        _folder.Write("libs/a/a.log");

        Assert.Equal([".gitignore", "langgraph.json", "libs/a/a.py"], Names(Project.Read(_folder.Path, "langgraph.json")));
    }

    [Fact]
    public async Task Same_files_give_the_same_bytes_whenever_they_were_written()
    {
        var script = _folder.Write("run.sh");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var plain = _folder.Write($"{new string('d', 90)}/{new string('e', 120)}/ünï.txt", "text");

        var first = await PackAsync();
        File.SetLastWriteTimeUtc(plain, new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        File.SetUnixFileMode(plain, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var second = await PackAsync();

        Assert.Equal(first, second);
        var text = new MemoryStream();
        await new GZipStream(new MemoryStream(first), CompressionMode.Decompress).CopyToAsync(text, Cancel);
        Assert.DoesNotContain("PaxHeaders", System.Text.Encoding.UTF8.GetString(text.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Executable_bit_and_long_names_are_kept()
    {
        File.SetUnixFileMode(_folder.Write("run.sh"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var name = $"{new string('d', 90)}/{new string('e', 120)}/ünï.txt";
        _folder.Write(name, "text");
        await using var gzip = new GZipStream(new MemoryStream(await PackAsync()), CompressionMode.Decompress);
        await using var tar = new TarReader(gzip);

        var entries = new Dictionary<string, (bool IsExecutable, string Text)>();
        while (await tar.GetNextEntryAsync(copyData: true, Cancel) is { } entry)
            entries[entry.Name] = ((entry.Mode & UnixFileMode.OtherExecute) != UnixFileMode.None, await new StreamReader(entry.DataStream!).ReadToEndAsync(Cancel));

        Assert.Equal((true, "x"), entries["run.sh"]);
        Assert.Equal((false, "text"), entries[name]);
    }

    private static IEnumerable<string> Names(Project project) => project.Files().Select(file => file.Name);

    private async Task<byte[]> PackAsync()
    {
        using var archive = await SourceArchive.CreateAsync(SourceFiles.Find(_folder.Path, [_folder.Path]), Cancel);
        var bytes = new MemoryStream();
        await archive.File.CopyToAsync(bytes, Cancel);
        return bytes.ToArray();
    }
}
