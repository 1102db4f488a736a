namespace Pilothouse.Contracts.Deployments;

/// <summary>Answer of <c>DELETE /v2/deployments</c>, with 200 when all were deleted and 207 when some were not.</summary>
/// <param name="Deleted">Accepted for deletion; what runs of them is ended afterwards.</param>
/// <param name="Failed">Left as they are.</param>
public sealed record DeletedDeployments(IReadOnlyList<Guid> Deleted, IReadOnlyList<UndeletedDeployment> Failed);

/// <param name="Detail">One sentence that says why.</param>
public sealed record UndeletedDeployment(Guid Id, string Detail);

/// <summary>Answer of <c>GET /v2/deployments/free-count</c>: the organization's deployments of type <c>dev_free</c>.</summary>
public sealed record FreeDeployments(int Count);
