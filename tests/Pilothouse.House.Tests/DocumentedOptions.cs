using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace Pilothouse.House.Tests;

/// <param name="Key">e.g. <c>Listener:ReadyLimit</c>.</param>
/// <param name="Unit">What its text is, e.g. <c>hh:mm:ss</c>.</param>
/// <param name="Default">As it is written in configuration; empty when there is none.</param>
/// <param name="Limits">Empty when there are none.</param>
/// <param name="Meaning">One or more sentences; empty when its author wrote none.</param>
internal sealed record DocumentedOption(string Key, string Unit, string Default, string Limits, string Meaning)
{
    /// <summary>Its environment variable.</summary>
    public string Variable => "PILOTHOUSE_" + Key.Replace(":", "__", StringComparison.Ordinal);

    public override string ToString() => $"| `{Key}` | `{Variable}` | {Unit} | {Default} | {Limits} | {Meaning} |";
}

/// <summary>Every option class of the server, as it is compiled.</summary>
internal static class DocumentedOptions
{
    /// <summary>Types called <c>…Options</c> that name their section.</summary>
    public static IReadOnlyList<(string Section, Type Type)> Classes { get; } =
    [
        .. Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll")
            .Where(file => Path.GetFileName(file).StartsWith("Pilothouse", StringComparison.OrdinalIgnoreCase)
                && !file.EndsWith("Tests.dll", StringComparison.Ordinal))
            .SelectMany(file => Assembly.LoadFrom(file).GetTypes())
            .Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal))
            .Select(type => ((string?)type.GetField("Section")?.GetRawConstantValue(), type))
            .Where(pair => pair.Item1 is not null)
            .Select(pair => (pair.Item1!, pair.type))
            .OrderBy(pair => pair.Item1, StringComparer.Ordinal),
    ];

    public static IReadOnlyList<DocumentedOption> Of(string section, Type type)
    {
        var values = Activator.CreateInstance(type, nonPublic: true)!;
        return
        [
            .. type.GetProperties()
                .Where(property => property.SetMethod is { IsPublic: true } || IsList(property.PropertyType))
                .Select(property => new DocumentedOption(
                    $"{section}:{property.Name}",
                    Unit(property),
                    Shown(property, property.GetValue(values)),
                    Limits(property),
                    WrittenDocs.Of(property) ?? WrittenDocs.Of(property.PropertyType) ?? "")),
        ];
    }

    private static string Unit(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (type.IsEnum) return string.Join(" ", Enum.GetNames(type).Select(Code));
        if (typeof(IDictionary).IsAssignableFrom(type) || type.Name.StartsWith(nameof(IDictionary), StringComparison.Ordinal)) return "sections by name";
        if (IsList(type)) return "texts, each at `:0`, `:1` …";
        if (IsBytes(property)) return "bytes";
        if (type == typeof(TimeSpan)) return "`[d.]hh:mm:ss`";
        if (type == typeof(bool)) return "`true` `false`";
        if (type == typeof(Guid)) return "UUID";
        return type == typeof(string) || type == typeof(Uri) ? "text" : "number";
    }

    private static string Limits(PropertyInfo property) => property.GetCustomAttribute<RangeAttribute>() is { } range
        ? $"{Limit(property, range, range.Minimum)} – {Limit(property, range, range.Maximum)}"
        : property.GetCustomAttribute<RequiredAttribute>() is null ? "" : "not empty";

    private static string Limit(PropertyInfo property, RangeAttribute range, object limit)
    {
        var value = limit is string text && range.OperandType == typeof(TimeSpan) ? TimeSpan.Parse(text, CultureInfo.InvariantCulture) : limit;
        return IsOpen(value) ? "any" : Shown(property, value);
    }

    /// <summary>A range of longs is kept as one of doubles.</summary>
    private static bool IsOpen(object value) => value is int.MaxValue or double and >= long.MaxValue;

    private static string Shown(PropertyInfo property, object? value) => Code(Text(value)) + (IsBytes(property) ? InUnits(value) : "");

    private static string Text(object? value) => value switch
    {
        null => "",
        Guid id when id == Guid.Empty => "",
        TimeSpan span => span.ToString(span.Milliseconds == 0 ? "c" : @"hh\:mm\:ss\.fff", CultureInfo.InvariantCulture),
        bool flag => flag ? "true" : "false",
        string text => text,
        IEnumerable list => string.Join(", ", list.Cast<object>()),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string InUnits(object? value)
    {
        var bytes = Convert.ToInt64(value, CultureInfo.InvariantCulture);
        foreach (var (shift, unit) in ((int, string)[])[(30, "GiB"), (20, "MiB"), (10, "KiB")])
            if (bytes > 0 && bytes % (1L << shift) == 0) return $" ({bytes >> shift} {unit})";
        return "";
    }

    private static string Code(string text) => text.Length == 0 ? "" : $"`{text}`";

    private static bool IsBytes(PropertyInfo property) => property.Name.EndsWith("Bytes", StringComparison.Ordinal);

    private static bool IsList(Type type) => type != typeof(string) && typeof(IEnumerable).IsAssignableFrom(type);
}
