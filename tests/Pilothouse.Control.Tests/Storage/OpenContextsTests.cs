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

    private static async Task<int> WriteAsync(PilothouseDb db, int number, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.Counters.Where(row => row.Name == "none").ExecuteUpdateAsync(set => set.SetProperty(row => row.Value, number), cancellationToken);
        if (number % 3 == 0) await transaction.RollbackAsync(cancellationToken);
        else await transaction.CommitAsync(cancellationToken);
        return number;
    }
}
