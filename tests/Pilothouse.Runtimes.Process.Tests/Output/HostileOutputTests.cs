using Pilothouse.Core.Runtimes;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Runtimes.Process.Tests.Output;

/// <summary>What servers print, by accident or on purpose, against the log and the memory of the control plane.</summary>
public sealed class HostileOutputTests : ProcessRuntimeTest
{
    private const int LongestLine = 16 * 1024;

    [Theory]
    [InlineData("stdout")]
    [InlineData("stderr")]
    public async Task Line_of_a_hundred_megabytes_costs_what_one_line_may(string stream)
    {
        const int megabytes = 100;
        var spec = Spec($$"""
            const mebibyte = Buffer.alloc(1 << 20, 'x');
            const more = left => left > 0
              ? process.{{stream}}.write(mebibyte, () => more(left - 1))
              : process.{{stream}}.write('\nafter\n', listen);
            more({{megabytes}});
            """);
        var runtime = Create();

        var before = GC.GetTotalAllocatedBytes();
        var ready = await StartUntilReadyAsync(runtime, spec);
        var allocated = GC.GetTotalAllocatedBytes() - before;
        await Eventually.TrueAsync(() => Messages.Contains("after"));

        var giant = Messages.Single(message => message.StartsWith("xxx", StringComparison.Ordinal));
        Assert.Equal($"{new string('x', LongestLine)} … ({(megabytes * 1024 * 1024) - LongestLine} bytes dropped)", giant);
        Assert.All(ready.LastLines, line => Assert.True(line.Length <= 2001));
        Assert.True(allocated < megabytes * 1024L * 1024, $"{allocated} bytes for it");
    }

    [Fact]
    public async Task Line_that_never_ends_is_kept_as_far_as_a_line_goes_when_the_server_ends()
    {
        var spec = Spec("process.stdout.write('€'.repeat(10000), () => process.exit(1));") with { IsScratch = true };
        var runtime = Create();

        await runtime.StartAsync(spec, Cancel);
        await UntilAsync(runtime, spec, status => status.Phase == ReplicaPhase.Ended);
        await Eventually.TrueAsync(() => Messages.Any(message => message.StartsWith('€')));

        // Three bytes each: the cut goes through a character, which is left out.
        Assert.Contains($"{new string('€', LongestLine / 3)} … ({30_000 - LongestLine} bytes dropped)", Messages);
    }

    [Fact]
    public async Task Bytes_that_are_no_text_and_terminal_commands_reach_nobody()
    {
        var spec = Spec("""
            process.stdout.write(Buffer.from('first \xff\xfe\x00 bytes\n', 'latin1'));
            console.log('\u001b[31mred\u001b[0m \u001b]0;title\u0007and\u0008 \u001b[2Jgone');
            console.log('{"level":"error","message":"two\\nlines \\ud800","x":{}}');
            console.log('{'.repeat(5000) + '}'.repeat(5000));
            process.stdout.write('last\n', listen);
            """);
        var runtime = Create();

        await StartUntilReadyAsync(runtime, spec);
        await Eventually.TrueAsync(() => Messages.Contains("last"));

        Assert.Contains("first \uFFFD\uFFFD bytes", Messages);
        Assert.Contains("red and gone", Messages);
        Assert.DoesNotContain(Messages, message => message.Any(character => char.IsControl(character) && character != '\t'));
    }

    [Fact]
    public async Task Server_that_prints_without_end_is_not_held_up_and_keeps_nobody_from_the_rest()
    {
        var spec = Spec("listen(); const flood = () => { for (let i = 0; i < 2000; i++) process.stdout.write(`flood ${i}\\n`); setImmediate(flood); }; flood();");
        var quiet = Spec("setInterval(() => console.log('quiet'), 20); listen();");
        var runtime = Create();

        await StartUntilReadyAsync(runtime, spec);
        await StartUntilReadyAsync(runtime, quiet);
        await Eventually.TrueAsync(() => Observer.Lines.Any(line => line.Deployment == quiet.Deployment && line.Message == "quiet"));
        await runtime.StopAsync(spec.Name, StopLimit, Cancel);

        Assert.Equal(ReplicaPhase.Ready, runtime.Find(quiet.Name)!.Phase);
        Assert.Single(ProcessesBelow(Root));
    }
}
