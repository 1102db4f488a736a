using Pilothouse.Control.Explain;
using Pilothouse.Control.Storage;
using Xunit;

namespace Pilothouse.Control.Tests.Explain;

public sealed class LinesThatMatterTests
{
    [Fact]
    public void Compilers_line_is_found_among_noise()
    {
        var lines = Rows([.. Enumerable.Range(0, 60).Select(at => $"npm http fetch {at}"), "src/agent.ts(3,5): error TS2322: Type 'number' is not assignable.", "npm timing", "The build failed."]);

        Assert.Equal(["src/agent.ts(3,5): error TS2322: Type 'number' is not assignable.", "npm timing"], LinesThatMatter.Of(lines, "The build failed."));
    }

    [Fact]
    public void Trace_keeps_the_frames_of_the_project()
    {
        var lines = Rows("starting", "Error: broken at import", "    at file:///a/src/agent.ts:1:7", "    at node:internal/modules/run:1:2", "other");

        Assert.Equal(["Error: broken at import", "    at file:///a/src/agent.ts:1:7"], LinesThatMatter.Of(lines));
    }

    [Fact]
    public void Lines_within_one_entry_count_and_levels_do()
    {
        LogRow[] lines = [Row("quiet"), Row("bad thing", level: 3), Row("Traceback (most recent call last):\n  File \"agent.py\", line 2\nModuleNotFoundError: No module named 'x'")];

        Assert.Equal(
            ["bad thing", "Traceback (most recent call last):", "  File \"agent.py\", line 2", "ModuleNotFoundError: No module named 'x'"], LinesThatMatter.Of(lines));
    }

    [Fact]
    public void Without_any_the_last_ones_are_taken_and_all_is_bounded()
    {
        var many = Rows([.. Enumerable.Range(0, 50).Select(at => $"line {at}")]);
        Assert.Equal(Enumerable.Range(38, 12).Select(at => $"line {at}"), LinesThatMatter.Of(many));

        var errors = LinesThatMatter.Of(Rows([.. Enumerable.Range(0, 50).Select(at => $"Error {at} {new string('x', 1000)}")]));
        Assert.Equal(12, errors.Count);
        Assert.All(errors, line => Assert.InRange(line.Length, 1, 401));
        Assert.Empty(LinesThatMatter.Of([]));
    }

    private static LogRow[] Rows(params string[] messages) => [.. messages.Select(message => Row(message))];

    private static LogRow Row(string message, int level = 1) => new() { Message = message, Level = level };
}
