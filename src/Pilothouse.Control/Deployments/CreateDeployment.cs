using System.Data;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Audit;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Idempotency;
using Pilothouse.Control.Integrations;
using Pilothouse.Control.Quotas;
using Pilothouse.Control.Reconciling;
using Pilothouse.Control.Revisions;
using Pilothouse.Control.Secrets;
using Pilothouse.Control.Storage;
using Pilothouse.Core;
using Pilothouse.Core.Deployments;

namespace Pilothouse.Control.Deployments;

/// <summary>
/// Makes a deployment; one from an external image or a repository with its first revision at once, the internal ones empty. It is ready from the
/// start, since no database has to be made for it.
/// </summary>
internal sealed class CreateDeployment(
    OpenContexts contexts, WorkspaceRoom room, SecretVault vault, ControlSignals signals, TimeProvider clock)
{
    private static readonly PreparedRead<Holder> s_holder = new(
        "SELECT id, status FROM deployments WHERE workspace_id = @workspace AND name = @name",
        [("@workspace", DbType.Guid), ("@name", DbType.String)],
        static (_, reader) => new Holder(reader.GetGuid(0), Enum.Parse<DeploymentStatus>(reader.GetString(1))));

    public async Task<Outcome<DeploymentRow>> RunAsync(WorkspaceId workspace, DeploymentCreate wanted, CancellationToken cancellationToken)
    {
        var created = await contexts.UseAsync(db => TryAsync(db, workspace, wanted, cancellationToken), cancellationToken);
        if (created is { IsAccepted: true, Value.LatestRevisionId: not null }) signals.RevisionChanged(new DeploymentId(created.Value.Id));
        return created;
    }

    private async Task<Outcome<DeploymentRow>> TryAsync(PilothouseDb db, WorkspaceId workspace, DeploymentCreate wanted, CancellationToken cancellationToken)
    {
        var placed = await CheckAsync(db, workspace, wanted, cancellationToken);
        if (!placed.IsAccepted) return placed.Rejection;

        var row = await RowAsync(workspace, wanted, placed.Value, cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await WriteAsync(db, row, wanted, placed.Value, cancellationToken) is { } refused)
        {
            await transaction.RollbackAsync(cancellationToken);
            return refused;
        }

        await AuditedChange.CommitAsync(db, transaction, row.Id, cancellationToken);
        return row;
    }

    private async Task<Rejection?> WriteAsync(
        PilothouseDb db, DeploymentRow row, DeploymentCreate wanted, ListenerConfig? placed, CancellationToken cancellationToken)
    {
        if (await NameAsync(db, row, wanted, cancellationToken) is { } refused) return refused;
        if (row.ListenerId is { } bound) row.GatewayUrl = await db.Listeners.Where(one => one.Id == bound).Select(one => one.GatewayUrl).SingleOrDefaultAsync(cancellationToken);
        if (await room.ForDeploymentAsync(db, row.WorkspaceId, cancellationToken) is { } full) return full;
        if (!await ListenerPlacement.IsThereAsync(db, new WorkspaceId(row.WorkspaceId), wanted.SourceConfig, placed, cancellationToken))
            return new Rejection(Codes.Conflict, $"Listener ID {row.ListenerId} was changed or deleted at the same moment: look at it and try again.");
        RevisionRow? first = null;
        if (wanted.Source is Sources.ExternalDocker or Sources.GitHub)
        {
            var draft = RevisionDraft.Of(wanted.Source, wanted.SourceRevisionConfig, DeploymentSpec.Of(row), row.DeploymentType);
            db.Revisions.Add(first = NewRevision.Of(row, draft, row.CreatedAt));
        }

        try
        {
            await DeploymentStore.InsertAsync(db, row, cancellationToken);
        }
        catch (DbException taken) when (taken.IsUniqueViolation())
        {
            return taken.IsUniqueViolationOf("deployments", "agent_id") ? AgentTaken(wanted.Agent!) : NameTaken(row.Name);
        }

        if (first is not null)
        {
            await db.SaveChangesAsync(cancellationToken);
            await NewRevision.TellAsync(db, first, cancellationToken);
        }

        await ChangeScope.MadeAsync(db, row.Id, first?.Id, cancellationToken);
        return null;
    }

    /// <returns>Where the deployment goes; null when the control plane's own listener serves it.</returns>
    private static async Task<Outcome<ListenerConfig?>> CheckAsync(
        PilothouseDb db, WorkspaceId workspace, DeploymentCreate wanted, CancellationToken cancellationToken)
    {
        var refusals = new Refusals();
        if (wanted.Agent is { } agent)
        {
            if (wanted.Name is not null) refusals.Add("name and agent exclude each other: a deployment of an agent is named by the server.");
            if (FieldRules.AgentId(agent.AgentId) is { } fault) refusals.Add(fault);
        }
        else if (FieldRules.DeploymentName(wanted.Name!) is { } fault)
        {
            refusals.Add(fault);
        }

        SourceRules.CheckValues(wanted.SourceConfig, wanted.SourceRevisionConfig, refusals);
        SourceRules.CheckNew(wanted.Source, wanted.SourceConfig, wanted.SourceRevisionConfig, refusals);
        if (wanted is { Source: Sources.GitHub, SourceConfig: { IntegrationId: { } integration, RepoUrl: var repo } })
            await RepositoryAccess.CheckAsync(db, workspace, integration, repo, refusals, cancellationToken);
        SecretRules.Check(wanted.Secrets, refusals);
        foreach (var masked in wanted.Secrets.Where(secret => secret.Value is SecretRules.Mask))
            refusals.Add($"The value of '{masked.Name}' is the mask that answers carry: send the value.");
        var references = wanted.SecretReferences ?? [];
        if (references.Count > 0 && wanted.Source is not Sources.ExternalDocker)
            refusals.Add($"Source configuration error: 'secret_references' must be null for '{wanted.Source}' source", Codes.SourceConfiguration);
        SecretRules.Check(references, refusals);
        SecretRules.CheckApart(wanted.Secrets.Select(secret => secret.Name), references.Select(reference => reference.Name), refusals);

        var placed = await ListenerPlacement.FindAsync(db, workspace, wanted.Source, wanted.SourceConfig, refusals, cancellationToken);
        return refusals.ToRejection() is { } refused ? refused : placed;
    }

    private async Task<DeploymentRow> RowAsync(
        WorkspaceId workspace, DeploymentCreate wanted, ListenerConfig? placed, CancellationToken cancellationToken)
    {
        var values = wanted.Secrets.ToDictionary(secret => secret.Name, secret => secret.Value, StringComparer.Ordinal);
        var spec = new DeploymentSpec
        {
            SourceConfig = wanted.SourceConfig with
            {
                ListenerConfig = placed,
                CustomUrl = Filled(wanted.SourceConfig.CustomUrl),
                InstallCommand = Filled(wanted.SourceConfig.InstallCommand),
                BuildCommand = Filled(wanted.SourceConfig.BuildCommand),
            },
            SourceRevisionConfig = wanted.SourceRevisionConfig,
            SecretNames = [.. wanted.Secrets.Select(secret => secret.Name)],
            SecretValues = await vault.SealAsync(workspace, values, cancellationToken),
            SecretReferences = wanted.SecretReferences,
        };
        var now = DateTimeOffset.FromUnixTimeMilliseconds(clock.GetUtcNow().ToUnixTimeMilliseconds());
        var row = new DeploymentRow
        {
            Id = DeploymentId.New().Value,
            WorkspaceId = workspace.Value,
            Name = wanted.Name ?? "",
            AgentId = wanted.Agent?.AgentId,
            AgentEnvironment = wanted.Agent?.Environment,
            Source = wanted.Source,
            SourceConfig = "",
            SourceRevisionConfig = "",
            SecretNames = "",
            SecretValues = spec.SecretValues,
            DeploymentType = wanted.SourceConfig.DeploymentType,
            Status = DeploymentStatus.Ready,
            ListenerId = wanted.SourceConfig.ListenerId,
            NextRevisionNumber = 1,
            CreatedAt = now,
            UpdatedAt = now,
        };
        spec.WriteTo(row);
        return row;
    }

    private static async Task<Rejection?> NameAsync(PilothouseDb db, DeploymentRow row, DeploymentCreate wanted, CancellationToken cancellationToken)
    {
        var workspace = row.WorkspaceId;
        if (wanted.Agent is not { } agent)
        {
            if (await db.Prepared.ReadAsync(s_holder, [workspace, row.Name], cancellationToken) is not [var holder]) return null;
            return holder.Status == DeploymentStatus.AwaitingDelete
                ? new Rejection(
                    Codes.NameTaken,
                    $"A deployment named '{row.Name}' is being deleted (deployment ID {holder.Id}); the name is free once that is done.")
                : NameTaken(row.Name);
        }

        if (await db.Deployments.AnyAsync(
            other => other.WorkspaceId == workspace && other.AgentId == agent.AgentId && other.AgentEnvironment == agent.Environment, cancellationToken))
            return AgentTaken(agent);
        var candidates = AgentNames.Candidates(agent);
        var taken = await db.Deployments
            .Where(other => other.WorkspaceId == workspace && candidates.Contains(other.Name))
            .Select(other => other.Name)
            .ToListAsync(cancellationToken);
        if (candidates.Except(taken, StringComparer.Ordinal).FirstOrDefault() is not { } free) return NameTaken(candidates[^1]);
        row.Name = free;
        return null;
    }

    private static Rejection NameTaken(string name) => new(Codes.NameTaken, $"A deployment named '{name}' exists in this workspace.");

    private static Rejection AgentTaken(AgentReference agent) =>
        new(Codes.Conflict, $"Agent ID {agent.AgentId} has a deployment in the environment '{agent.Environment}' already.");

    private static string? Filled(string? text) => string.IsNullOrEmpty(text) ? null : text;

    /// <summary>Of a name.</summary>
    private sealed record Holder(Guid Id, DeploymentStatus Status);
}
