using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Tests.World;

/// <summary>Counts what is asked of the store, commits included, and fails where it is told to.</summary>
internal sealed class StoreFaults : DbCommandInterceptor
{
    private readonly AsyncLocal<bool> _here = new();
    private bool _isHereOnly;
    private int _count;

    /// <summary>Calls since <see cref="Arm"/>.</summary>
    public int Count => _count;

    /// <summary>Which calls fail; none before <see cref="Arm"/>.</summary>
    private Func<int, bool> Fails { get; set; } = _ => false;

    private bool IsArmed { get; set; }

    /// <summary>What is thrown.</summary>
    public Func<Exception> Failure { get; init; } = () => new InjectedException();

    public CommitFaults Commits => new(this);

    public void Arm(Func<int, bool> fails)
    {
        _count = 0;
        Fails = fails;
        IsArmed = true;
    }

    /// <summary>As <see cref="Arm"/>, for what the caller does, and what it awaits, alone: the host's own loops ask the store too.</summary>
    public void ArmHere(Func<int, bool> fails)
    {
        _here.Value = _isHereOnly = true;
        Arm(fails);
    }

    public void Disarm() => IsArmed = false;

    public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
    {
        Strike();
        return base.ReaderExecutingAsync(command, eventData, result, cancellationToken);
    }

    public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        Strike();
        return base.NonQueryExecutingAsync(command, eventData, result, cancellationToken);
    }

    private void Strike()
    {
        if (IsArmed && (!_isHereOnly || _here.Value) && Fails(Interlocked.Increment(ref _count))) throw Failure();
    }

    internal sealed class CommitFaults(StoreFaults faults) : DbTransactionInterceptor
    {
        public override ValueTask<InterceptionResult> TransactionCommittingAsync(
            DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
        {
            faults.Strike();
            return base.TransactionCommittingAsync(transaction, eventData, result, cancellationToken);
        }

        /// <summary>The commit is there, and its author does not hear of it.</summary>
        public override Task TransactionCommittedAsync(
            DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            faults.Strike();
            return base.TransactionCommittedAsync(transaction, eventData, cancellationToken);
        }
    }
}

internal sealed class InjectedException() : DbException("Injected.");

internal static class StoreInterception
{
    /// <summary>Of whichever engine the tests run on.</summary>
    public static IServiceCollection InterceptStore(this IServiceCollection services, params IInterceptor[] interceptors) => services
        .ConfigureDbContext<SqliteDb>(options => options.AddInterceptors(interceptors))
        .ConfigureDbContext<PostgresDb>(options => options.AddInterceptors(interceptors));
}
