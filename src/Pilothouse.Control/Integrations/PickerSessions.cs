using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Integrations;
using Pilothouse.Control.Access;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Integrations;

/// <summary>The choice between installations after the consent to the second app. One that is too old is one that never was.</summary>
internal sealed class PickerSessions(IDbContextFactory<PilothouseDb> databases, InstallLinks links, TimeProvider clock)
{
    public async Task<Outcome<PickerSession>> GetAsync(Caller caller, string session, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (await FindAsync(db, caller.Workspace, session, cancellationToken) is not { } row) return NotFound(session);
        var installs = Installs(row);
        var numbers = installs.Select(install => install.InstallationId).ToList();
        var connected = await db.Workspaces
            .Where(workspace => workspace.OrganizationId == caller.Organization.Value)
            .Join(db.Integrations, workspace => workspace.Id, integration => integration.WorkspaceId, (_, integration) => integration)
            .Where(integration => integration.Kind == IntegrationKinds.ForgeGitHub && numbers.Contains(integration.InstallationId))
            .Select(integration => integration.InstallationId)
            .ToListAsync(cancellationToken);
        return new PickerSession([.. installs.Select(install => install with { AlreadyInOrg = connected.Contains(install.InstallationId) })], row.ReturnTo);
    }

    /// <param name="home">Where the browser goes when nobody said where it came from.</param>
    /// <returns>Where the browser goes.</returns>
    public async Task<Outcome<string>> SelectAsync(
        Caller caller, string session, PickerSelection selection, string home, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (await FindAsync(db, caller.Workspace, session, cancellationToken) is not { } row) return NotFound(session);
        if (selection.Action is PickerActions.InstallNew) return await links.OfNewForgeAsync(caller, row.ReturnTo, cancellationToken);

        // What GitHub showed to this user, and nothing else: the number alone proves nothing.
        if (Installs(row).FirstOrDefault(install => install.InstallationId == selection.InstallationId) is not { } chosen)
            return new Rejection(Codes.Invalid, $"Installation ID {selection.InstallationId} is not one of this picker session's.");
        await AttachAsync(db, caller.Workspace, chosen, cancellationToken);
        return row.ReturnTo ?? home;
    }

    /// <summary>May run twice: the second finds what the first made.</summary>
    private async Task AttachAsync(PilothouseDb db, WorkspaceId workspace, PickerInstallation chosen, CancellationToken cancellationToken)
    {
        var isThere = await db.Integrations.Of(workspace, IntegrationKinds.ForgeGitHub)
            .AnyAsync(row => row.InstallationId == chosen.InstallationId, cancellationToken);
        if (isThere) return;
        var now = clock.GetUtcNow();
        db.Integrations.Add(new IntegrationRow
        {
            Id = TimeOrderedUuid.New(),
            WorkspaceId = workspace.Value,
            Kind = IntegrationKinds.ForgeGitHub,
            InstallationId = chosen.InstallationId,
            AccountName = chosen.AccountLogin,
            CreatedAt = now,
            UpdatedAt = now,
        });
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException taken) when (taken.IsUniqueViolationOf("integrations", "installation_id"))
        {
            // Chosen twice at the same moment.
        }
    }

    private async Task<PickerSessionRow?> FindAsync(PilothouseDb db, WorkspaceId workspace, string session, CancellationToken cancellationToken)
    {
        var row = await db.PickerSessions.AsNoTracking()
            .SingleOrDefaultAsync(row => row.Id == session && row.WorkspaceId == workspace.Value, cancellationToken);
        return row is not null && row.ExpiresAt > clock.GetUtcNow() ? row : null;
    }

    private static IReadOnlyList<PickerInstallation> Installs(PickerSessionRow row) =>
        JsonSerializer.Deserialize(row.Installs, ApiJson.Default.IReadOnlyListPickerInstallation)!;

    private static Rejection NotFound(string session) => new(Codes.NotFound, $"Picker session ID {session} not found.");
}
