using System.Data;
using Microsoft.EntityFrameworkCore.Storage;
using Pilothouse.Control.Idempotency;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Audit;

/// <summary>
/// A change that is told to the audit log in its own transaction: both are there or neither, and one commit does for both. Other changes are told
/// between their commit and their answer, by <see cref="AuditedRequest"/>.
/// </summary>
internal static class AuditedChange
{
    private static readonly PreparedWrite s_insert = new(
        """
        INSERT INTO audit (at, organization_id, workspace_id, user_id, api_key_id, actor_name, operation, resource_type, resource_id, outcome, status,
          request_id, remote_address)
        VALUES (@at, @organization, @workspace, @user, @key, @actor, @operation, @type, @resource, @outcome, @status, @request, @address)
        """,
        [
            ("@at", DbType.DateTimeOffset), ("@organization", DbType.Guid), ("@workspace", DbType.Guid), ("@user", DbType.Guid), ("@key", DbType.Guid),
            ("@actor", DbType.String), ("@operation", DbType.String), ("@type", DbType.String), ("@resource", DbType.String), ("@outcome", DbType.String),
            ("@status", DbType.Int32), ("@request", DbType.String), ("@address", DbType.String),
        ]);

    /// <summary>Commits what was written of a deployment, with the line of the request that is under way; without one outside a request.</summary>
    public static async Task CommitAsync(PilothouseDb db, IDbContextTransaction transaction, Guid deployment, CancellationToken cancellationToken)
    {
        var scope = ChangeScope.Current is { Told: null } untold ? untold : null;
        var row = scope is null ? null : AuditedRequest.SuccessOf(scope, deployment);
        if (row is not null)
        {
            await db.Prepared.WriteAsync(
                s_insert,
                [
                    row.At, row.OrganizationId, row.WorkspaceId, row.UserId, row.ApiKeyId, row.ActorName, row.Operation, row.ResourceType, row.ResourceId,
                    row.Outcome, row.Status, row.RequestId, row.RemoteAddress,
                ],
                cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        if (scope is not null) scope.Told = row;
    }
}
