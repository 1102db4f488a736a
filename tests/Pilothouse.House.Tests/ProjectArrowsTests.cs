using System.Xml.Linq;
using Xunit;

namespace Pilothouse.House.Tests;

/// <summary>Who may know whom; arrows point inward.</summary>
public sealed class ProjectArrowsTests
{
    private static readonly Dictionary<string, string[]> s_allowed = new(StringComparer.Ordinal)
    {
        ["Pilothouse.Contracts"] = [],
        ["Pilothouse.Core"] = [],
        ["Pilothouse.Client"] = ["Pilothouse.Contracts"],
        ["Pilothouse.Cli"] = ["Pilothouse.Client"],
        ["Pilothouse.Control"] = ["Pilothouse.Contracts", "Pilothouse.Core"],
        ["Pilothouse.Builds"] = ["Pilothouse.Core"],
        ["Pilothouse.Gateway"] = ["Pilothouse.Core"],
        ["Pilothouse.Listener"] = ["Pilothouse.Client", "Pilothouse.Core"],
        ["Pilothouse.Blobs.S3"] = ["Pilothouse.Core"],
        ["Pilothouse.Runtimes.Process"] = ["Pilothouse.Core"],
    };

    /// <summary>Wiring and whole-system tests know all; those of Control put the listener on the other end of its protocol.</summary>
    private static readonly string[] s_knowAll = ["Pilothouse.Server", "Pilothouse.Contract.Tests", "Pilothouse.Control.Tests", "Pilothouse.House.Tests", "Pilothouse.EndToEnd", "Pilothouse.Bench"];

    public static TheoryData<string> Projects() => [.. Repository.Files.Where(file => file.EndsWith(".csproj", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_knows_nobody_but_those_it_may(string file)
    {
        var name = Name(file);
        if (s_knowAll.Contains(name, StringComparer.Ordinal)) return;

        Faults.None(References(file).Except(Allowed(name), StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Folder_and_project_have_one_name(string file)
    {
        var name = Name(file);

        Assert.Equal(name, Path.GetFileName(Path.GetDirectoryName(file)));
        Assert.Equal(name, Property(file, "RootNamespace") ?? name);
    }

    [Fact]
    public void Namespaces_follow_folders()
    {
        var strays =
            from file in Repository.CSharp("src").Concat(Repository.CSharp("tests"))
            where !Repository.IsGenerated(file)
            let line = Repository.Lines(file).FirstOrDefault(line => line.StartsWith("namespace ", StringComparison.Ordinal))
            where line is not null
            let wanted = string.Join('.', Path.GetDirectoryName(file)!.Split('/').Skip(1))
            where line != $"namespace {wanted};"
            select $"{file}: {line}";

        Faults.None(strays);
    }

    [Fact]
    public void Solution_holds_every_project_and_no_other()
    {
        var solution = XDocument.Parse(Repository.Read("Pilothouse.slnx")).Descendants("Project").Select(project => project.Attribute("Path")!.Value);

        Assert.Equal(Projects().Select(row => row.Data).Order(StringComparer.Ordinal), solution.Order(StringComparer.Ordinal));
    }

    /// <summary>A test project knows what it tests, all that this knows, and the fakes of our ports.</summary>
    private static string[] Allowed(string name)
    {
        if (s_allowed.TryGetValue(name, out var allowed)) return allowed;
        if (name == "Pilothouse.Testing") return ["Pilothouse.Contracts", "Pilothouse.Core"];
        if (!name.EndsWith(".Tests", StringComparison.Ordinal)) Assert.Fail($"Say in {nameof(ProjectArrowsTests)} whom {name} may know.");

        var tested = name[..^".Tests".Length];
        return [tested, "Pilothouse.Testing", "Pilothouse.Contracts", "Pilothouse.Core", .. s_allowed.GetValueOrDefault(tested, [])];
    }

    private static IEnumerable<string> References(string file) => XDocument.Parse(Repository.Read(file))
        .Descendants("ProjectReference")
        .Select(reference => Name(reference.Attribute("Include")!.Value.Replace('\\', '/')));

    private static string? Property(string file, string name) =>
        XDocument.Parse(Repository.Read(file)).Descendants(name).FirstOrDefault()?.Value;

    private static string Name(string file) => Path.GetFileNameWithoutExtension(file);
}
