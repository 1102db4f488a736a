using Microsoft.Data.Sqlite;
using Pilothouse.Bench.Apis;
using Pilothouse.Bench.Deploying;
using Pilothouse.Core.Launching;

namespace Pilothouse.Bench.Listeners;

/// <summary>Deployments bound to listeners, with three deployed revisions each: seeded into the store, with the artifact of all of them beside it.</summary>
internal static class BoundDeployments
{
    private const string Columns =
        """
        workspace_id, source, source_config, source_revision_config, secret_names, secret_values, deployment_type, created_at, updated_at
        """;

    private const int RevisionsEach = 3;

    private static readonly string s_digest = new('0', 64);

    private static readonly string s_launch = LaunchSpecJson.Write(new LaunchSpec
    {
        Arguments = ["/bin/true", Placeholders.Port],
        WorkingDirectory = Placeholders.State,
        HealthPath = "/ok",
        State = StateLocation.Files,
    });

    /// <returns>In an order that is none of the listeners'.</returns>
    public static IReadOnlyList<Guid> Fill(OurServer server, Guid template, IReadOnlyList<Guid> listeners, int each)
    {
        Directory.CreateDirectory(Path.Combine(server.DataDirectory, "artifacts", s_digest));
        File.WriteAllText(Path.Combine(server.DataDirectory, "artifacts", s_digest, "launch.json"), s_launch);

        using var connection = SeededDatabase.Open(server.DatabaseFile);
        using var transaction = connection.BeginTransaction();
        using var deployment = connection.CreateCommand();
        deployment.CommandText =
            $"""
            INSERT INTO deployments (id, name, listener_id, active_revision_id, latest_revision_id, status, generation, changed_at, next_revision_number, {Columns})
            SELECT $id, $name, $listener, $revision, $revision, 'Ready', 1, $at, {RevisionsEach + 1}, {Columns} FROM deployments WHERE id = $template
            """;
        using var revision = connection.CreateCommand();
        revision.CommandText =
            """
            INSERT INTO revisions (id, deployment_id, number, status, artifact_digest, launch_spec, server_version, is_late, lease_fence,
              workspace_id, source, source_revision_config, secret_values, deployment_type, created_at, updated_at)
            SELECT $revision, $id, $number, 'Deployed', $digest, $launch, '1', 0, 0,
              workspace_id, source, source_revision_config, secret_values, deployment_type, created_at, updated_at
            FROM deployments WHERE id = $template
            """;
        revision.Parameters.AddWithValue("$digest", s_digest);
        revision.Parameters.AddWithValue("$launch", s_launch);
        var made = new List<Guid>();
        foreach (var listener in listeners)
        {
            for (var number = 0; number < each; number++)
            {
                var (id, newest) = (Guid.NewGuid(), Guid.Empty);
                for (var at = 1; at <= RevisionsEach; at++) Run(revision, ("$id", id), ("$revision", newest = Guid.NewGuid()), ("$number", at), ("$template", template));
                made.Add(id);
                Run(deployment, ("$id", id), ("$name", $"seeded-{made.Count}"), ("$listener", listener), ("$revision", newest), ("$at", made.Count), ("$template", template));
            }
        }

        using var counter = connection.CreateCommand();
        counter.CommandText = "INSERT INTO counters (name, value) VALUES ('changes', $last) ON CONFLICT (name) DO UPDATE SET value = counters.value + $last";
        Run(counter, ("$last", made.Count));
        transaction.Commit();
        return [.. made.Order()];
    }

    private static void Run(SqliteCommand command, params (string Name, object Value)[] values)
    {
        foreach (var (name, value) in values)
        {
            if (command.Parameters.Contains(name)) command.Parameters[name].Value = value;
            else command.Parameters.AddWithValue(name, value);
        }

        command.ExecuteNonQuery();
    }
}
