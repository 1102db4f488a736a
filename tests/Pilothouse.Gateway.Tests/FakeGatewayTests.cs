using Pilothouse.Core;
using Pilothouse.Core.Routing;
using Pilothouse.Testing.Routing;

namespace Pilothouse.Gateway.Tests;

/// <summary>The fake that others test with is held to what the real one does.</summary>
public sealed class FakeGatewayTests : GatewayContractTests
{
    private readonly WorkspaceId _workspace = WorkspaceId.New();
    private readonly FakeGateway _gateway;
    private int _port = 20_000;

    public FakeGatewayTests() => _gateway = new FakeGateway(Time);

    protected override IGateway Gateway => _gateway;

    protected override Task<Route> RouteAsync(DeploymentId deployment, string label, int replicas) => Task.FromResult(new Route(
        _workspace, deployment, label, RevisionId.New(),
        [.. Enumerable.Range(0, replicas).Select(_ => new Uri($"http://127.0.0.1:{++_port}"))], RequiresKey: false));

    protected override Task<IContractCall> CallAsync(DeploymentId deployment, string label) =>
        Task.FromResult<IContractCall>(_gateway.Call(deployment));

    protected override Task EndAsync(IContractCall call)
    {
        _gateway.End((FakeCall)call);
        return Task.CompletedTask;
    }
}
