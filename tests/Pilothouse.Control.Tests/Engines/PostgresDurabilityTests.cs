using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Storage;
using Pilothouse.Control.Tests.World;
using Xunit;

namespace Pilothouse.Control.Tests.Engines;

/// <summary>Which settings of PostgreSQL lose acknowledged writes.</summary>
public sealed class PostgresDurabilityTests
{
    private static readonly DurabilitySettings s_good = new("on", "on", "on", "", Standbys: 0);

    public static TheoryData<string, string, string, string, int, string> Settings => new()
    {
        { "on", "on", "on", "", 0, "" },
        { "on", "on", "local", "", 0, "" },
        { "on", "on", "on", "FIRST 1 (a)", 1, "" },
        { "on", "on", "remote_apply", "*", 2, "" },
        { "off", "on", "on", "", 0, "fsync" },
        { "on", "off", "on", "", 0, "full_page_writes" },
        { "on", "on", "off", "*", 1, "synchronous_commit" },
        { "on", "on", "on", "", 1, "it has standbys" },
        { "on", "on", "local", "*", 1, "it has standbys" },
        { "off", "off", "off", "", 1, "fsync, full_page_writes, synchronous_commit" },
    };

    [Theory]
    [MemberData(nameof(Settings))]
    public void Setting_that_loses_acknowledged_writes_is_named(
        string fsync, string fullPageWrites, string synchronousCommit, string names, int standbys, string faults)
    {
        var settings = new DurabilitySettings(fsync, fullPageWrites, synchronousCommit, names, standbys);

        var found = settings.Faults().Select(fault => fault.Split(" is ", 2)[0].Split(',')[0]);

        Assert.Equal(faults, string.Join(", ", found));
    }

    [Fact]
    public async Task Settings_are_those_of_our_sessions_on_a_real_database()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await using var host = await database.StartAsync();
        var settings = await host.WithDbAsync(async db =>
        {
            await db.Database.OpenConnectionAsync(ControlHost.Cancel);
            await db.Database.ExecuteSqlRawAsync("SET synchronous_commit = off", ControlHost.Cancel);
            return await PostgresDurability.ReadAsync(db, ControlHost.Cancel);
        });

        // The tests' server does not sync, since nothing of it need stay.
        Assert.Equal(s_good with { Fsync = "off", SynchronousCommit = "off" }, settings);
    }
}
