using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Client.Listeners;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Revisions;
using Pilothouse.Testing.Builds;

namespace Pilothouse.Control.Tests.Listeners.Remote;

/// <summary>A control plane, and a listener that reaches it over a socket, with a key of its own.</summary>
internal sealed class RemoteWorld : IAsyncDisposable
{
    private RemoteWorld(ControlWorld control, Api api, Guid listener, string key)
    {
        (Control, Api, Listener, Key) = (control, api, listener, key);
        Connection = Connect(key);
    }

    public ControlWorld Control { get; }

    /// <summary>The workspace's administrator.</summary>
    public Api Api { get; }

    public Guid Listener { get; }

    /// <summary>Of the listener.</summary>
    public string Key { get; private set; }

    public Guid KeyId { get; private set; }

    /// <summary>It leads.</summary>
    public ListenerConnection Connection { get; }

    public static async Task<RemoteWorld> StartAsync(string computeId = "lab", TimeProvider? clock = null)
    {
        var control = await ControlWorld.StartAsync(services: services =>
        {
            if (clock is not null) services.AddSingleton(clock);
        });
        var workspace = await control.Host.WorkspaceAsync();
        var api = new Api(control.Host, control.Host.Client(await control.Host.AddKeyAsync(workspace.Value)), workspace);
        var listener = Guid.Parse((await api.PostAsync("/v2/listeners", Process(computeId))).Expect(HttpStatusCode.Created).Id);
        var made = (await api.PostAsync($"/v2/listeners/{listener}/keys", """{"name":"lab"}""")).Expect(HttpStatusCode.Created);
        var world = new RemoteWorld(control, api, listener, made.Text_("key")!) { KeyId = Guid.Parse(made.Id) };
        await LeadAsync(world.Connection);
        return world;
    }

    public static string Process(string computeId) => $$$"""{"compute_type":"process","compute_id":"{{{computeId}}}","compute_config":{}}""";

    public ListenerConnection Connect(string key, Guid? listener = null) => new(
        new ListenerConnectionOptions { Address = Control.Host.Address, Listener = listener ?? Listener, Key = () => key },
        ControlPlaneHandler.Create(caFile: null));

    public static Task<LeadAnswer> LeadAsync(ListenerConnection connection, Guid? instance = null, string? gateway = "http://agents.corp") => connection.LeadAsync(
        new LeadRequest { Protocol = 1, InstanceId = instance ?? Guid.NewGuid(), Version = "9.9", GatewayUrl = gateway }, ControlHost.Cancel);

    /// <summary>A deployment of the listener with a first revision that is to be brought up.</summary>
    public async Task<Guid> WantAsync(Guid? listener = null)
    {
        var deployment = await Control.DeploymentAsync(listener: listener ?? Listener);
        await WantNextAsync(deployment);
        return deployment;
    }

    public async Task<Guid> WantNextAsync(Guid deployment)
    {
        var revision = await Control.AddRevisionAsync(deployment, row =>
        {
            row.Status = RevisionStatus.AwaitingDeploy;
            row.ArtifactDigest = new string('0', 64);
            row.LaunchSpec = LaunchSpecJson.Write(FakeBuildEngine.Launch);
        });
        await Control.RaiseAsync(revision);
        return revision;
    }

    public async ValueTask DisposeAsync()
    {
        Connection.Dispose();
        await Control.DisposeAsync();
    }
}
