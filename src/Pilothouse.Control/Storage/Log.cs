using Microsoft.Extensions.Logging;

namespace Pilothouse.Control.Storage;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Warning, "Writes that this control plane acknowledges may be lost, by the settings of its database: {Faults}. See docs/operations.md, PostgreSQL.")]
    public static partial void WritesMayBeLost(this ILogger logger, string faults);
}
