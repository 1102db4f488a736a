using System.Text.Json.Serialization;
using Pilothouse.Contracts.Access;
using Pilothouse.Contracts.AuthService;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Errors;
using Pilothouse.Contracts.Integrations;
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
[JsonSerializable(typeof(StreamEnd))]
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
[JsonSerializable(typeof(AuditEntriesList))]
[JsonSerializable(typeof(Me))]
[JsonSerializable(typeof(ApiKeysList))]
[JsonSerializable(typeof(NewApiKey))]
[JsonSerializable(typeof(ApiKeyCreate))]
[JsonSerializable(typeof(UsersList))]
[JsonSerializable(typeof(UserCreate))]
[JsonSerializable(typeof(UserPatch))]
[JsonSerializable(typeof(MembersList))]
[JsonSerializable(typeof(MemberSet))]
[JsonSerializable(typeof(RolesList))]
[JsonSerializable(typeof(RoleCreate))]
[JsonSerializable(typeof(WorkspacesList))]
[JsonSerializable(typeof(WorkspaceName))]
[JsonSerializable(typeof(OrganizationAnswer))]
[JsonSerializable(typeof(IReadOnlyList<OAuthProvider>))]
[JsonSerializable(typeof(OAuthProviderCreate))]
[JsonSerializable(typeof(OAuthProviderPatch))]
[JsonSerializable(typeof(McpProviderCreate))]
[JsonSerializable(typeof(ProviderMessage))]
[JsonSerializable(typeof(IReadOnlyList<OAuthToken>))]
[JsonSerializable(typeof(OAuthTokenPatch))]
[JsonSerializable(typeof(OAuthTokenImport))]
[JsonSerializable(typeof(ImportedToken))]
[JsonSerializable(typeof(TokenStatus))]
[JsonSerializable(typeof(TokenStatusesQuery))]
[JsonSerializable(typeof(TokenStatuses))]
[JsonSerializable(typeof(AgentConnectionsList))]
[JsonSerializable(typeof(AgentConnectionCreate))]
[JsonSerializable(typeof(AuthenticateRequest))]
[JsonSerializable(typeof(AuthenticateAnswer))]
[JsonSerializable(typeof(WaitAnswer))]
[JsonSerializable(typeof(FinalizeRequest))]
[JsonSerializable(typeof(FinalizedAnswer))]
[JsonSerializable(typeof(ListenersList))]
[JsonSerializable(typeof(ListenerCreate))]
[JsonSerializable(typeof(ListenerPatch))]
[JsonSerializable(typeof(IReadOnlyList<GitHubIntegration>))]
[JsonSerializable(typeof(IReadOnlyList<GitHubRepository>))]
[JsonSerializable(typeof(GitHubInstallationsPage))]
[JsonSerializable(typeof(ForgeGitHubInstallationsPage))]
[JsonSerializable(typeof(GitHubRepositoriesPage))]
[JsonSerializable(typeof(InstallationLinkRequest))]
[JsonSerializable(typeof(InstallationLink))]
[JsonSerializable(typeof(ForgeInstallationLink))]
[JsonSerializable(typeof(PickerSession))]
[JsonSerializable(typeof(PickerSelection))]
[JsonSerializable(typeof(PickerRedirect))]
public sealed partial class ApiJson : JsonSerializerContext;
