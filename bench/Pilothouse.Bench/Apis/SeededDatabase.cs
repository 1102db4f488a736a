using Microsoft.Data.Sqlite;

namespace Pilothouse.Bench.Apis;

/// <summary>The server's database, filled without it.</summary>
internal static class SeededDatabase
{
    /// <summary>As the server opens it.</summary>
    public const string Pragmas = "PRAGMA busy_timeout=15000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;";

    public const string Columns =
        """
        workspace_id, agent_id, agent_environment, source, source_config, source_revision_config, secret_names, secret_values, secret_references,
        tracked_packages, deployment_type, status, latest_revision_id, active_revision_id, image_version, listener_id, generation, changed_at,
        next_revision_number, updated_at
        """;

    public const string RevisionColumns =
        """
        workspace_id, source, source_revision_config, secret_values, status, status_reason, is_late, lease_fence, created_at, updated_at, deployment_type
        """;

    /// <summary>Copies of one deployment, a millisecond apart, in one transaction.</summary>
    /// <returns>Ids spread over all of them.</returns>
    public static IReadOnlyList<Guid> Fill(string database, Guid template, int count)
    {
        using var connection = Open(database);
        using var transaction = connection.BeginTransaction();
        using var insert = connection.CreateCommand();
        insert.CommandText =
            $"INSERT INTO deployments (id, name, created_at, {Columns}) SELECT $id, $name, created_at + $at, {Columns} FROM deployments WHERE id = $template";
        var (id, name, at) = (insert.Parameters.Add("$id", SqliteType.Text), insert.Parameters.Add("$name", SqliteType.Text), insert.Parameters.Add("$at", SqliteType.Integer));
        insert.Parameters.AddWithValue("$template", template);
        var ids = new List<Guid>();
        for (var number = 1; number < count; number++)
        {
            var one = Guid.NewGuid();
            (id.Value, name.Value, at.Value) = (one, $"seeded-{number}", number - count);
            insert.ExecuteNonQuery();
            if (count <= 1000 || number % (count / 1000) == 0) ids.Add(one);
        }

        transaction.Commit();
        using var analyze = connection.CreateCommand();
        analyze.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
        analyze.ExecuteNonQuery();
        return ids;
    }

    /// <summary>Of every deployment, copies of the template's revision, which has ended; the newest is the last one that was made.</summary>
    public static void FillRevisions(string database, Guid template, int each)
    {
        using var connection = Open(database);
        using var transaction = connection.BeginTransaction();
        var deployments = new List<Guid>();
        using (var list = connection.CreateCommand())
        {
            list.CommandText = "SELECT id FROM deployments";
            using var reader = list.ExecuteReader();
            while (reader.Read()) deployments.Add(reader.GetGuid(0));
        }

        using var insert = connection.CreateCommand();
        insert.CommandText =
            $"""
            INSERT INTO revisions (id, deployment_id, number, {RevisionColumns}) SELECT $id, $deployment, $number, {RevisionColumns}
            FROM revisions WHERE deployment_id = $template AND number = 1
            """;
        var (id, deployment, number) = (insert.Parameters.Add("$id", SqliteType.Text), insert.Parameters.Add("$deployment", SqliteType.Text), insert.Parameters.Add("$number", SqliteType.Integer));
        insert.Parameters.AddWithValue("$template", template);
        using var newest = connection.CreateCommand();
        newest.CommandText = "UPDATE deployments SET latest_revision_id = $id, next_revision_number = $next WHERE id = $deployment";
        var (latest, owner) = (newest.Parameters.Add("$id", SqliteType.Text), newest.Parameters.Add("$deployment", SqliteType.Text));
        newest.Parameters.AddWithValue("$next", each + 1);
        foreach (var one in deployments)
        {
            for (var at = one == template ? 2 : 1; at <= each; at++)
            {
                (id.Value, deployment.Value, number.Value) = (Guid.NewGuid(), one, at);
                insert.ExecuteNonQuery();
            }

            (latest.Value, owner.Value) = (id.Value, one);
            newest.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    /// <summary>While the server runs.</summary>
    public static void Copy(string database, string to)
    {
        using var connection = Open(database);
        using var copy = connection.CreateCommand();
        copy.CommandText = "VACUUM INTO $to";
        copy.Parameters.AddWithValue("$to", to);
        copy.ExecuteNonQuery();
    }

    public static SqliteConnection Open(string database)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = database, Pooling = false }.ToString());
        connection.Open();
        using var pragmas = connection.CreateCommand();
        pragmas.CommandText = Pragmas;
        pragmas.ExecuteNonQuery();
        return connection;
    }
}
