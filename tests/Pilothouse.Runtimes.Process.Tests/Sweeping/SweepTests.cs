using System.Diagnostics;
using Pilothouse.Runtimes.Process.Sweeping;
using Pilothouse.Runtimes.Process.Tests.World;
using Xunit;

namespace Pilothouse.Runtimes.Process.Tests.Sweeping;

/// <summary>Data directories as crashes, full disks and hostile agents leave them.</summary>
public sealed class SweepTests : ProcessRuntimeTest
{
    private string Replicas { get; }

    public SweepTests()
    {
        Replicas = OptionsFor(Root).ReplicasDirectory;
        Directory.CreateDirectory(Replicas);
    }

    [Fact]
    public async Task Records_that_cannot_be_read_stop_nothing()
    {
        using var leftover = Leave("leftover");
        var directory = TemporaryDirectory.Create();
        Write("good", $$"""{"Name":"good","BootId":"{{ProcessTable.BootId}}","Directories":["{{directory}}"]}""");
        Write("cut", """{"Name":"cu""");
        Write("null", "null");
        Write("nulls", """{"Name":null,"BootId":null,"Directories":null}""");
        Write("list", "[1]");
        Write("binary", "\0\u0001\u0002");
        File.CreateSymbolicLink(Path.Combine(Replicas, "nowhere.json"), Path.Combine(Root, "nowhere"));
        File.CreateSymbolicLink(Path.Combine(Replicas, "itself.json"), Path.Combine(Replicas, "itself.json"));

        var ended = await Create().SweepAsync(Cancel);

        Assert.Equal(1, ended);
        await leftover.WaitForExitAsync(Cancel);
        Assert.False(Directory.Exists(directory));
        Assert.Empty(RecordsBelow(Root));
    }

    [Fact]
    public async Task Two_records_of_one_process_are_one()
    {
        using var leftover = Leave("twin");
        var ticks = ProcessTable.Find(leftover.Id)!.Identity.StartTicks;
        foreach (var name in (string[])["twin", "twin-of-it"])
            Write(name, $$"""{"Name":"{{name}}","BootId":"{{ProcessTable.BootId}}","ProcessId":{{leftover.Id}},"StartTicks":{{ticks}},"Directories":[]}""");
        var logger = new RecordingLogger();

        Assert.Equal(1, await Create(logger: logger).SweepAsync(Cancel));

        await leftover.WaitForExitAsync(Cancel);
        Assert.DoesNotContain(logger.Entries, entry => entry.Message.Contains("cannot be read", StringComparison.Ordinal));
        Assert.Empty(RecordsBelow(Root));
    }

    [Fact]
    public async Task Directory_that_cannot_be_removed_is_told_and_tried_again_and_keeps_no_other()
    {
        using var leftover = Leave("leftover");
        string[] directories = [TemporaryDirectory.Create(), TemporaryDirectory.Create(), TemporaryDirectory.Create()];
        await MakeUnremovableAsync(directories[1]);
        foreach (var (index, directory) in directories.Index())
            Write($"r{index}", $$"""{"Name":"r{{index}}","BootId":"{{ProcessTable.BootId}}","Directories":["{{directory}}"]}""");
        var scratch = Path.Combine(OptionsFor(Root).ScratchDirectory, "r3-scratch");
        Directory.CreateDirectory(scratch);
        var logger = new RecordingLogger();

        Assert.Equal(1, await Create(logger: logger).SweepAsync(Cancel));

        await leftover.WaitForExitAsync(Cancel);
        Assert.Equal([false, true, false], directories.Select(Directory.Exists));
        Assert.False(Directory.Exists(scratch));
        Assert.Equal([Path.Combine(Replicas, "r1.json")], RecordsBelow(Root));
        Assert.Contains(logger.Entries, entry => entry.Message.StartsWith(directories[1], StringComparison.Ordinal));

        await RunAsync("rm", "-r", "--", directories[1]);
        Assert.Equal(0, await Create().SweepAsync(Cancel));
        Assert.Empty(RecordsBelow(Root));
    }

    [Fact]
    public async Task Processes_of_another_data_directory_and_directories_that_are_not_ours_stay()
    {
        using var other = Leave("leftover", Replicas + "-of-another");
        var directory = Directory.CreateDirectory(Path.Combine(Root, "pilothouse-elsewhere")).FullName;
        Write("liar", $$"""{"Name":"liar","BootId":"{{ProcessTable.BootId}}","Directories":["{{directory}}","/tmp/../{{directory}}",null]}""");

        Assert.Equal(0, await Create().SweepAsync(Cancel));

        Assert.False(other.HasExited);
        Assert.True(Directory.Exists(directory));
        other.Kill();
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(Replicas, name + ".json"), text);

    /// <summary>A process that a killed control plane would have left.</summary>
    private System.Diagnostics.Process Leave(string name, string? replicas = null)
    {
        var start = new ProcessStartInfo("sleep") { ArgumentList = { "600" } };
        start.Environment[LaunchPlan.MarkerVariable] = $"{replicas ?? Replicas}/{name}";
        return System.Diagnostics.Process.Start(start)!;
    }

    /// <summary>.NET cannot name a file whose name is not UTF-8, also not to remove it.</summary>
    private static Task MakeUnremovableAsync(string directory) =>
        RunAsync("node", "-e", "fs.writeFileSync(Buffer.from(process.argv[1] + '/\\xff', 'latin1'), '')", directory);

    private static async Task RunAsync(string program, params IEnumerable<string> arguments)
    {
        using var process = System.Diagnostics.Process.Start(program, arguments);
        await process.WaitForExitAsync(Cancel);
        Assert.Equal(0, process.ExitCode);
    }
}
