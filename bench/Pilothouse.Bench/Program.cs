using Pilothouse.Bench.Apis;
using Pilothouse.Bench.Busy;
using Pilothouse.Bench.Deploying;
using Pilothouse.Bench.Gateways;
using Pilothouse.Bench.Listeners;
using Pilothouse.Bench.Scale;

// What benchmarks start of themselves, to be held to a core of its own.
if (args is ["gateway-under-test", var port, var upstream])
{
    await GatewayUnderTest.RunAsync(int.Parse(port), upstream);
    return 0;
}

if (args is ["api-under-test", var apiPort, var database, var workspace])
{
    await BareApi.RunAsync(int.Parse(apiPort), database, Guid.Parse(workspace));
    return 0;
}

var benches = new Dictionary<string, Func<Task>>(StringComparer.Ordinal)
{
    ["deploy"] = DeployBench.RunAsync,
    ["redeploy"] = DeployBench.RedeployAsync,
    ["gateway"] = GatewayBench.RunAsync,
    ["api"] = ApiBench.RunAsync,
    ["scale"] = ScaleBench.RunAsync,
    ["busy"] = BusyBench.RunAsync,
    ["news"] = NewsBench.RunAsync,
    ["listeners"] = ListenersBench.RunAsync,
};
// `redeploy` is a part of `deploy`.
var asked = args.Length == 0 ? [.. benches.Keys.Where(name => name != "redeploy")] : args;
foreach (var name in asked)
{
    if (!benches.TryGetValue(name, out var run))
    {
        Console.Error.WriteLine($"There is no benchmark '{name}'; there are: {string.Join(' ', benches.Keys)}.");
        return 2;
    }

    Console.WriteLine($"== {name}: ./dev bench {name}");
    await run();
}

return 0;
