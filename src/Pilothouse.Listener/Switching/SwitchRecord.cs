using System.Text.Json.Serialization;
using Pilothouse.Contracts.Deployments;

namespace Pilothouse.Listener.Switching;

internal enum SwitchStage
{
    /// <summary>The old replica is being stopped; the state is its own.</summary>
    Stopping,

    /// <summary>The new replica may be writing the state; the copy is whole.</summary>
    Starting,

    /// <summary>Callers were let through to the new revision: the state is the new one's, and there is no way back.</summary>
    Released,
}

/// <summary>How far a held switch came. Written before what it names, so that a killed listener knows what may have happened.</summary>
/// <param name="Copy">Name of the copy of the state; null when there is none.</param>
/// <param name="Proof">Null until the callers were released, or when the listener was killed right then.</param>
internal sealed record SwitchRecord(
    Guid From, int FromNumber, Guid To, int ToNumber, SwitchStage Stage, string? Copy, DateTimeOffset At, SwitchProof? Proof)
{
    public bool IsUnfinished => Stage != SwitchStage.Released;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(SwitchRecord))]
internal sealed partial class SwitchJson : JsonSerializerContext;
