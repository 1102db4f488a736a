namespace Pilothouse.Control.Errors;

/// <summary>A part of a list, as the contract has it.</summary>
internal sealed record Page(int Limit, int Offset)
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 100;

    /// <summary>Below the largest number by more than a page, so that the answered offset is one too.</summary>
    public static Page Of(QueryReader query) => new(query.Int("limit", DefaultLimit, 1, MaxLimit), query.Int("offset", 0, 0, int.MaxValue - MaxLimit));

    /// <summary>The offset to send next.</summary>
    public int Next(int found) => Offset + found;
}
