using Xunit;

namespace Pilothouse.House.Tests;

internal static class Faults
{
    /// <summary>Shows every one of them, in full.</summary>
    public static void None(IEnumerable<string> faults)
    {
        var list = faults.ToList();
        Assert.True(list.Count == 0, string.Join('\n', list));
    }
}
