using System.Collections.Concurrent;
using System.Net;
using Pilothouse.Core;
using Pilothouse.Core.Routing;
using Pilothouse.Gateway.Tests.World;
using Pilothouse.Testing;
using Pilothouse.Testing.Routing;

namespace Pilothouse.Gateway.Tests;

/// <summary>The contract on real sockets: a call is a request, a replica is a server that answers when told.</summary>
public sealed class RealGatewayTests : GatewayContractTests
{
    private readonly ConcurrentDictionary<string, RealCall> _calls = new(StringComparer.Ordinal);
    private readonly List<Upstream> _upstreams = [];
    private GatewayHost? _host;

    private GatewayHost Host => _host ?? throw new InvalidOperationException("The test has not begun.");

    protected override IGateway Gateway => Host.Gateway;

    public override async ValueTask InitializeAsync() => _host = await GatewayHost.StartAtAsync(Time, ("Forwarding:RestartLimit", "00:00:00"));

    public override async ValueTask DisposeAsync()
    {
        foreach (var call in _calls.Values) call.Answer.TrySetResult();
        await Host.DisposeAsync();
        foreach (var upstream in _upstreams) await upstream.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override async Task<Route> RouteAsync(DeploymentId deployment, string label, int replicas)
    {
        var revision = RevisionId.New();
        var endpoints = new List<Uri>();
        for (var number = 0; number < replicas; number++)
        {
            var upstream = await Upstream.StartAsync(async http =>
            {
                var call = _calls[http.Request.Query["call"].ToString()];
                call.Revision = revision;
                call.State = FakeCallState.UnderWay;
                await call.Answer.Task;
            });
            _upstreams.Add(upstream);
            endpoints.Add(upstream.Address);
        }

        return new Route(Host.Workspace, deployment, label, revision, endpoints, RequiresKey: false);
    }

    protected override async Task<IContractCall> CallAsync(DeploymentId deployment, string label)
    {
        var id = Guid.NewGuid().ToString("N");
        var call = _calls[id] = new RealCall(deployment);
        var waited = Host.Waiting;
        call.Request = SendAsync(call, new Uri($"/lgp/{label}/?call={id}", UriKind.Relative));
        await Eventually.TrueAsync(() => call.State != FakeCallState.Held || Host.Waiting > waited);
        return call;
    }

    protected override async Task EndAsync(IContractCall call)
    {
        var real = (RealCall)call;
        var before = Gateway.UnderWay(real.Deployment).Count;
        real.Answer.TrySetResult();
        await real.Request;
        await Eventually.TrueAsync(() => Gateway.UnderWay(real.Deployment).Count < before);
    }

    private async Task SendAsync(RealCall call, Uri path)
    {
        using var client = Host.Client(key: null);
        using var answer = await client.GetAsync(path, GatewayHost.Cancel);
        call.State = answer.StatusCode switch
        {
            HttpStatusCode.OK => FakeCallState.Ended,
            HttpStatusCode.NotFound => FakeCallState.NotFound,
            HttpStatusCode.ServiceUnavailable => FakeCallState.Refused,
            _ => FakeCallState.Cut,
        };
    }

    private sealed class RealCall(DeploymentId deployment) : IContractCall
    {
        private volatile FakeCallState _state = FakeCallState.Held;

        public DeploymentId Deployment { get; } = deployment;

        public FakeCallState State
        {
            get => _state;
            set => _state = value;
        }

        public RevisionId? Revision { get; set; }
        public TaskCompletionSource Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public Task Request { get; set; } = Task.CompletedTask;
    }
}
