using System.Security.Cryptography;
using System.Text;
using Pilothouse.Core.Builds;
using Pilothouse.Core.Launching;

namespace Pilothouse.Testing.Builds;

/// <summary>A build engine without builds: says what it is told to. All members may be called from several threads.</summary>
public sealed class FakeBuildEngine : IBuildEngine
{
    private readonly Lock _lock = new();
    private readonly List<BuildRequest> _requests = [];
    private int _running;

    /// <summary>What each build does; by default it succeeds with a digest that follows from its source.</summary>
    public Func<BuildRequest, IBuildLog, CancellationToken, Task<BuildOutcome>> Behaviour { get; set; } =
        (request, _, _) => Task.FromResult<BuildOutcome>(BuiltOf(request));

    /// <summary>Every call, in their order.</summary>
    public IReadOnlyList<BuildRequest> Requests
    {
        get
        {
            lock (_lock) return [.. _requests];
        }
    }

    /// <summary>The most builds that ran at one moment.</summary>
    public int MostAtOnce { get; private set; }

    public int Running
    {
        get
        {
            lock (_lock) return _running;
        }
    }

    public async Task<BuildOutcome> BuildAsync(BuildRequest request, IBuildLog log, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _requests.Add(request);
            _running++;
            MostAtOnce = Math.Max(MostAtOnce, _running);
        }

        try
        {
            return await Behaviour(request, log, cancellationToken);
        }
        finally
        {
            lock (_lock) _running--;
        }
    }

    public static BuildOutcome.Built BuiltOf(BuildRequest request, bool wasThere = false) =>
        Built($"{((BuildSource.Tarball)request.Source).Sha256} {request.ConfigPath}", wasThere);

    /// <param name="content">The digest follows from it.</param>
    public static BuildOutcome.Built Built(string content, bool wasThere = false) => new(
        new Artifact(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content))), Launch, "fake-server 1.0"), wasThere);

    /// <summary>As simple as one can be.</summary>
    public static LaunchSpec Launch { get; } = new()
    {
        Arguments = ["server", Placeholders.Port],
        WorkingDirectory = Placeholders.State,
        HealthPath = "/ok",
        State = StateLocation.Files,
    };
}
