using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Pilothouse.Builds.AgentServers;
using Pilothouse.Builds.Artifacts;
using Pilothouse.Builds.Projects;
using Pilothouse.Builds.Sandbox;
using Pilothouse.Builds.Sources;
using Pilothouse.Core.Blobs;
using Pilothouse.Core.Builds;

namespace Pilothouse.Builds;

/// <summary>Builds on this machine: unpack, read, install, name by content, move into place.</summary>
internal sealed class LocalBuildEngine(
    IEnumerable<IAgentServer> agentServers, BuildPlaces places, ProjectSandboxes sandboxes, IOptions<BuildsOptions> options, TimeProvider time, ILogger<LocalBuildEngine> logger)
    : IBuildEngine
{
    private static readonly ActivitySource s_spans = new("Pilothouse.Builds");

    private readonly Dictionary<AgentServerKind, IAgentServer> _agentServers = agentServers.ToDictionary(server => server.Kind);

    public async Task<BuildOutcome> BuildAsync(BuildRequest request, IBuildLog log, CancellationToken cancellationToken)
    {
        using var scope = logger.RevisionScope(request.Deployment, request.Revision);
        try
        {
            var key = InputKey.Of(request, sandboxes.Sources.Fingerprint);
            if (await FindBuiltAsync(key, log, cancellationToken) is { } there) return there;

            await places.Builds.SweepAsync(cancellationToken);
            await using var directory = await places.Builds.OpenAsync(key, cancellationToken);
            // The one who held the directory may have built it.
            if (await FindBuiltAsync(key, log, cancellationToken) is { } meanwhile) return meanwhile;

            var started = time.GetTimestamp();
            var outcome = await BuildAsync(request, key, directory, log, cancellationToken);
            if (outcome is BuildOutcome.Built { Artifact: var artifact }) logger.Built(artifact.Digest, time.GetElapsedTime(started));
            return outcome;
        }
        catch (BucketUnavailableException away)
        {
            throw new BuildUnavailableException($"{away.Message} The artifact of revision {request.Revision} cannot be shared.", away);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BuildUnavailableException($"Revision {request.Revision} could not be built, because this machine's disk failed; look at the space and permissions of {options.Value.DataDirectory}.", exception);
        }
    }

    private async Task<BuildOutcome> BuildAsync(BuildRequest request, string key, BuildDirectory directory, IBuildLog log, CancellationToken cancellationToken)
    {
        await using var watch = new BuildWatch(options.Value, key, directory.Root, time, cancellationToken);
        try
        {
            var (server, project, refused) = await InSpanAsync(
                "unpack and check source", () => Task.Run(() => Prepare(request, directory, log, watch.Token), watch.Token));
            if (server is null || project is null) return Refused(refused, log);

            var run = await sandboxes.OpenAsync(request.Workspace, directory, watch, log, cancellationToken);
            var built = await InSpanAsync($"install {server.Kind} project", () => server.BuildAsync(project, run, log, watch.Token));
            if (built is not AgentServerBuild.Ready ready) return Refused([((AgentServerBuild.Refused)built).Message], log);

            var (artifact, fault) = await InSpanAsync("store artifact", () => Task.Run(
                () => places.Artifacts.Add(directory.Artifact, ready.Launch, ready.ServerName, log, watch.Token), watch.Token));
            if (artifact is null) return Refused([fault], log);
            var entry = new IndexEntry(artifact.Digest, server.Kind, server.Fingerprint, ready.ServerName);
            await places.Index.PutAsync(key, entry, watch.Token);
            if (places.Bucket is { } bucket) await InSpanAsync("share artifact", () => ShareAsync(bucket, key, entry, watch.Token));
            return new BuildOutcome.Built(artifact, WasThere: false);
        }
        catch (OperationCanceledException) when (watch.Breach is not null && !cancellationToken.IsCancellationRequested)
        {
            return Refused([watch.Breach], log);
        }
    }

    /// <summary>A part of the build that is under way, in its trace.</summary>
    private static async Task<T> InSpanAsync<T>(string name, Func<Task<T>> part)
    {
        using var span = s_spans.StartActivity(name);
        return await part();
    }

    /// <summary>All that can be refused before anything is installed.</summary>
    private (IAgentServer? Server, AgentProject? Project, IReadOnlyList<string> Refused) Prepare(
        BuildRequest request, BuildDirectory directory, IBuildLog log, CancellationToken cancellationToken)
    {
        if (request.Source is not BuildSource.Tarball tarball) throw new UnreachableException();
        var unpacked = SourceArchive.Unpack(tarball, directory.Source, SourceLimits.Of(options.Value), cancellationToken);
        if (unpacked is not Unpacked.Done done) return (null, null, [((Unpacked.Refused)unpacked).Message]);

        var reading = ProjectReading.Of(directory.Source, request);
        var leftOut = done.LeftOut.Select(SourcePath.Shown).ToList();
        if (reading.EnvFile is { } file)
        {
            leftOut.Add(Path.GetRelativePath(directory.Source, file));
            File.Delete(file);
        }

        log.Write("INFO", $"Source: {done.Files} files, {(done.Bytes + 1023) / 1024} KiB.");
        if (leftOut.Count > 0) log.Write("INFO", $"Left out: {string.Join(", ", leftOut)}. Values for running come as secrets of the deployment.");
        foreach (var warning in reading.Warnings) log.Write("WARNING", warning);

        var faults = new List<string>(reading.Faults);
        if (reading.Project is null || reading.Kind is not { } kind) return (null, null, faults);
        if (!_agentServers.TryGetValue(kind, out var server)) return (null, null, [.. faults, $"This Pilothouse has no agent server for {kind} projects."]);

        // Of one key one sentence is enough, and ours came first.
        faults.AddRange(server.Faults(reading.Project).Where(fault => !reading.Faults.Any(ours => IsOfSameKey(ours, fault))));
        return faults.Count > 0 ? (null, null, faults) : (server, reading.Project, []);
    }

    private static async Task<bool> ShareAsync(ArtifactBucket bucket, string key, IndexEntry entry, CancellationToken cancellationToken)
    {
        await bucket.ShareAsync(key, entry, cancellationToken);
        return true;
    }

    private async Task<BuildOutcome.Built?> FindBuiltAsync(string key, IBuildLog log, CancellationToken cancellationToken)
    {
        if (FindHere(key, log) is { } here)
        {
            if (places.Bucket is { } bucket) await bucket.ShareAsync(key, places.Index.Find(key)!, cancellationToken);
            return here;
        }

        // Somebody else may have built it.
        if (places.Bucket is not { } shared || await shared.FindAsync(key, cancellationToken) is not { } entry) return null;
        if (!places.Artifacts.Has(entry.Digest) && !await shared.FetchAsync(entry.Digest, cancellationToken)) return null;
        await places.Index.PutAsync(key, entry, cancellationToken);
        return FindHere(key, log);
    }

    private BuildOutcome.Built? FindHere(string key, IBuildLog log)
    {
        if (places.Index.Find(key) is not { } entry
            || !_agentServers.TryGetValue(entry.AgentServer, out var server)
            || !string.Equals(server.Fingerprint, entry.Fingerprint, StringComparison.Ordinal)
            || places.Artifacts.Find(entry.Digest, entry.ServerVersion) is not { } artifact
            || !places.HasPrograms(artifact.Launch)) return null;

        log.Write("INFO", $"This source was built before with the same configuration: artifact {artifact.Digest[..12]}. Nothing is installed.");
        return new BuildOutcome.Built(artifact, WasThere: true);
    }

    private static BuildOutcome.Refused Refused(IReadOnlyList<string> faults, IBuildLog log)
    {
        foreach (var fault in faults) log.Write("ERROR", fault);
        return new BuildOutcome.Refused(string.Join(' ', faults));
    }

    /// <summary><c>langgraph.json: graphs.agent points to …</c> and <c>langgraph.json: graphs.agent is …</c></summary>
    private static bool IsOfSameKey(string one, string other) =>
        one.Contains(": ", StringComparison.Ordinal) && string.Equals(Key(one), Key(other), StringComparison.Ordinal);

    private static string Key(string fault) => string.Join(' ', fault.Split(' ', 3).Take(2));
}
