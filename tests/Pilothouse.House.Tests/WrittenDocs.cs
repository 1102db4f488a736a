using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Pilothouse.House.Tests;

/// <summary>Docstrings, from the files that the compiler writes beside the assemblies.</summary>
internal static partial class WrittenDocs
{
    private static readonly Dictionary<string, XElement> s_members =
        Directory.EnumerateFiles(AppContext.BaseDirectory, "*.xml")
            .SelectMany(file => XDocument.Load(file).Descendants("member"))
            .GroupBy(member => member.Attribute("name")!.Value, StringComparer.Ordinal)
            .ToDictionary(members => members.Key, members => members.First(), StringComparer.Ordinal);

    /// <summary>The summary as one line of Markdown; null when there is none.</summary>
    public static string? Of(MemberInfo member)
    {
        var name = member is Type type ? $"T:{type.FullName}" : $"P:{member.DeclaringType!.FullName}.{member.Name}";
        return s_members.TryGetValue(name.Replace('+', '.'), out var found) && found.Element("summary") is { } summary
            ? Space().Replace(string.Concat(summary.Nodes().Select(Text)), " ").Trim().Replace("|", "\\|", StringComparison.Ordinal)
            : null;
    }

    private static string Text(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement { Name.LocalName: "see" } see => $"`{Named(see)}`",
        XElement other => other.Value,
        _ => "",
    };

    private static string Named(XElement see) =>
        (see.Attribute("cref") ?? see.Attribute("langword"))!.Value.Split('.')[^1];

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
