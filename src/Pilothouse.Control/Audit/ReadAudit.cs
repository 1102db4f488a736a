using Microsoft.EntityFrameworkCore;
using Pilothouse.Control.Access;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Audit;

/// <summary>Filters are joined by "and"; null filters nothing.</summary>
internal sealed record AuditQuery
{
    public bool IsOfOrganization { get; init; }
    public DateTimeOffset? From { get; init; }

    /// <summary>Exclusive.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>A user or a key.</summary>
    public Guid? Actor { get; init; }

    public string? Operation { get; init; }
    public string? ResourceType { get; init; }
    public string? ResourceId { get; init; }
    public string? Outcome { get; init; }
    public required Page Page { get; init; }
}

internal sealed class ReadAudit(IDbContextFactory<PilothouseDb> databases)
{
    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<AuditRow>> ListAsync(Caller caller, AuditQuery query, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var rows = query.IsOfOrganization
            ? db.Audit.Where(row => row.OrganizationId == caller.Organization.Value)
            : db.Audit.Where(row => row.WorkspaceId == caller.Workspace.Value);
        if (query.From is { } from) rows = rows.Where(row => row.At >= from);
        if (query.Until is { } until) rows = rows.Where(row => row.At < until);
        if (query.Actor is { } actor) rows = rows.Where(row => row.UserId == actor || row.ApiKeyId == actor);
        if (query.Operation is { } operation) rows = rows.Where(row => row.Operation == operation);
        if (query.ResourceType is { } type) rows = rows.Where(row => row.ResourceType == type);
        if (query.ResourceId is { } id) rows = rows.Where(row => row.ResourceId == id);
        if (query.Outcome is { } outcome) rows = rows.Where(row => row.Outcome == outcome);
        return await rows.AsNoTracking()
            .OrderByDescending(row => row.Sequence)
            .Skip(query.Page.Offset)
            .Take(query.Page.Limit)
            .ToListAsync(cancellationToken);
    }
}
