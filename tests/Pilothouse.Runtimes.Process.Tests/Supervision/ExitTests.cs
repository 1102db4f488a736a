using Pilothouse.Core.Runtimes;
using Pilothouse.Runtimes.Process.Native;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Runtimes.Process.Tests.Supervision;

public sealed class ExitTests : ProcessRuntimeTest
{
    [Theory]
    [InlineData("process.exit(0)", "exit code 0", 0)]
    [InlineData("process.exit(7)", "exit code 7", 7)]
    [InlineData("process.kill(process.pid, 'SIGSEGV')", "signal SIGSEGV", 139)]
    [InlineData("process.kill(process.pid, 'SIGKILL')", "signal SIGKILL", 137)]
    [InlineData("process.kill(process.pid, 'SIGTERM')", "signal SIGTERM", 143)]
    [InlineData("process.abort()", "signal SIGABRT", 134)]
    public async Task Reason_of_an_end_is_its_code_or_its_signal_by_name(string script, string reason, int code)
    {
        var spec = Spec($"{script}; setInterval(() => {{}}, 1000);") with { IsScratch = true };
        var runtime = Create();

        await runtime.StartAsync(spec, Cancel);
        var ended = await UntilAsync(runtime, spec, status => status.Phase == ReplicaPhase.Ended);

        Assert.Equal((reason, code, false), (ended.LastExit!.Reason, ended.LastExit.Code, ended.LastExit.IsOutOfMemory));
        await Eventually.TrueAsync(() => Messages.Contains($"The server ended while it was tried out: {reason}."));
    }

    [Theory]
    [InlineData("nowhere-to-be-found")]
    [InlineData("/nowhere/node")]
    [InlineData("${artifact}/plain")]
    [InlineData("${artifact}")]
    public async Task Program_that_cannot_be_started_is_named(string program)
    {
        File.WriteAllText(Path.Combine(Root, "plain"), "no program");
        var spec = Spec("") with { IsScratch = true };
        var runtime = Create();

        await runtime.StartAsync(spec with { Launch = spec.Launch with { Arguments = [program] } }, Cancel);
        var ended = await UntilAsync(runtime, spec, status => status.Phase == ReplicaPhase.Ended);

        var named = program.Replace("${artifact}", Root, StringComparison.Ordinal);
        Assert.Equal($"could not be started: The program {named} is not there or cannot be executed", ended.LastExit!.Reason);
        Assert.Equal(126, ended.LastExit.Code);
    }

    [Fact]
    public void Memory_limit_explains_a_kill_and_is_named_beside_any_other_end()
    {
        string Reason(int code, int? signal, bool killed, params string[] lines) =>
            ExitReading.Read(new ChildEnd(code, signal), killed, 512L * 1024 * 1024, lines, DateTimeOffset.UnixEpoch).Reason;

        Assert.Equal("out of memory (limit 512 MiB)", Reason(137, 9, killed: true));
        Assert.Equal("exit code 1 after out of memory (limit 512 MiB)", Reason(1, null, killed: true));
        Assert.Equal("signal SIGKILL", Reason(137, 9, killed: false));
        Assert.Equal("signal 42", Reason(170, 42, killed: false));
        Assert.Equal("exit code 134", Reason(134, null, killed: false, "FATAL ERROR: JavaScript heap out of memory"));
    }
}
