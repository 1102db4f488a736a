using Pilothouse.Bench.Apis;
using Pilothouse.Bench.Deploying;
using Pilothouse.Client;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Logs;

namespace Pilothouse.Bench.Busy;

/// <summary>
/// T28: how long callers of the API wait while a build takes all processors, all the memory that it may have, or the whole disk, against the same
/// server without a build. Rounds alternate.
/// </summary>
internal static class BusyBench
{
    private const int Rounds = 5;
    private const int Deployments = 100;

    private static readonly TimeSpan s_round = TimeSpan.FromSeconds(6);

    private static readonly (string What, string Command)[] s_builds =
    [
        ("all processors", "node eat.cjs processors"), ("all its memory", "node eat.cjs memory"), ("the disk", "node eat.cjs disk"),
    ];

    /// <summary>Each says when it has begun, and goes on until it is ended.</summary>
    private const string Eat =
        """
        const { Worker, isMainThread } = require('node:worker_threads');
        const { spawn } = require('node:child_process');
        const fs = require('node:fs');
        const what = process.argv[2];
        if (what === 'processors') {
          for (let one = 0; one < 16; one++) spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
        } else if (what === 'memory') {
          const kept = [];
          setInterval(() => { if (kept.length > 48) kept.length = 0; kept.push(Buffer.alloc(64 << 20, 1)); }, 20);
        } else {
          const block = Buffer.alloc(8 << 20, 1);
          const file = fs.openSync(process.env.HOME + '/full', 'w');
          (function fill(at) { fs.writeSync(file, block, 0, block.length, (at % 400) * block.length); if (at % 8 === 0) fs.fsyncSync(file); setImmediate(fill, at + 1); })(0);
        }
        console.log('eating ' + what);
        setInterval(() => {}, 1000);
        """;

    public static async Task RunAsync()
    {
        await using var server = await OurServer.StartAsync();
        var ids = SeededDatabase.Fill(server.DatabaseFile, (await server.CreateAsync("seeded-0")).Id, Deployments);
        var eater = (await server.CreateAsync("eater")).Id;
        var files = Places.Sample("echo-js", 0).ToDictionary(StringComparer.Ordinal);
        files["eat.cjs"] = Eat;
        using var calls = new SteadyCalls(server.Address, server.Key, ids);
        await calls.RunAsync(s_round);

        foreach (var (what, command) in s_builds)
        {
            var (idle, busy) = (new List<CallTimes>(), new List<CallTimes>());
            for (var round = 0; round < Rounds; round++)
            {
                idle.Add(await calls.RunAsync(s_round));
                var revision = await BeginAsync(server, eater, OurServer.Tarball(files), command);
                busy.Add(await calls.RunAsync(s_round));
                await server.Client.InterruptAsync(eater, revision);
                await UntilAsync(server.Client, eater, revision, status => status == "INTERRUPTED");
            }

            Print(what, "reads", busy, idle, one => one.Reads);
            Print(what, "changes", busy, idle, one => one.Writes);
        }
    }

    private static void Print(string what, string kind, List<CallTimes> busy, List<CallTimes> idle, Func<CallTimes, IReadOnlyList<double>> of) => Numbers.Print(
        $"p99 of {kind} while a build takes {what}", [.. busy.Select(round => P99(of(round)))], "without a build", [.. idle.Select(round => P99(of(round)))], "ms", "<= 2");

    private static double P99(IReadOnlyList<double> times) => times.Order().ElementAt((int)(times.Count * 0.99));

    private static async Task<Guid> BeginAsync(OurServer server, Guid deployment, byte[] tarball, string command)
    {
        var upload = await server.Client.CreateUploadUrlAsync(deployment);
        using var stream = new MemoryStream(tarball);
        await server.Client.UploadAsync(upload, stream);
        var patched = await server.Client.PatchDeploymentAsync(deployment, new DeploymentPatch
        {
            RevisionSource = "internal_source",
            SourceConfig = new SourceConfig { InstallCommand = command },
            SourceRevisionConfig = new SourceRevisionConfig { SourceTarballPath = upload.ObjectPath, LanggraphConfigPath = "langgraph.json" },
        });
        var revision = patched.LatestRevisionId!.Value;
        while (true)
        {
            var lines = (await server.Client.BuildLogsAsync(deployment, revision, new LogQuery { Order = "desc", Limit = 20 })).Logs.Select(line => line.Message).ToList();
            if (lines.Exists(line => line.StartsWith("eating", StringComparison.Ordinal))) return revision;
            if ((await server.Client.GetRevisionAsync(deployment, revision)).Status.EndsWith("FAILED", StringComparison.Ordinal))
                throw new InvalidOperationException(string.Join('\n', lines));
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    private static async Task UntilAsync(PilothouseClient client, Guid deployment, Guid revision, Func<string, bool> isThere)
    {
        while (!isThere((await client.GetRevisionAsync(deployment, revision)).Status)) await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
    }
}
