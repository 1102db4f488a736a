using System.Globalization;
using System.Text.Json;

namespace Pilothouse.Control.Errors;

/// <summary>Scalars as pydantic reads them from JSON or from text, with its words for what does not fit.</summary>
internal static class ScalarText
{
    public static bool? Bool(string text, JsonElement input, IReadOnlyList<object> location, RequestFaults faults)
    {
        if (text.ToUpperInvariant() is "TRUE" or "1" or "ON" or "YES" or "T" or "Y") return true;
        if (text.ToUpperInvariant() is "FALSE" or "0" or "OFF" or "NO" or "F" or "N") return false;
        faults.Add("bool_parsing", location, "Input should be a valid boolean, unable to interpret input", input);
        return null;
    }

    public static int? Int(string text, JsonElement input, IReadOnlyList<object> location, RequestFaults faults, int min, int max)
    {
        if (!decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            faults.Add("int_parsing", location, "Input should be a valid integer, unable to parse string as an integer", input);
            return null;
        }

        if (number != decimal.Truncate(number))
        {
            faults.Add("int_from_float", location, "Input should be a valid integer, got a number with a fractional part", input);
            return null;
        }

        if (number < min) return TooSmall<int?>(min, input, location, faults);
        return number > max ? TooLarge<int?>(max, input, location, faults) : (int)number;
    }

    public static T? TooSmall<T>(double min, JsonElement input, IReadOnlyList<object> location, RequestFaults faults)
    {
        faults.Add("greater_than_equal", location, $"Input should be greater than or equal to {min}", input, ("ge", min));
        return default;
    }

    public static T? TooLarge<T>(double max, JsonElement input, IReadOnlyList<object> location, RequestFaults faults)
    {
        faults.Add("less_than_equal", location, $"Input should be less than or equal to {max}", input, ("le", max));
        return default;
    }

    public static string? NotOneOf(IReadOnlyList<string> allowed, JsonElement input, IReadOnlyList<object> location, RequestFaults faults)
    {
        var quoted = allowed.Select(word => $"'{word}'").ToList();
        var expected = quoted.Count == 1 ? quoted[0] : $"{string.Join(", ", quoted.SkipLast(1))} or {quoted[^1]}";
        faults.Add("enum", location, $"Input should be {expected}", input, ("expected", expected));
        return null;
    }
}
