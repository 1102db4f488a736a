using Microsoft.Extensions.Options;
using Pilothouse.Blobs.S3;
using Pilothouse.Control;
using Pilothouse.Control.Backups;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;
using Pilothouse.Server.Serve;

namespace Pilothouse.Server.Backups;

/// <summary>The control plane's parts without anything that serves, for verbs that work on a store.</summary>
internal static class StoreProgram
{
    /// <param name="run">Gives the exit code.</param>
    /// <returns>1 when it was refused; the sentence is on standard error.</returns>
    public static async Task<int> RunAsync(ServeFlags flags, Func<IServiceProvider, Task<int>> run, Dictionary<string, string?>? settings = null)
    {
        try
        {
            var configuration = new ConfigurationBuilder().AddServeSettings(flags).AddInMemoryCollection(settings ?? []).Build();
            await using var services = new ServiceCollection().AddLogging().AddS3Bucket(configuration).AddControl(configuration).BuildServiceProvider();
            return await run(services);
        }
        catch (Exception refused) when (Sentence(refused) is { } sentence)
        {
            await Console.Error.WriteLineAsync($"pilothouse-server: {sentence}");
            return 1;
        }
    }

    public static ServeFlags Flags(string? data, string? database = null) => new(data, Urls: null, PublicUrl: null, Domain: null, database);

    private static string? Sentence(Exception refused) => refused switch
    {
        BackupRefusedException or MasterKeyException or DataDirectoryInUseException or DatabaseUnavailableException => refused.Message,
        OptionsValidationException invalid => string.Join(" ", invalid.Failures),
        UnauthorizedAccessException or IOException => refused.Message,
        _ => null,
    };
}
