using Microsoft.Extensions.Logging;
using Pilothouse.Core.Runtimes;

namespace Pilothouse.Runtimes.Process;

internal static partial class Log
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Replicas run as child processes; limits by {Limits}")]
    public static partial void RuntimeFound(this ILogger logger, string limits);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "setpriv (util-linux) was not found: replicas of a killed control plane go on until the next start ends them")]
    public static partial void DeathSignalMissing(this ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Ended {Count} processes that a killed control plane left running")]
    public static partial void LeftoversEnded(this ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "Replica {Replica} started as process {ProcessId} on port {Port}")]
    public static partial void ReplicaStarted(this ILogger logger, ReplicaName replica, int processId, int port);

    [LoggerMessage(Level = LogLevel.Information, Message = "Replica {Replica} is ready after {ReadyAfter}")]
    public static partial void ReplicaReady(this ILogger logger, ReplicaName replica, TimeSpan readyAfter);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Replica {Replica} is not ready within {ReadyLimit}; it is still watched")]
    public static partial void ReplicaLate(this ILogger logger, ReplicaName replica, TimeSpan readyLimit);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Replica {Replica} ended: {Reason}; it starts again in {Pause}")]
    public static partial void ReplicaEnded(this ILogger logger, ReplicaName replica, string reason, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Scratch replica {Replica} ended: {Reason}")]
    public static partial void ScratchEnded(this ILogger logger, ReplicaName replica, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Replica {Replica} found its port {Port} taken and starts again on another")]
    public static partial void PortTaken(this ILogger logger, ReplicaName replica, int port);

    [LoggerMessage(Level = LogLevel.Information, Message = "Replica {Replica} stopped")]
    public static partial void ReplicaStopped(this ILogger logger, ReplicaName replica);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Process {ProcessId} of replica {Replica} runs without its limits")]
    public static partial void Unlimited(this ILogger logger, ReplicaName replica, int processId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Processes of replica {Replica} cannot be killed: the kernel holds them")]
    public static partial void Unkillable(this ILogger logger, ReplicaName replica);

    [LoggerMessage(Level = LogLevel.Error, Message = "Supervision of replica {Replica} failed; its process was ended")]
    public static partial void SupervisionFailed(this ILogger logger, Exception exception, ReplicaName replica);

    [LoggerMessage(Level = LogLevel.Error, Message = "Processes of replica {Replica} outside its group cannot be looked for; the next start ends them")]
    public static partial void NotSearched(this ILogger logger, Exception exception, ReplicaName replica);

    [LoggerMessage(Level = LogLevel.Error, Message = "An observer of replica {Replica} failed")]
    public static partial void ObserverFailed(this ILogger logger, Exception exception, ReplicaName replica);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The record {Path} of an earlier control plane cannot be read; what it stands for is found by its environment")]
    public static partial void RecordUnreadable(this ILogger logger, Exception? exception, string path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Path} of an earlier control plane could not be removed; the next start tries again")]
    public static partial void LeftoverNotRemoved(this ILogger logger, Exception exception, string path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Path} of replica {Replica} could not be removed; the next start removes it")]
    public static partial void NotRemoved(this ILogger logger, Exception exception, ReplicaName replica, string path);
}
