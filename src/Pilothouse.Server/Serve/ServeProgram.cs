using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using Pilothouse.Control;
using Pilothouse.Control.Access;
using Pilothouse.Control.Backups;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;
using Pilothouse.Core.Runtimes;

namespace Pilothouse.Server.Serve;

/// <summary>The runbook of <c>serve</c>.</summary>
internal static class ServeProgram
{
    /// <summary>Another control plane took the agents over: whoever supervises this process starts a fresh one.</summary>
    private const int Superseded = 3;

    /// <summary>0 after a clean stop, 1 when it could not start, 3 when another control plane took over its agents; the sentence is on standard error.</summary>
    public static async Task<int> RunAsync(ServeFlags flags, CancellationToken cancellationToken)
    {
        string? urls = null;
        try
        {
            await using var app = ServeHost.Build(flags);
            urls = app.Configuration["Urls"];
            var newKey = await app.Services.GetRequiredService<ControlStart>().PrepareAsync(cancellationToken);
            await app.StartAsync(cancellationToken);
            Announce(app, newKey);
            await app.WaitForShutdownAsync(cancellationToken);
            return app.Services.GetRequiredService<IAgentsLease>().IsLost ? Superseded : 0;
        }
        catch (Exception refused) when (Sentence(refused, urls) is { } sentence)
        {
            await Console.Error.WriteLineAsync($"pilothouse-server: {sentence}");
            return 1;
        }
    }

    /// <summary>The schema alone, ahead of <c>serve</c>; as it does, and with its exit codes.</summary>
    public static async Task<int> MigrateAsync(ServeFlags flags, CancellationToken cancellationToken)
    {
        await using var app = ServeHost.Build(flags);
        try
        {
            await app.Services.GetRequiredService<ControlStart>().MigrateAsync(cancellationToken);
            await Console.Error.WriteLineAsync("The store has every migration of this version.");
            return 0;
        }
        catch (Exception refused) when (Sentence(refused, app.Configuration["Urls"]) is { } sentence)
        {
            await Console.Error.WriteLineAsync($"pilothouse-server: {sentence}");
            return 1;
        }
    }

    private static void Announce(WebApplication app, string? newKey)
    {
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var directory = app.Services.GetRequiredService<DataDirectory>();
        if (newKey is not null)
            Console.Out.WriteLine($"Admin API key (shown once, kept in {directory.BootstrapKeyFile}): {newKey}");
        Console.Out.WriteLine($"Pilothouse serves at {address}");
        Console.Out.Flush();
    }

    /// <summary>Null: not something that an operator can mend, so it surfaces whole.</summary>
    private static string? Sentence(Exception refused, string? urls) => refused switch
    {
        MasterKeyException or BackupRefusedException or BootstrapKeyException or DataDirectoryInUseException or DatabaseUnavailableException => refused.Message,
        OptionsValidationException invalid => string.Join(" ", invalid.Failures),
        IOException { InnerException: AddressInUseException } =>
            $"{urls} is in use by another program: stop that one, or choose another address with --urls.",
        UnauthorizedAccessException or IOException => refused.Message,
        _ => null,
    };
}
