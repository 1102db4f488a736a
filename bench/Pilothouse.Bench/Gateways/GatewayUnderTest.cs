using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pilothouse.Core;
using Pilothouse.Core.Routing;
using Pilothouse.Gateway;

namespace Pilothouse.Bench.Gateways;

/// <summary>The gateway alone in a process of its own, with one route; keys are hashed and compared as the control plane does it.</summary>
internal static class GatewayUnderTest
{
    public const string Key = "lsv2_sk_0123456789abcdef0123456789abcdef";
    public const string Path = "/lgp/bench/";

    public static async Task RunAsync(int port, string upstream)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.WebHost.UseGatewaySockets();
        builder.Services.AddGateway(builder.Configuration);
        builder.Services.AddSingleton<ICallerCheck, HashedKey>();
        await using var app = builder.Build();
        app.UseGateway();
        app.Services.GetRequiredService<IGateway>().Publish(
            new Route(WorkspaceId.New(), DeploymentId.New(), "bench", RevisionId.New(), [new Uri(upstream)], RequiresKey: true));
        await app.RunAsync();
    }

    private sealed class HashedKey : ICallerCheck
    {
        private readonly byte[] _hash = SHA256.HashData(Encoding.UTF8.GetBytes(Key));

        public ValueTask<bool> MayCallAsync(WorkspaceId workspace, string? apiKey, CancellationToken cancellationToken) =>
            new(apiKey is not null && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(apiKey)), _hash));
    }
}
