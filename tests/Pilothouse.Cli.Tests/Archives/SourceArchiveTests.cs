using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.Versioning;
using Pilothouse.Cli.Archives;
using Pilothouse.Cli.Deploy;
using Pilothouse.Testing;
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
    public void Uv_workspace_comes_along_with_its_lock_file()
    {
        _folder.Write("pyproject.toml");
        _folder.Write("uv.lock");
        _folder.Write("libs/shared/shared.py");
        _folder.Write("apps/agent/agent.py");
        _folder.Write("apps/agent/langgraph.json", """{"source":{"kind":"uv","root":"../..","package":"agent"}}""");

        var project = Project.Read(Path.Combine(_folder.Path, "apps/agent"), "langgraph.json");

        Assert.Equal((_folder.Path, "apps/agent/langgraph.json"), (project.Root, project.ConfigPath));
        Assert.Equal(["apps/agent/agent.py", "apps/agent/langgraph.json", "libs/shared/shared.py", "pyproject.toml", "uv.lock"], Names(project));
    }

    [Fact]
    public void Folder_that_is_named_is_sent_whole_when_the_configuration_is_deeper_in_it()
    {
        _folder.Write("package.json");
        _folder.Write("package-lock.json");
        _folder.Write("packages/shared/index.js");
        _folder.Write("apps/agent/langgraph.json", "{}");

        var whole = Project.Read(_folder.Path + "/", "apps/agent/langgraph.json");
        var part = Project.Read(Path.Combine(_folder.Path, "apps/agent"), "langgraph.json");

        Assert.Equal(["apps/agent/langgraph.json", "package-lock.json", "package.json", "packages/shared/index.js"], Names(whole));
        Assert.Equal("apps/agent/langgraph.json", whole.ConfigPath);
        Assert.Equal(["langgraph.json"], Names(part));
        var all = Assert.Throws<MisuseException>(() => Project.Read("/", Path.Combine(_folder.Path, "apps/agent/langgraph.json")[1..]));
        Assert.Contains("more than a project", all.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_folder_that_is_packed_has_its_own_dockerignore()
    {
        _folder.Write("app/langgraph.json", """{"dependencies":[".","../lib"]}""");
        _folder.Write("app/.dockerignore", "data\n.dockerignore\n");
        _folder.Write("app/data/large.bin");
        _folder.Write("app/src/.dockerignore", "agent.py\n");
        _folder.Write("app/src/agent.py");
        _folder.Write("lib/.dockerignore", "*.bin\n.dockerignore\n");
        _folder.Write("lib/model.bin");
        _folder.Write("lib/lib.py");

        Assert.Equal(
            ["app/langgraph.json", "app/src/.dockerignore", "app/src/agent.py", "lib/lib.py"], Names(Project.Read(Path.Combine(_folder.Path, "app"), "langgraph.json")));
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

    [Fact]
    public async Task Too_large_a_source_is_told_before_all_is_read_with_what_is_large_and_where_to_name_it()
    {
        var noise = new byte[64 * 1024];
        foreach (var name in new[] { "a/data/one.bin", "a/data/two.bin", "a/agent.py", "model.bin", "b/x/deep/weights.bin" })
        {
            Random.Shared.NextBytes(noise);
            File.WriteAllBytes(_folder.Write(name), name.EndsWith(".py", StringComparison.Ordinal) ? [1] : noise);
        }

        var files = SourceFiles.Find(_folder.Path, [_folder.Path]).ToList();
        // Whoever would read it would wait for ever.
        var pipe = Path.Combine(_folder.Path, "z-pipe");
        Assert.Equal(0, (await Folder.RunAsync(_folder.Path, ["mkfifo", pipe])).Code);
        files.Add(new SourceFile("z-pipe", pipe));

        var refused = await Assert.ThrowsAsync<MisuseException>(() => SourceArchive.CreateAsync(files, Cancel, maxBytes: 100 * 1024).WaitAsync(Eventually.Limit, TimeProvider.System, Cancel));

        Assert.Equal(["a/data/", "b/x/deep/weights.bin", "model.bin", "z-pipe"], refused.Message.Split('\n')[1..^1].Select(line => line.Split(' ')[^1]));
        Assert.Contains("more than the 0.1 MiB", refused.Message, StringComparison.Ordinal);
        Assert.Contains(".gitignore", refused.Message, StringComparison.Ordinal);
        Assert.Contains(".dockerignore", refused.Message, StringComparison.Ordinal);
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
