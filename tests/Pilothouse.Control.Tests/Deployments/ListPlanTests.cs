using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Deployments;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core;
using Pilothouse.Core.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.Deployments;

/// <summary>How the database answers lists, as it tells itself.</summary>
public sealed class ListPlanTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static readonly string s_wholeTable = TestDatabase.IsPostgres ? "Seq Scan" : "SCAN";
    private static readonly string s_sorted = TestDatabase.IsPostgres ? "Sort" : "TEMP B-TREE";

    public static TheoryData<string> Filters => ["none", "status", "name_contains", "remote", "tags"];

    [Theory]
    [MemberData(nameof(Filters))]
    public async Task Lists_walk_the_index_in_order(string filter)
    {
        var query = filter switch
        {
            "status" => new DeploymentsQuery { Statuses = [DeploymentStatus.Ready, DeploymentStatus.Unused], Limit = 20, Offset = 0 },
            "name_contains" => new DeploymentsQuery { NameContains = "app", Limit = 20, Offset = 0 },
            "remote" => new DeploymentsQuery { IsRemote = false, Limit = 20, Offset = 0 },
            "tags" => new DeploymentsQuery { TagValues = [Guid.NewGuid()], Limit = 20, Offset = 0 },
            _ => new DeploymentsQuery { Limit = 20, Offset = 0 },
        };

        var plan = await fixture.Host.WithDbAsync(db => PlanAsync(db, ReadDeployments.Page(db, WorkspaceId.New(), query)));

        Assert.Matches("(?i)using (index )?ix_deployments_workspace_id_created_at_id_status", plan);
        Assert.DoesNotContain(s_wholeTable, plan, StringComparison.Ordinal);
        Assert.DoesNotContain(s_sorted, plan, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plan_without_an_index_is_told_as_such()
    {
        var plan = await fixture.Host.WithDbAsync(db => PlanAsync(db, db.Deployments.Where(row => row.ImageVersion == "1").OrderBy(row => row.UpdatedAt)));

        Assert.Contains(s_wholeTable, plan, StringComparison.Ordinal);
        Assert.Contains(s_sorted, plan, StringComparison.Ordinal);
    }

    private static async Task<string> PlanAsync(PilothouseDb db, IQueryable<DeploymentRow> rows)
    {
        await using var command = rows.CreateDbCommand();
        command.CommandText = $"EXPLAIN {(TestDatabase.IsPostgres ? "" : "QUERY PLAN ")}{command.CommandText}";
        await db.Database.OpenConnectionAsync(ControlHost.Cancel);

        // A table without rows is read whole by choice.
        if (TestDatabase.IsPostgres) await db.Database.ExecuteSqlRawAsync("SET enable_seqscan = off; SET enable_bitmapscan = off", ControlHost.Cancel);
        await using var reader = await command.ExecuteReaderAsync(ControlHost.Cancel);
        var lines = new List<string>();
        while (await reader.ReadAsync(ControlHost.Cancel)) lines.Add(reader.GetString(reader.FieldCount - 1));
        return string.Join('\n', lines);
    }
}
