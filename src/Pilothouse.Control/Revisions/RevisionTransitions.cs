using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Events;
using Pilothouse.Control.Storage;
using Pilothouse.Core.Revisions;

namespace Pilothouse.Control.Revisions;

/// <summary>What is told of a transition.</summary>
/// <param name="Kind">A constant of <c>ControlEventKinds</c>.</param>
/// <param name="Message">One sentence for people, without secrets.</param>
/// <param name="Reason">Kept as the revision's reason; null for what needs none.</param>
/// <param name="Occasion">Tells apart what may happen to a revision more than once.</param>
internal sealed record Telling(string Kind, string Message, string? Reason = null, string Occasion = "", JsonElement? Data = null);

/// <summary>The one place where a stored revision changes its status: through <see cref="RevisionMachine"/>, and told as an event.</summary>
internal static class RevisionTransitions
{
    /// <summary>
    /// Joins the caller's transaction. Conditional on the row as it was read, its fencing number included; whoever built it holds it no longer
    /// afterwards. On success the given row is brought up to date.
    /// </summary>
    /// <param name="row">Untracked.</param>
    /// <param name="also">A further condition, e.g. that the caller still holds the revision.</param>
    /// <returns>False when nothing changed: late or repeated news, or somebody else was there first.</returns>
    public static async Task<bool> MoveAsync(
        PilothouseDb db, RevisionRow row, RevisionEvent happened, Telling telling, DateTimeOffset at, CancellationToken cancellationToken,
        Func<IQueryable<RevisionRow>, IQueryable<RevisionRow>>? also = null)
    {
        var (id, status, fence) = (row.Id, row.Status, row.LeaseFence);
        var next = RevisionMachine.Next(status, happened);
        if (next == status) return false;

        var asRead = db.Revisions.Where(revision => revision.Id == id && revision.Status == status && revision.LeaseFence == fence);
        var changed = await (also?.Invoke(asRead) ?? asRead).ExecuteUpdateAsync(
            set => set
                .SetProperty(revision => revision.Status, next)
                .SetProperty(revision => revision.StatusReason, telling.Reason)
                .SetProperty(revision => revision.UpdatedAt, at)
                .SetProperty(revision => revision.LeaseOwner, (string?)null)
                .SetProperty(revision => revision.LeaseUntil, (DateTimeOffset?)null),
            cancellationToken);
        if (changed == 0) return false;

        (row.Status, row.StatusReason, row.UpdatedAt, row.LeaseOwner, row.LeaseUntil) = (next, telling.Reason, at, null, null);
        await TellAsync(db, row, telling, at, cancellationToken);
        return true;
    }

    public static Task TellAsync(PilothouseDb db, RevisionRow row, Telling telling, DateTimeOffset at, CancellationToken cancellationToken) =>
        RevisionEvents.AddAsync(
            db, EventOf.This(row), $"{telling.Kind}:{row.Id:N}{telling.Occasion}", at, telling.Kind, telling.Message, telling.Data, cancellationToken,
            row.Status.ToWire());
}
