using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Remote;

namespace Pilothouse.Server.Listening;

/// <summary>The runbook of <c>listener</c>.</summary>
internal static class ListenerProgram
{
    /// <summary>Another instance leads by now: whoever supervises this process starts a fresh one, which stands by.</summary>
    private const int Superseded = 3;

    /// <summary>0 after a clean stop, 1 when it could not start, 3 when another instance took over; the sentence is on standard error.</summary>
    public static async Task<int> RunAsync(ListenerFlags flags, CancellationToken cancellationToken)
    {
        string? urls = null;
        try
        {
            var configuration = new ConfigurationManager();
            configuration.AddListenerSettings(flags);
            urls = configuration["Urls"];
            var data = configuration["Data"]!;
            CreatePrivate(data);
            using var held = Take(data);
            var identity = await new Enrollment(Options(configuration), data, KeyOf(configuration)).RunAsync(cancellationToken);
            await using var app = ListenerHost.Build(configuration, identity);
            await app.StartAsync(cancellationToken);
            Announce(app, identity);
            await app.WaitForShutdownAsync(cancellationToken);
            return app.Services.GetRequiredService<IAgentsLease>().IsLost ? Superseded : 0;
        }
        catch (Exception refused) when (Sentence(refused, urls) is { } sentence)
        {
            await Console.Error.WriteLineAsync($"pilothouse-server: {sentence}");
            return 1;
        }
    }

    /// <exception cref="OptionsValidationException">Something is missing, or wrong.</exception>
    internal static ControlPlaneOptions Options(IConfiguration configuration)
    {
        var options = configuration.GetSection(ControlPlaneOptions.Section).Get<ControlPlaneOptions>() ?? new ControlPlaneOptions();
        var failures = ControlPlaneOptions.Faults(options);
        return failures.Count == 0 ? options : throw new OptionsValidationException(ControlPlaneOptions.Section, typeof(ControlPlaneOptions), failures);
    }

    internal static string KeyOf(IConfiguration configuration)
    {
        var options = Options(configuration);
        return options.Key ?? File.ReadAllText(options.KeyFile!).Trim();
    }

    private static void CreatePrivate(string directory)
    {
        if (Directory.Exists(directory)) return;
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(directory);
        else Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>One listener per data directory: a second one would end the first one's agents as left-overs. The kernel lets go when the process ends.</summary>
    private static FileStream Take(string directory)
    {
        try
        {
            return new FileStream(Path.Combine(directory, "pilothouse.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException taken)
        {
            throw new IOException($"The data directory '{directory}' is in use by another pilothouse: stop that one, or choose another directory with --data.", taken);
        }
    }

    private static void Announce(WebApplication app, ListenerIdentity identity)
    {
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Console.Out.WriteLine($"Pilothouse listener {identity.ListenerId} of {identity.ControlPlane}: agents answer at {app.Configuration["Gateway:PublicUrl"] ?? address}");
        Console.Out.Flush();
    }

    private static string? Sentence(Exception refused, string? urls) => refused switch
    {
        EnrollmentRefusedException or InvalidDataException => refused.Message,
        OptionsValidationException invalid => string.Join(" ", invalid.Failures),
        IOException { InnerException: AddressInUseException } => $"{urls} is in use by another program: stop that one, or choose another address with --urls.",
        System.Security.Cryptography.CryptographicException or UnauthorizedAccessException or IOException => refused.Message,
        _ => null,
    };
}
