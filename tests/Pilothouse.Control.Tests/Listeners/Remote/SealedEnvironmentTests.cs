using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing.Builds;
using Xunit;

namespace Pilothouse.Control.Tests.Listeners.Remote;

/// <summary>Secrets travel to the instance that asked, and nobody on the way reads them.</summary>
public sealed class SealedEnvironmentTests : IAsyncLifetime
{
    private const string Secret = "s3cret-that-nobody-reads";
    private RemoteWorld _world = null!;

    private static CancellationToken Cancel => ControlHost.Cancel;

    public async ValueTask InitializeAsync() => _world = await RemoteWorld.StartAsync();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Opened_by_the_listener_and_told_to_nobody_else()
    {
        await WantWithSecretAsync();
        using var client = _world.Control.Host.Client(_world.Key);
        using var pair = EnvironmentSeal.NewPair();
        var request = new PullRequest(_world.Listener, 0, 0) { Lease = _world.Connection.Lease, SealTo = EnvironmentSeal.PublicKeyOf(pair) };

        using var answer = await client.PostAsJsonAsync($"/v2/listeners/{_world.Listener}/protocol/pull", request, ApiJson.Default.PullRequest, Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        var opened = Assert.Single((await _world.Connection.PullAsync(new PullRequest(_world.Listener, 0, 0), Cancel)).Deployments).Next!;

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.DoesNotContain(Secret, text, StringComparison.Ordinal);
        Assert.DoesNotContain("TOKEN", text, StringComparison.Ordinal);
        Assert.Equal(Secret, opened.Environment["TOKEN"]);
        Assert.Null(opened.Sealed);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("not base64")]
    [InlineData("AAAA")]
    public async Task Nothing_is_told_to_who_shows_no_key_to_seal_to(string? sealTo)
    {
        await WantWithSecretAsync();
        using var client = _world.Control.Host.Client(_world.Key);
        var request = new PullRequest(_world.Listener, 0, 0) { Lease = _world.Connection.Lease, SealTo = sealTo };

        using var answer = await client.PostAsJsonAsync($"/v2/listeners/{_world.Listener}/protocol/pull", request, ApiJson.Default.PullRequest, Cancel);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Contains("seal_to", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public void Sealed_to_one_key_and_one_revision_and_noticed_when_changed()
    {
        using var pair = EnvironmentSeal.NewPair();
        using var other = EnvironmentSeal.NewPair();
        var revision = Guid.NewGuid();
        var box = EnvironmentSeal.SealerFor(EnvironmentSeal.PublicKeyOf(pair))!.Seal(new Dictionary<string, string> { ["A"] = "1" }, revision);
        var changed = Convert.FromBase64String(box.Ciphertext);
        changed[0] ^= 1;

        Assert.Equal("1", EnvironmentSeal.Open(pair, box, revision)["A"]);
        Assert.ThrowsAny<CryptographicException>(() => EnvironmentSeal.Open(other, box, revision));
        Assert.ThrowsAny<CryptographicException>(() => EnvironmentSeal.Open(pair, box, Guid.NewGuid()));
        Assert.ThrowsAny<CryptographicException>(() => EnvironmentSeal.Open(pair, box with { Ciphertext = Convert.ToBase64String(changed) }, revision));
        Assert.ThrowsAny<CryptographicException>(() => EnvironmentSeal.Open(pair, box with { Ciphertext = "" }, revision));
        Assert.ThrowsAny<CryptographicException>(() => EnvironmentSeal.Open(pair, box with { PublicKey = "AAAA" }, revision));
    }

    private async Task WantWithSecretAsync()
    {
        var deployment = await _world.Control.DeploymentAsync(listener: _world.Listener);
        var revision = await _world.Control.AddRevisionAsync(
            deployment,
            row => (row.Status, row.ArtifactDigest, row.LaunchSpec) = (RevisionStatus.AwaitingDeploy, new string('0', 64), LaunchSpecJson.Write(FakeBuildEngine.Launch)),
            new Dictionary<string, string> { ["TOKEN"] = Secret });
        await _world.Control.RaiseAsync(revision);
    }
}
