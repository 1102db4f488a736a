using Xunit;

namespace Pilothouse.EndToEnd.World;

/// <summary>One server for all tests of a collection; each test makes deployments of its own.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    public RunningServer Server { get; private set; } = null!;

    public ControlPlane Control { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await RunningServer.StartAsync();
        Control = new ControlPlane(Server);
    }

    /// <summary>A name that no other test of the collection has.</summary>
    public static string Name(string stem) => $"{stem}-{Guid.NewGuid():N}"[..Math.Min(28, stem.Length + 9)];

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

[CollectionDefinition(Name)]
public sealed class SharedServer : ICollectionFixture<ServerFixture>
{
    public const string Name = "One server";
}
