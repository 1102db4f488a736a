using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;
using Pilothouse.Core.Builds;

namespace Pilothouse.Control.Listeners;

/// <summary>What goes out to a listener elsewhere: sealed, and only while its key is good.</summary>
/// <param name="packages">None where nothing is built.</param>
internal sealed class ServeListener(
    IDbContextFactory<PilothouseDb> databases, IListenerProtocol protocol, IEnumerable<IPackages> packages, AccessCaches caches, CallerAuthentication authentication)
{
    /// <summary>Long; ended at once when the key is revoked meanwhile.</summary>
    public async Task<IResult> PullAsync(HttpContext http, PullRequest request)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        var changed = NewSource();
        caches.Cleared += OnCleared;
        try
        {
            var pull = protocol.PullAsync(request, stop.Token);
            while (await Task.WhenAny(pull, changed.Task) != pull || changed.Task.IsCompleted)
            {
                changed = NewSource();
                if (await authentication.AuthenticateAsync(http, http.RequestAborted) is not { } refused) continue;
                await stop.CancelAsync();
                await ((Task)pull).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return refused;
            }

            return ApiResults.Json(Sealed(await pull, request.SealTo!), ApiJson.Default.PullAnswer);
        }
        finally
        {
            caches.Cleared -= OnCleared;
        }

        void OnCleared() => changed.TrySetResult();
    }

    /// <returns>Null when no deployment of the listener is made of it, or it has to be built again.</returns>
    public async Task<Package?> ArtifactAsync(Guid listener, string digest, CancellationToken cancellationToken)
    {
        await using (var db = await databases.CreateDbContextAsync(cancellationToken))
        {
            var served = db.Deployments.ServedBy(listener).Select(row => row.Id);
            if (!await db.Revisions.AnyAsync(row => row.ArtifactDigest == digest && served.Contains(row.DeploymentId), cancellationToken)) return null;
        }

        foreach (var one in packages)
            if (await one.ArtifactAsync(digest, cancellationToken) is { } package) return package;
        return null;
    }

    /// <returns>Null when the toolchain of this control plane has none.</returns>
    public async Task<Package?> ToolAsync(string name, CancellationToken cancellationToken)
    {
        foreach (var one in packages)
            if (await one.ToolAsync(name, cancellationToken) is { } package) return package;
        return null;
    }

    private static PullAnswer Sealed(PullAnswer answer, string sealTo)
    {
        if (answer.Deployments.Count == 0) return answer;
        var sealer = EnvironmentSeal.SealerFor(sealTo)!;
        return answer with
        {
            Deployments = [.. answer.Deployments.Select(one => one with { Active = Sealed(one.Active, sealer), Next = Sealed(one.Next, sealer) })],
        };
    }

    private static WantedRevision? Sealed(WantedRevision? revision, EnvironmentSealer sealer) => revision is null
        ? null
        : revision with { Environment = new Dictionary<string, string>(StringComparer.Ordinal), Sealed = sealer.Seal(revision.Environment, revision.Id) };

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
