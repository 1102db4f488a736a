using System.Text.Json.Serialization;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Errors;
using Pilothouse.Contracts.Explain;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Contracts.Logs;

namespace Pilothouse.Contracts;

/// <summary>The wire format: snake_case, nulls written, unknown members ignored. Source-generated, so it works ahead of time compiled.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(DeploymentsList))]
[JsonSerializable(typeof(DeploymentCreate))]
[JsonSerializable(typeof(DeploymentPatch))]
[JsonSerializable(typeof(RevisionsList))]
[JsonSerializable(typeof(DeletedDeployments))]
[JsonSerializable(typeof(FreeDeployments))]
[JsonSerializable(typeof(UploadUrl))]
[JsonSerializable(typeof(RevisionEventsList))]
[JsonSerializable(typeof(SwitchProof))]
[JsonSerializable(typeof(Explanation))]
[JsonSerializable(typeof(Rollback))]
[JsonSerializable(typeof(RollbackRequest))]
[JsonSerializable(typeof(StartFacts))]
[JsonSerializable(typeof(WaitFacts))]
[JsonSerializable(typeof(LogQuery))]
[JsonSerializable(typeof(LogPage))]
[JsonSerializable(typeof(ApiError))]
[JsonSerializable(typeof(ValidationErrors))]
[JsonSerializable(typeof(PullRequest))]
[JsonSerializable(typeof(PullAnswer))]
[JsonSerializable(typeof(DeploymentReport))]
[JsonSerializable(typeof(LogBatch))]
public sealed partial class ApiJson : JsonSerializerContext;
