namespace Pilothouse.Bench.Deploying;

/// <summary>From source to answer, against the same by hand in the same run, pair by pair.</summary>
internal static class DeployBench
{
    private const int Pairs = 5;
    private const int FirstPairs = 3;

    public static async Task RunAsync()
    {
        await using (var server = await OurServer.StartAsync())
        {
            // Brings the toolchain, and fills the caches of both sides.
            await server.DeployAsync((await server.CreateAsync("warm-js")).Id, OurServer.Tarball(Places.Sample("echo-js", 0)));
            await server.DeployAsync((await server.CreateAsync("warm-py")).Id, OurServer.Tarball(Places.Sample("echo-py", 0)));
            await ByHand.JavaScriptAsync(Places.Sample("echo-js", 0));
            await ByHand.PythonAsync(Places.Sample("echo-py", 0));

            await CompareAsync(server, "echo-js", files => ByHand.JavaScriptAsync(files), "JavaScript, toolchain there", "<= 0.8");
            await CompareAsync(server, "echo-py", ByHand.PythonAsync, "Python, toolchain there", "<= 0.5");
        }

        await RedeployAsync();
        await FirstAsync();
    }

    public static async Task RedeployAsync()
    {
        await UnchangedAsync("echo-js", LeanServer.JavaScriptAsync, "JavaScript");
        await UnchangedAsync("echo-py", LeanServer.PythonAsync, "Python");
    }

    private static async Task CompareAsync(
        OurServer server, string sample, Func<IReadOnlyDictionary<string, string>, Task<double>> byHand, string what, string aim)
    {
        var (ours, others) = (new List<double>(), new List<double>());
        for (var pair = 1; pair <= Pairs; pair++)
        {
            var files = Places.Sample(sample, pair);
            var deployment = await server.CreateAsync($"{sample}-{pair}");
            ours.Add(await server.DeployAsync(deployment.Id, OurServer.Tarball(files)));
            await server.Client.DeleteDeploymentAsync(deployment.Id);
            others.Add(await byHand(files));
        }

        Numbers.Print(what, ours, "by hand", others, "s", aim);
    }

    /// <summary>The same source again: nothing is built, callers are moved to a fresh replica.</summary>
    private static async Task UnchangedAsync(string sample, Func<IReadOnlyDictionary<string, string>, Task<LeanServer>> install, string what)
    {
        var files = Places.Sample(sample, 0);
        using var lean = await install(files);
        await lean.BootAsync();
        await using var server = await OurServer.StartAsync();
        var tarball = OurServer.Tarball(files);
        var deployment = await server.CreateAsync(sample);
        // The first redeploys compile our own code beside the boot; those after them are what people wait for all day.
        for (var warm = 0; warm < 3; warm++) await server.DeployAsync(deployment.Id, tarball);
        var (ours, leans, starts) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 1; round <= Pairs; round++)
        {
            ours.Add(await server.DeployAsync(deployment.Id, tarball));
            leans.Add(await lean.BootAsync());
            starts.Add(await OwnBoot.RunAsync(server.DataDirectory));
        }

        Numbers.Print($"{what}, redeploy of unchanged source", ours, "the server's lean boot", leans, "s", "<= 1.1");
        Numbers.Print($"{what}, redeploy of unchanged source", ours, "our replica's start alone", starts, "s", "none");
    }

    /// <summary>A host that has nothing: no toolchain, no package caches.</summary>
    private static async Task FirstAsync()
    {
        var (ours, others) = (new List<double>(), new List<double>());
        for (var pair = 1; pair <= FirstPairs; pair++)
        {
            var files = Places.Sample("echo-js", pair);
            var (ourCache, theirCache) = (Directory.CreateTempSubdirectory("pilothouse-cache-").FullName, Directory.CreateTempSubdirectory("pilothouse-npm-").FullName);
            await using (var server = await OurServer.StartAsync(ourCache))
                ours.Add(await server.DeployAsync((await server.CreateAsync("first")).Id, OurServer.Tarball(files)));
            others.Add(await ByHand.JavaScriptAsync(files, theirCache));
            Directory.Delete(ourCache, recursive: true);
            Directory.Delete(theirCache, recursive: true);
        }

        Numbers.Print("JavaScript, the very first on a host", ours, "by hand", others, "s", "<= 1.1");
    }
}
