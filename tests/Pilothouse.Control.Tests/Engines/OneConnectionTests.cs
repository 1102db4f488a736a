using System.Net;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Control.Tests.World;
using Xunit;

namespace Pilothouse.Control.Tests.Engines;

/// <summary>
/// A request takes one connection of the pool at a time: where as many as the pool has hold one and wait for a second, all of them wait until the pool
/// gives up. With a pool of one it is the first that does.
/// </summary>
public sealed class OneConnectionTests
{
    [Fact]
    public async Task Secrets_of_a_workspace_whose_key_is_not_known_yet_are_sealed_while_every_connection_is_taken()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await using var host = await StartAsync(database, "one", masterKey: null);

        var creating = await Api.InNewWorkspaceAsync(host);
        var made = await creating.CreateExternalAsync("created", secrets: """[{"name":"KEY","value":"a value"}]""");

        // Another control plane that has not seen the workspace either.
        await using var other = await StartAsync(database, "other", $"file:{Path.Combine(host.Directory, "master-key")}");
        var changing = await Api.InNewWorkspaceAsync(host);
        var changed = await changing.CreateExternalAsync("changed");
        var elsewhere = new Api(other, other.Client(await host.AddKeyAsync(changing.Workspace.Value)), changing.Workspace);
        (await elsewhere.PatchAsync(changed.Id, """{"secrets":[{"name":"KEY","value":"another value"}]}""")).Expect(HttpStatusCode.OK);

        Assert.NotEqual(made.Id, changed.Id);
    }

    /// <param name="pool">One of its own: a pool is known by what its connections are called.</param>
    private static Task<ControlHost> StartAsync(EmptyDatabase database, string pool, string? masterKey) => ControlHost.StartAsync(new()
    {
        ["Storage:Database"] = $"{database.ConnectionString};Maximum Pool Size=1;Application Name={pool}",
        ["Secrets:MasterKey"] = masterKey,
        ["Peers:News"] = "false",
    });
}
