using System.Data;
using Pilothouse.Control.Idempotency;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Audit;

/// <summary>
/// A change that is told to the audit log in its own transaction: both are there or neither, and one commit does for both. Other changes are told
/// between their commit and their answer, by <see cref="AuditedRequest"/>.
/// </summary>
internal readonly struct AuditedChange
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

    private readonly ChangeScope? _scope;
    private readonly AuditRow? _row;

    private AuditedChange(ChangeScope scope, AuditRow row) => (_scope, _row) = (scope, row);

    /// <summary>Writes the line of the request that is under way, if it has none yet; nothing outside one.</summary>
    public static async ValueTask<AuditedChange> JoinAsync(PilothouseDb db, Guid deployment, CancellationToken cancellationToken)
    {
        if (ChangeScope.Current is not { Told: null } scope || AuditedRequest.SuccessOf(scope, deployment) is not { } row) return default;
        await db.Prepared.WriteAsync(
            s_insert,
            [
                row.At, row.OrganizationId, row.WorkspaceId, row.UserId, row.ApiKeyId, row.ActorName, row.Operation, row.ResourceType, row.ResourceId,
                row.Outcome, row.Status, row.RequestId, row.RemoteAddress,
            ],
            cancellationToken);
        return new AuditedChange(scope, row);
    }

    /// <summary>Once the transaction is committed.</summary>
    public void Commit()
    {
        if (_scope is not null) _scope.Told = _row;
    }
}
