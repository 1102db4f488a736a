namespace Pilothouse.Control.Backups;

/// <summary>A backup cannot be taken or used; the message is one sentence for the operator, and nothing was changed.</summary>
public sealed class BackupRefusedException(string message, Exception? inner = null) : Exception(message, inner);
