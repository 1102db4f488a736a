using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;

namespace Pilothouse.Bench.Apis;

/// <summary>The statements of the API's requests, on the same schema with the same settings; connections are pooled.</summary>
internal sealed class BareSql(string database, Guid workspace)
{
    private const string Columns =
        """
        id, workspace_id, name, source, source_config, source_revision_config, secret_names, secret_references, created_at, updated_at, status,
        latest_revision_id, active_revision_id, image_version
        """;

    private readonly string _connection = new SqliteConnectionStringBuilder { DataSource = database }.ToString();

    private readonly ConditionalWeakTable<object, object> _told = [];

    public SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connection);
        connection.Open();

        // Pooled ones keep what they were told.
        if (!_told.TryAdd(connection.Handle!, this)) return connection;
        using var pragmas = connection.CreateCommand();
        pragmas.CommandText = SeededDatabase.Pragmas;
        pragmas.ExecuteNonQuery();
        return connection;
    }

    public Deployment? Find(SqliteConnection connection, Guid id)
    {
        using var command = Command(connection, $"SELECT {Columns} FROM deployments WHERE id = $id AND workspace_id = $workspace", ("$id", id));
        using var reader = command.ExecuteReader();
        return reader.Read() ? Read(reader) : null;
    }

    public List<Deployment> List(SqliteConnection connection, int limit)
    {
        using var command = Command(
            connection,
            $"SELECT {Columns} FROM deployments WHERE workspace_id = $workspace AND status <> 'AwaitingDelete' ORDER BY created_at DESC, id DESC LIMIT $limit",
            ("$limit", limit));
        using var reader = command.ExecuteReader();
        var rows = new List<Deployment>();
        while (reader.Read()) rows.Add(Read(reader));
        return rows;
    }

    public bool IsTaken(SqliteConnection connection, string name)
    {
        using var command = Command(connection, "SELECT id FROM deployments WHERE workspace_id = $workspace AND name = $name", ("$name", name));
        return command.ExecuteScalar() is not null;
    }

    public Deployment Insert(SqliteConnection connection, DeploymentCreate wanted)
    {
        var now = DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
        var made = new Deployment
        {
            Id = Guid.CreateVersion7(now),
            TenantId = workspace,
            Name = wanted.Name!,
            Source = wanted.Source,
            SourceConfig = wanted.SourceConfig,
            SourceRevisionConfig = wanted.SourceRevisionConfig,
            Secrets = [],
            CreatedAt = now,
            UpdatedAt = now,
            Status = "READY",
            IsPreview = false,
        };
        using var command = Command(
            connection,
            """
            INSERT INTO deployments (id, workspace_id, name, source, source_config, source_revision_config, secret_names, secret_values, deployment_type,
              status, generation, changed_at, next_revision_number, created_at, updated_at)
            VALUES ($id, $workspace, $name, $source, $config, $revision, '[]', x'', $type, 'Ready', 0, 0, 1, $now, $now)
            """,
            ("$id", made.Id), ("$name", made.Name), ("$source", made.Source), ("$config", Write(made.SourceConfig)),
            ("$revision", JsonSerializer.Serialize(made.SourceRevisionConfig, ApiJson.Default.SourceRevisionConfig)),
            ("$type", (object?)made.SourceConfig.DeploymentType ?? DBNull.Value), ("$now", now.ToUnixTimeMilliseconds()));
        command.ExecuteNonQuery();
        return made with { SourceConfig = WithUrl(made.SourceConfig, made.Name) };
    }

    public void Update(SqliteConnection connection, Deployment patched)
    {
        using var command = Command(
            connection,
            "UPDATE deployments SET source_config = $config, updated_at = $now WHERE id = $id AND workspace_id = $workspace",
            ("$id", patched.Id), ("$config", Write(patched.SourceConfig)), ("$now", TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()));
        command.ExecuteNonQuery();
    }

    public void Tell(SqliteConnection connection, string operation, Guid deployment, int status)
    {
        using var command = Command(
            connection,
            """
            INSERT INTO audit (at, organization_id, workspace_id, actor_name, operation, resource_type, resource_id, outcome, status, request_id)
            VALUES ($at, $workspace, $workspace, 'bench', $operation, 'deployment', $id, 'succeeded', $status, 'bench')
            """,
            ("$at", TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()), ("$operation", operation), ("$id", deployment), ("$status", status));
        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(SqliteConnection connection, string text, params ReadOnlySpan<(string Name, object Value)> values)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        command.Parameters.AddWithValue("$workspace", workspace);
        foreach (var (name, value) in values) command.Parameters.AddWithValue(name, value);
        return command;
    }

    private static Deployment Read(SqliteDataReader reader)
    {
        var name = reader.GetString(2);
        return new Deployment
        {
            Id = reader.GetGuid(0),
            TenantId = reader.GetGuid(1),
            Name = name,
            Source = reader.GetString(3),
            SourceConfig = WithUrl(JsonSerializer.Deserialize(reader.GetString(4), ApiJson.Default.SourceConfig)!, name),
            SourceRevisionConfig = JsonSerializer.Deserialize(reader.GetString(5), ApiJson.Default.SourceRevisionConfig)!,
            Secrets = [.. JsonSerializer.Deserialize(reader.GetString(6), ApiJson.Default.IReadOnlyListString)!.Select(secret => new Secret(secret, "***"))],
            SecretReferences = reader.IsDBNull(7) ? null : JsonSerializer.Deserialize(reader.GetString(7), ApiJson.Default.IReadOnlyListSecretReference),
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(8)),
            UpdatedAt = DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(9)),
            Status = reader.GetString(10).ToUpperInvariant(),
            LatestRevisionId = reader.IsDBNull(11) ? null : reader.GetGuid(11),
            ActiveRevisionId = reader.IsDBNull(12) ? null : reader.GetGuid(12),
            ImageVersion = reader.IsDBNull(13) ? null : reader.GetString(13),
            IsPreview = false,
        };
    }

    private static SourceConfig WithUrl(SourceConfig config, string name) => config with { CustomUrl = config.CustomUrl ?? $"http://127.0.0.1/lgp/{name}" };

    private static string Write(SourceConfig config) => JsonSerializer.Serialize(config with { CustomUrl = null }, ApiJson.Default.SourceConfig);
}
