using Pilothouse.Control.Listeners;
using Pilothouse.Control.Storage;
using Pilothouse.Core.Launching;
using Pilothouse.Testing.Builds;
using Xunit;

namespace Pilothouse.Control.Tests.Listeners;

public sealed class AgentEnvironmentTests
{
    private static readonly DeploymentRow s_deployment = new()
    {
        Id = Guid.Parse("01a20f79-0000-7000-8000-000000000001"),
        WorkspaceId = Guid.Parse("01a20f79-0000-7000-8000-000000000002"),
        Name = "echo",
        Source = "internal_source",
        SourceConfig = "{}",
        SourceRevisionConfig = "{}",
        SecretNames = "[]",
        SecretValues = [],
        DeploymentType = "dev",
    };

    private static readonly RevisionRow s_revision = new()
    {
        Id = Guid.Parse("01a20f79-0000-7000-8000-000000000003"),
        Source = "internal_source",
        SourceRevisionConfig = "{}",
        SecretValues = [],
    };

    [Fact]
    public void Agent_learns_who_it_is_and_traces_nowhere()
    {
        var environment = Compose([]);

        Assert.Equal(
            [
                "LANGGRAPH_AUTH_TYPE=noop",
                "LANGSMITH_DEPLOYMENT_NAME=echo",
                "LANGSMITH_HOST_PROJECT_ID=01a20f79-0000-7000-8000-000000000001",
                "LANGSMITH_HOST_PROJECT_NAME=echo",
                "LANGSMITH_HOST_REVISION_ID=01a20f79-0000-7000-8000-000000000003",
                "LANGSMITH_LANGGRAPH_API_VARIANT=cloud",
                "LANGSMITH_TENANT_ID=01a20f79-0000-7000-8000-000000000002",
                "LANGSMITH_TRACING=false",
                "LOG_JSON=true",
                "LSD_DEPLOYMENT_TYPE=dev",
            ],
            environment.Select(pair => $"{pair.Key}={pair.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Secrets_win_over_defaults_and_the_identity_over_secrets()
    {
        var environment = Compose(new() { ["LANGSMITH_TRACING"] = "true", ["MODEL"] = "x", ["LANGSMITH_TENANT_ID"] = "forged" });

        Assert.Equal("true", environment["LANGSMITH_TRACING"]);
        Assert.Equal("x", environment["MODEL"]);
        Assert.Equal(s_deployment.WorkspaceId.ToString(), environment["LANGSMITH_TENANT_ID"]);
    }

    [Fact]
    public void Defaults_leave_what_the_project_itself_says()
    {
        var launch = FakeBuildEngine.Launch with { ProjectEnvironment = new Dictionary<string, string> { ["LANGSMITH_TRACING"] = "true" } };

        Assert.DoesNotContain("LANGSMITH_TRACING", Compose([], launch).Keys);
    }

    [Fact]
    public void Operator_sends_traces_to_an_endpoint_of_his_own()
    {
        var tracing = new TracingOptions { Endpoint = "https://smith.example.com/api" };

        var environment = Compose([], tracing: tracing, publicUrl: "http://127.0.0.1:8787");

        Assert.Equal(("true", "https://smith.example.com/api", "echo"), (environment["LANGSMITH_TRACING"], environment["LANGSMITH_ENDPOINT"], environment["LANGSMITH_PROJECT"]));
        Assert.Equal("http://127.0.0.1:8787/api-host", environment["LANGSMITH_API_URL"]);
        Assert.Equal("http://127.0.0.1:8787/api-host", environment["LANGSMITH_HOST_API_URL"]);
    }

    private static IReadOnlyDictionary<string, string> Compose(
        Dictionary<string, string> secrets, LaunchSpec? launch = null, TracingOptions? tracing = null, string? publicUrl = null) =>
        AgentEnvironment.Compose(s_deployment, s_revision, launch ?? FakeBuildEngine.Launch, secrets, publicUrl, tracing ?? new TracingOptions());
}
