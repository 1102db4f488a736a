using System.Text.Json;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Storage;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Revisions;

internal static class RevisionAnswer
{
    public static Revision Of(RevisionRow row) => new()
    {
        Id = row.Id,
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
        Status = row.Status.ToWire(),
        Source = row.Source,
        SourceRevisionConfig = ConfigOf(row),
    };

    public static SourceRevisionConfig ConfigOf(RevisionRow row) =>
        JsonSerializer.Deserialize(row.SourceRevisionConfig, ApiJson.Default.SourceRevisionConfig)!;
}
