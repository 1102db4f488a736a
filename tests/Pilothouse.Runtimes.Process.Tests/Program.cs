using Pilothouse.Runtimes.Process.Tests.World;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace Pilothouse.Runtimes.Process.Tests;

/// <summary>Runs the tests; with <see cref="ReplicaHost.Verb"/>, is a control plane of its own that one of them kills.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args) => args switch
    {
        [ReplicaHost.Verb, var replicas] => await ReplicaHost.RunAsync(replicas),
        _ when args.Any(argument => argument is "-automated" or "@@") => await ConsoleRunner.Run(args),
        _ => await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions),
    };
}
