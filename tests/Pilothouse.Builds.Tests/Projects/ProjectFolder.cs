using System.Text;
using Pilothouse.Builds.Projects;
using Pilothouse.Core;
using Pilothouse.Core.Builds;

namespace Pilothouse.Builds.Tests.Projects;

/// <summary>An unpacked source with an agent of each language.</summary>
internal sealed class ProjectFolder : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("pilothouse-project-").FullName;

    public ProjectFolder()
    {
        Write("src/agent.ts", "export const graph = 1;");
        Write("src/agent.py", "graph = 1");
        Write("package.json", "{}");
        Directory.CreateDirectory(Path.Combine(_root, "app"));
    }

    public string Root => _root;

    public ProjectFolder Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    public ProjectFolder Write(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_root, path))!);
        File.WriteAllBytes(Path.Combine(_root, path), bytes);
        return this;
    }

    public ProjectReading Read(string configPath = "langgraph.json", string? install = null, string? build = null) =>
        ProjectReading.Of(_root, new BuildRequest
        {
            Workspace = WorkspaceId.New(),
            Deployment = DeploymentId.New(),
            Revision = RevisionId.New(),
            Source = new BuildSource.Tarball("/none", ""),
            ConfigPath = configPath,
            InstallCommand = install,
            BuildCommand = build,
        });

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
