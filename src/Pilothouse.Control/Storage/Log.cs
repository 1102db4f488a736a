using Microsoft.Extensions.Logging;

namespace Pilothouse.Control.Storage;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Warning, "Writes that this control plane acknowledges may be lost, by the settings of its database: {Faults}. See docs/operations.md, PostgreSQL.")]
    public static partial void WritesMayBeLost(this ILogger logger, string faults);

    [LoggerMessage(LogLevel.Warning, "The store has the schema {Migration} of another version, which this one does not know: it goes on with what it knows, and leaves the schema as it is. See docs/operations.md, Upgrading and going back.")]
    public static partial void SchemaIsNewer(this ILogger logger, string migration);
}
