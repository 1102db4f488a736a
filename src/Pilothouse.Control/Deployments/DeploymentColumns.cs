using System.Data.Common;
using Pilothouse.Control.Storage;
using Pilothouse.Core.Deployments;

namespace Pilothouse.Control.Deployments;

/// <summary>A whole deployment by hand-written SQL.</summary>
internal static class DeploymentColumns
{
    public const string Names =
        """
        id, workspace_id, name, agent_id, agent_environment, source, source_config, source_revision_config, secret_names, secret_values,
        secret_references, tracked_packages, deployment_type, status, latest_revision_id, active_revision_id, image_version, listener_id, generation,
        changed_at, next_revision_number, created_at, updated_at, gateway_url
        """;

    /// <summary>In the order of <see cref="Names"/>.</summary>
    public static DeploymentRow Read(PilothouseDb db, DbDataReader reader) => new()
    {
        Id = reader.GetGuid(0),
        WorkspaceId = reader.GetGuid(1),
        Name = reader.GetString(2),
        AgentId = Text(reader, 3),
        AgentEnvironment = Text(reader, 4),
        Source = reader.GetString(5),
        SourceConfig = reader.GetString(6),
        SourceRevisionConfig = reader.GetString(7),
        SecretNames = reader.GetString(8),
        SecretValues = reader.GetFieldValue<byte[]>(9),
        SecretReferences = Text(reader, 10),
        TrackedPackages = Text(reader, 11),
        DeploymentType = Text(reader, 12),
        Status = Enum.Parse<DeploymentStatus>(reader.GetString(13)),
        LatestRevisionId = Id(reader, 14),
        ActiveRevisionId = Id(reader, 15),
        ImageVersion = Text(reader, 16),
        ListenerId = Id(reader, 17),
        Generation = reader.GetInt64(18),
        ChangedAt = reader.GetInt64(19),
        NextRevisionNumber = reader.GetInt32(20),
        CreatedAt = db.TimeAt(reader, 21),
        UpdatedAt = db.TimeAt(reader, 22),
        GatewayUrl = Text(reader, 23),
    };

    private static string? Text(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static Guid? Id(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetGuid(column);
}
