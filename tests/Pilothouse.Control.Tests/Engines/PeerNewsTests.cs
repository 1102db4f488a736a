using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Core;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Control.Tests.Engines;

/// <summary>Two control planes on one PostgreSQL hear of each other; on either engine's run.</summary>
public sealed class PeerNewsTests
{
    private static CancellationToken Cancel => ControlHost.Cancel;

    [Fact]
    public async Task A_change_at_one_wakes_who_waits_at_the_other()
    {
        await using var pair = await PeerPair.StartAsync();
        var api = await Api.InNewWorkspaceAsync(pair.First);
        var heard = new HeardChanges(pair.Second);

        var made = await api.CreateExternalAsync();

        await heard.UntilAsync(new DeploymentId(Guid.Parse(made.Id)));
    }

    /// <summary>Time stands still at the other, so that what it remembers does not age.</summary>
    [Fact]
    public async Task A_key_that_is_revoked_at_one_is_refused_by_the_other()
    {
        await using var pair = await PeerPair.StartAsync(new FakeTimeProvider(TimeProvider.System.GetUtcNow()));
        var first = await Api.InNewWorkspaceAsync(pair.First);
        var key = (await first.PostAsync("/v2/access/keys", """{"name":"short-lived","role":"admin"}""")).Expect(HttpStatusCode.Created);
        using var second = pair.Second.Client(key.Text_("key"));
        Assert.Equal(HttpStatusCode.OK, (await second.GetAsync(new Uri("/v2/deployments", UriKind.Relative), Cancel)).StatusCode);

        (await first.DeleteAsync($"/v2/access/keys/{key.Id}")).Expect(HttpStatusCode.NoContent);

        await Eventually.ReadAsync(
            async () => (await second.GetAsync(new Uri("/v2/deployments", UriKind.Relative), Cancel)).StatusCode, status => status == HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_connection_that_is_cut_is_made_again()
    {
        await using var pair = await PeerPair.StartAsync();
        var before = await pair.ListenersAsync();
        await using (var cut = pair.Source.CreateCommand("SELECT count(pg_terminate_backend(pid)) FROM unnest($1) AS pid"))
        {
            cut.Parameters.AddWithValue(before);
            Assert.Equal(2L, await cut.ExecuteScalarAsync(Cancel));
        }

        // Those that were cut may still be listed; and who listens again is told of anything at all, which is not yet what is waited for here.
        await Eventually.ReadAsync(pair.ListenersAsync, now => now.Length == 2 && !now.Intersect(before).Any());
        var heard = new HeardChanges(pair.Second);
        var changed = DeploymentId.New();
        pair.First.Services.GetRequiredService<ControlSignals>().RevisionChanged(changed);

        await heard.UntilAsync(changed);
    }
}
