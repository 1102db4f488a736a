using System.Reflection;
using System.Text.RegularExpressions;
using Pilothouse.Contracts;
using Xunit;

namespace Pilothouse.House.Tests;

/// <summary>docs/errors.md lists every code with the status that callers get.</summary>
public sealed partial class ErrorsDocumentTests
{
    [Fact]
    public void Document_lists_every_code_with_its_status()
    {
        var wanted = typeof(Codes).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (string)field.GetRawConstantValue()!)
            .ToDictionary(code => code, Status, StringComparer.Ordinal);

        var listed = Row().Matches(Repository.Read("docs/errors.md"))
            .ToDictionary(row => row.Groups["code"].Value, row => int.Parse(row.Groups["status"].Value, provider: null), StringComparer.Ordinal);

        Assert.Equal(wanted.OrderBy(pair => pair.Key, StringComparer.Ordinal), listed.OrderBy(pair => pair.Key, StringComparer.Ordinal));
    }

    /// <summary>The one file that maps codes is Control's own.</summary>
    private static int Status(string code) => (int)Assembly.Load("Pilothouse.Control")
        .GetType("Pilothouse.Control.Errors.ApiResults", throwOnError: true)!
        .GetMethod("StatusOf")!
        .Invoke(obj: null, [code])!;

    // | `name_taken` | 409 | A sentence. |
    [GeneratedRegex(@"^\| `(?<code>[a-z_]+)` \| (?<status>\d{3}) \| \S.{20,} \|$", RegexOptions.ExplicitCapture | RegexOptions.Multiline)]
    private static partial Regex Row();
}
