using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Testing.Postgres;

namespace Pilothouse.Control.Tests.World;

/// <summary>A PostgreSQL database without a table in it, whatever engine the tests run on.</summary>
internal sealed class EmptyDatabase(PostgresServer server, string name, string more) : IAsyncDisposable
{
    /// <param name="on">Null: the server that the tests share.</param>
    /// <param name="more">Of its connections, e.g. <c>;Timeout=300</c>.</param>
    public static async Task<EmptyDatabase> CreateAsync(PostgresServer? on = null, string more = "")
    {
        var server = on ?? await PostgresServer.OneAsync();
        var name = $"e{Guid.NewGuid():N}";
        await server.CreateDatabaseAsync(name);
        return new EmptyDatabase(server, name, more);
    }

    /// <summary>A control plane on it, with a data directory of its own.</summary>
    public Task<ControlHost> StartAsync(string? masterKey = null, Action<IServiceCollection>? services = null) => ControlHost.StartAsync(
        settings: new() { ["Storage:Database"] = ConnectionString, ["Secrets:MasterKey"] = masterKey }, services: services);

    public string ConnectionString => server.ConnectionString(name) + more;

    public async ValueTask DisposeAsync() => await server.DropDatabaseAsync(name);
}
