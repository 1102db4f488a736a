using Xunit;

namespace Pilothouse.Core.Tests;

public sealed class OutcomeTests
{
    private static readonly Rejection s_taken = new("name_taken", "A deployment named 'a' exists.");

    [Fact]
    public void Value_makes_an_accepted_outcome()
    {
        Outcome<string> outcome = "made";

        Assert.True(outcome.IsAccepted);
        Assert.Equal("made", outcome.Value);
        Assert.Null(outcome.Rejection);
    }

    [Fact]
    public void Rejection_makes_a_refused_one()
    {
        Outcome<string> outcome = s_taken;

        Assert.False(outcome.IsAccepted);
        Assert.Same(s_taken, outcome.Rejection);
    }

    [Fact]
    public void Value_of_a_refusal_cannot_be_read()
    {
        Outcome<int> outcome = s_taken;

        var thrown = Assert.Throws<InvalidOperationException>(() => outcome.Value);
        Assert.Contains("name_taken", thrown.Message, StringComparison.Ordinal);
    }
}
