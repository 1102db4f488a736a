using System.Net;
using System.Text;
using Pilothouse.Core;
using Pilothouse.Core.Runtimes;
using Pilothouse.Testing.Runtimes;

namespace Pilothouse.Listener.Tests.World;

/// <summary>
/// What agent servers do beyond running: they keep threads in a file of their state folder, and say which runs are under way.
/// </summary>
internal sealed class FakeAgents : HttpMessageHandler
{
    private const string ThreadsFile = "threads.txt";

    /// <summary>Set for each process of the listener.</summary>
    public FakeRuntime? Runtime { get; set; }

    /// <summary>Runs under way by revision.</summary>
    public Dictionary<RevisionId, HashSet<string>> Runs { get; } = [];

    /// <summary>The busy probe answers 500.</summary>
    public bool IsProbeBroken { get; set; }

    /// <summary>What a revision, by its number, does to the real state whenever it starts on it, e.g. damage it.</summary>
    public Dictionary<string, Action<string>> OnFirstTouch { get; } = new(StringComparer.Ordinal);

    /// <summary>From SIGTERM to the end of a process.</summary>
    public TimeSpan StopTakes { get; set; }

    /// <summary>Called before a replica stops.</summary>
    public Action<ReplicaName> OnStop { get; set; } = _ => { };

    /// <summary>Which revisions ran on the real state, in order.</summary>
    public List<RevisionId> RealStarts { get; } = [];

    public static IReadOnlyList<string> Threads(string stateDirectory)
    {
        var file = Path.Combine(stateDirectory, ThreadsFile);
        return File.Exists(file) ? File.ReadAllLines(file) : [];
    }

    public static void AddThread(string stateDirectory, string thread) => File.AppendAllText(Path.Combine(stateDirectory, ThreadsFile), thread + "\n");

    public Task StartedAsync(ReplicaSpec spec)
    {
        Directory.CreateDirectory(spec.StateDirectory);
        if (spec.IsScratch) return Task.CompletedTask;
        RealStarts.Add(spec.Revision);
        if (OnFirstTouch.TryGetValue(spec.Launch.Arguments[1], out var touch)) touch(spec.StateDirectory);
        return Task.CompletedTask;
    }

    public async Task StopAsync(ReplicaName name, TimeProvider time)
    {
        OnStop(name);
        if (StopTakes > TimeSpan.Zero) await Task.Delay(StopTakes, time);
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var replica = Runtime?.List().FirstOrDefault(replica =>
            replica.Endpoint is { } endpoint && endpoint.Port == request.RequestUri!.Port);
        if (replica is null) throw new HttpRequestException("Connection refused.");
        if (IsProbeBroken) return Task.FromResult(new HttpResponseMessage(HttpStatusCode.InternalServerError));
        var ids = Runs.TryGetValue(replica.Revision, out var runs) ? runs : [];
        var body = $$"""{"busy":[{{string.Join(',', ids.Select(id => $"\"{id}\""))}}]}""";
        return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(body, Encoding.UTF8, "application/json") });
    }
}
