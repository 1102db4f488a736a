using Pilothouse.Contracts;
using Pilothouse.Control.Storage;
using Pilothouse.Core;

namespace Pilothouse.Control.Deployments;

internal static class DeploymentRejections
{
    public static Rejection IsBeingDeleted(DeploymentRow row) =>
        new(Codes.Conflict, $"Deployment ID {row.Id} is being deleted and cannot be changed any more.");
}
