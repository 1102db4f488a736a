using System.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Storage;
using Xunit;

namespace Pilothouse.Control.Tests.Storage;

public sealed class OpenContextsTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Transactions_that_are_given_up_at_any_moment_keep_nobody_from_writing()
    {
        await using var host = await ControlHost.StartAsync();
        var contexts = host.Services.GetRequiredService<OpenContexts>();
        var chance = new Random(7);

        await Task.WhenAll(Enumerable.Range(0, 400).Select(async number =>
        {
            using var patience = new CancellationTokenSource();
            patience.CancelAfter(TimeSpan.FromMicroseconds(chance.Next(3000)));
            try
            {
                await contexts.UseAsync(db => WriteAsync(db, number, patience.Token), patience.Token);
            }
            catch (OperationCanceledException)
            {
                // As its client wished.
            }
        })).WaitAsync(s_limit, TestContext.Current.CancellationToken);

        await contexts.UseAsync(db => WriteAsync(db, number: 1000, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken)
            .WaitAsync(s_limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Statements_run_in_the_transaction_also_on_a_connection_that_was_closed_in_between()
    {
        await using var host = await ControlHost.StartAsync();
        var databases = host.Services.GetRequiredService<IDbContextFactory<PilothouseDb>>();
        await using var db = await databases.CreateDbContextAsync(TestContext.Current.CancellationToken);
        var others = new List<PilothouseDb>();

        for (var round = 0; round < 3; round++)
        {
            await db.Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
            await using (var transaction = await db.Database.BeginTransactionAsync(TestContext.Current.CancellationToken))
            {
                await db.Prepared.WriteAsync(s_count, ["round"], TestContext.Current.CancellationToken).WaitAsync(s_limit, TestContext.Current.CancellationToken);
                await transaction.RollbackAsync(TestContext.Current.CancellationToken);
            }

            await db.Database.CloseConnectionAsync();

            // Takes the handle that the other had, so that it opens with another one.
            var other = await databases.CreateDbContextAsync(TestContext.Current.CancellationToken);
            others.Add(other);
            await other.Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
            Assert.False(await other.Counters.AnyAsync(row => row.Name == "round", TestContext.Current.CancellationToken));
        }

        foreach (var other in others) await other.DisposeAsync();
    }

    private static readonly PreparedWrite s_count = new("INSERT INTO counters (name, value) VALUES (@name, 1)", [("@name", DbType.String)]);

    private static async Task<int> WriteAsync(PilothouseDb db, int number, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.Counters.Where(row => row.Name == "none").ExecuteUpdateAsync(set => set.SetProperty(row => row.Value, number), cancellationToken);
        if (number % 3 == 0) await transaction.RollbackAsync(cancellationToken);
        else await transaction.CommitAsync(cancellationToken);
        return number;
    }
}
