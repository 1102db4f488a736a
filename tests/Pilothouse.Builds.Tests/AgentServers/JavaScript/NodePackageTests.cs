using Pilothouse.Builds.AgentServers.JavaScript;
using Xunit;

namespace Pilothouse.Builds.Tests.AgentServers.JavaScript;

public sealed class NodePackageTests : IDisposable
{
    private const string Manifest = """{"dependencies":{"@langchain/langgraph":"^0.2.0"}}""";

    private readonly string _root = Directory.CreateTempSubdirectory("pilothouse-node-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("yarn.lock", "# yarn lockfile v1\n", "yarn install --frozen-lockfile --non-interactive")]
    [InlineData("yarn.lock", "__metadata:\n  version: 8\n", "yarn install --immutable")]
    [InlineData("pnpm-lock.yaml", "lockfileVersion: '9.0'\n", "pnpm install --frozen-lockfile")]
    [InlineData("package-lock.json", "{}", "npm ci --no-audit --no-fund --prefer-offline --no-progress")]
    [InlineData("bun.lock", "{}", "bun install --backend=copyfile --no-progress")]
    [InlineData("bun.lockb", "", "bun install --backend=copyfile --no-progress")]
    public void Lock_file_decides_who_installs(string lockFile, string text, string command)
    {
        Write("package.json", Manifest);
        Write(lockFile, text);

        var manager = Found().Manager;

        Assert.Equal(command, $"{manager.Name} {string.Join(' ', manager.InstallArguments)}");
    }

    [Theory]
    [InlineData("""{"packageManager":"pnpm@9.15.0+sha512.abc"}""", "Pnpm", "9.15.0")]
    [InlineData("""{"packageManager":"yarn@1.22.19"}""", "YarnClassic", "1.22.19")]
    [InlineData("""{"packageManager":"yarn@4.5.0"}""", "YarnBerry", "4.5.0")]
    [InlineData("""{"packageManager":"bun@1.2.0"}""", "Bun", "1.2.0")]
    [InlineData("""{"devEngines":{"packageManager":{"name":"pnpm","version":"^9"}}}""", "Pnpm", null)]
    [InlineData("""{"devEngines":{"packageManager":[{"name":"bun"}]}}""", "Bun", null)]
    [InlineData("""{"packageManager":"what@1.0.0"}""", "Npm", null)]
    [InlineData("""{"packageManager":7}""", "Npm", null)]
    [InlineData("{}", "Npm", null)]
    public void Without_a_lock_file_the_manifest_decides(string manifest, string kind, string? version)
    {
        Write("package.json", manifest);

        var manager = Found().Manager;

        Assert.Equal((kind, version), (manager.Kind.ToString(), manager.Version));
    }

    [Fact]
    public void Version_of_packageManager_counts_only_for_the_manager_of_the_lock_file()
    {
        Write("package.json", """{"packageManager":"pnpm@9.15.0"}""");
        Write("yarn.lock", "# yarn lockfile v1\n");

        Assert.Null(Found().Manager.Version);
    }

    [Theory]
    [InlineData("lockfileVersion: 5.4", "7.33.7")]
    [InlineData("lockfileVersion: '6.0'", "8.15.9")]
    [InlineData("lockfileVersion: '9.0'", null)]
    public void Old_pnpm_lock_files_get_the_pnpm_that_reads_them(string line, string? version)
    {
        Write("package.json", "{}");
        Write("pnpm-lock.yaml", $"{line}\n");

        Assert.Equal(version, Found().Manager.Version);
    }

    [Theory]
    [InlineData("package-lock.json", """{"lockfileVersion":3,"packages":{"node_modules/@langchain/langgraph":{"version":"0.2.41"}}}""")]
    [InlineData("package-lock.json", """{"lockfileVersion":1,"dependencies":{"@langchain/langgraph":{"version":"0.2.41"}}}""")]
    [InlineData("yarn.lock", "\"@langchain/langgraph@^0.1.0\":\n  version \"0.1.9\"\n\n\"@langchain/langgraph@^0.2.0\", \"@langchain/langgraph@^0.2.1\":\n  version \"0.2.41\"\n")]
    [InlineData("yarn.lock", "__metadata:\n  version: 8\n\n\"@langchain/langgraph@npm:^0.2.0\":\n  version: 0.2.41\n")]
    [InlineData("pnpm-lock.yaml", "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      '@langchain/langgraph':\n        specifier: ^0.2.0\n        version: 0.2.41(@langchain/core@0.3.1)\n")]
    [InlineData("pnpm-lock.yaml", "lockfileVersion: 5.4\n\nspecifiers:\n  '@langchain/langgraph': ^0.2.0\n\ndependencies:\n  '@langchain/langgraph': 0.2.41_abc\n")]
    [InlineData("bun.lock", """{"packages":{"@langchain/langgraph":["@langchain/langgraph@0.2.41", "", {},],},}""")]
    public void Locked_version_is_read_from_every_kind_of_lock_file(string lockFile, string text)
    {
        Write("package.json", Manifest);
        Write(lockFile, text);

        Assert.Equal("0.2.41", Found().Locked("@langchain/langgraph")?.ToString());
    }

    [Theory]
    [InlineData("package-lock.json", "{ not json")]
    [InlineData("package-lock.json", "[]")]
    [InlineData("yarn.lock", "\0\0\0")]
    [InlineData("pnpm-lock.yaml", ":::\n  :\n - - -")]
    [InlineData("bun.lock", """{"packages":{"@langchain/langgraph":[]}}""")]
    [InlineData("bun.lockb", "binary")]
    public void Lock_file_that_says_nothing_is_no_error(string lockFile, string text)
    {
        Write("package.json", Manifest);
        Write(lockFile, text);

        Assert.Null(Found().Locked("@langchain/langgraph"));
    }

    [Fact]
    public void Workspace_is_installed_from_the_folder_of_its_lock_file()
    {
        Write("package.json", """{"workspaces":["apps/*"]}""");
        Write("pnpm-lock.yaml", "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n\n  apps/agent:\n    dependencies:\n      '@langchain/langgraph':\n        specifier: ^0.2.0\n        version: 0.2.41\n");
        Write("apps/agent/package.json", Manifest);
        Write("apps/agent/src/langgraph.json", "{}");

        var package = NodePackage.Find(_root, Path.Combine(_root, "apps/agent/src"))!;

        Assert.Equal((Path.Combine(_root, "apps/agent"), _root), (package.Folder, package.InstallRoot));
        Assert.Equal("0.2.41", package.Locked("@langchain/langgraph")?.ToString());
    }

    [Fact]
    public void Package_with_a_lock_file_of_its_own_is_installed_where_it_is()
    {
        Write("package.json", "{}");
        Write("package-lock.json", "{}");
        Write("agent/package.json", Manifest);
        Write("agent/package-lock.json", "{}");

        Assert.Equal(Path.Combine(_root, "agent"), NodePackage.Find(_root, Path.Combine(_root, "agent"))!.InstallRoot);
    }

    [Fact]
    public void Nothing_above_the_source_is_looked_at()
    {
        Write("package.json", "{}");
        Write("source/agent.mjs", "");

        Assert.Null(NodePackage.Find(Path.Combine(_root, "source"), Path.Combine(_root, "source")));
    }

    private NodePackage Found() => NodePackage.Find(_root, _root)!;

    private void Write(string file, string text)
    {
        var path = Path.Combine(_root, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
