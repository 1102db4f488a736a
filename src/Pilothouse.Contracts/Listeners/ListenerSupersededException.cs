namespace Pilothouse.Contracts.Listeners;

/// <summary>Another instance of the listener leads by now; whoever gets this stops its agents, since they run elsewhere.</summary>
public sealed class ListenerSupersededException(string message) : Exception(message);
