using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Pilothouse.House.Tests;

/// <summary>docs/dependencies.md names every package, under a licence that we take.</summary>
public sealed partial class DependenciesDocumentTests
{
    private static readonly string[] s_licences = ["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "PostgreSQL"];

    [Fact]
    public void Document_lists_exactly_the_packages_that_there_are()
    {
        var named = XDocument.Parse(Repository.Read("Directory.Packages.props")).Descendants()
            .Where(element => element.Name.LocalName is "PackageVersion" or "GlobalPackageReference")
            .Select(element => element.Attribute("Include")!.Value);

        var listed = Rows().Select(row => row.Groups["package"].Value);

        Assert.Equal(named.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_licence_is_open() => Assert.All(Rows(), row => Assert.Contains(row.Groups["licence"].Value, s_licences));

    private static MatchCollection Rows() => Row().Matches(Repository.Read("docs/dependencies.md"));

    // | CliWrap | MIT | commands of builds |
    [GeneratedRegex(@"^\| (?<package>[A-Za-z][\w.-]*) \| (?<licence>(?!Licence)\S+) \| \S.* \|$", RegexOptions.ExplicitCapture | RegexOptions.Multiline)]
    private static partial Regex Row();
}
