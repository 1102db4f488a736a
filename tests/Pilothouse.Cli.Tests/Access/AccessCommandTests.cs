using System.Collections.Concurrent;
using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Cli.Tests.Access;

/// <summary>Keys, members, roles and the audit log from the command line, against a control plane that answers as the test says.</summary>
public sealed class AccessCommandTests : IAsyncLifetime
{
    private const string Id = "0193aaaa-0000-7000-8000-000000000001";
    private const string Key = """{"id":"0193aaaa-0000-7000-8000-000000000001","name":"ci","kind":"service","prefix":"lsv2_sk_1234","role":"viewer","created_at":"2026-11-25T00:00:00Z","expires_at":"2027-01-31T00:00:00Z"}""";

    private readonly ConcurrentQueue<string> _requests = new();
    private readonly Dictionary<string, string> _answers = new(StringComparer.Ordinal);
    private WebApplication _app = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(async context =>
        {
            var body = await new StreamReader(context.Request.Body).ReadToEndAsync(context.RequestAborted);
            _requests.Enqueue($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}{(body.Length > 0 ? $" {body}" : "")}");
            if (!_answers.TryGetValue($"{context.Request.Method} {context.Request.Path}", out var answer))
            {
                context.Response.StatusCode = 204;
                return;
            }

            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(answer, context.RequestAborted);
        });
        await _app.StartAsync();
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Theory]
    [InlineData("keys")]
    [InlineData("keys create")]
    [InlineData("members")]
    [InlineData("members set")]
    [InlineData("roles")]
    [InlineData("audit")]
    public async Task Help_is_as_reviewed(string command)
    {
        using var output = new StringWriter();
        var code = await PilothouseCommand.RunAsync([.. command.Split(' '), "--help"], output, TextWriter.Null, TestContext.Current.CancellationToken);

        Assert.Equal(0, code);
        Golden.Matches($"help-{command.Replace(' ', '-')}", output.ToString().Replace(RootCommand.ExecutableName, "pilothouse", StringComparison.Ordinal));
    }

    [Fact]
    public async Task New_key_alone_is_data_and_everything_said_about_it_is_not()
    {
        _answers["POST /v2/access/keys"] = Key.Replace("{\"id\"", "{\"key\":\"lsv2_sk_1234secret\",\"id\"", StringComparison.Ordinal);

        var ran = await RunAsync("keys", "create", "ci", "--role", "editor", "--expires", "2027-01-31T00:00:00Z");

        Assert.Equal((0, "lsv2_sk_1234secret\n"), (ran.Code, ran.Output));
        Assert.Contains("shown once", ran.Error, StringComparison.Ordinal);
        Assert.Contains("\"role\":\"editor\"", Assert.Single(_requests), StringComparison.Ordinal);
        Assert.Contains("\"expires_at\":\"2027-01-31T00:00:00", _requests.Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("keys", "create", "ci", "--expires", "soon")]
    [InlineData("keys", "create", "ci", "--mine", "--role", "admin")]
    [InlineData("keys", "revoke", "not-an-id")]
    [InlineData("keys")]
    [InlineData("members", "remove", "nobody@corp.example")]
    [InlineData("roles", "create", "empty")]
    [InlineData("audit", "--limit", "101")]
    public async Task Misuse_is_2_and_changes_nothing(params string[] arguments)
    {
        _answers["GET /v2/access/users"] = """{"resources":[],"offset":0}""";

        var ran = await RunAsync(arguments);

        Assert.Equal(2, ran.Code);
        Assert.DoesNotContain(_requests, request => !request.StartsWith("GET ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Keys_are_listed_and_revoked_of_the_workspace_or_ones_own()
    {
        _answers["GET /v2/access/keys"] = $$"""{"resources":[{{Key}}],"offset":1}""";

        var table = await RunAsync("keys", "list");
        await RunAsync("keys", "revoke", Id);
        var own = await RunAsync("keys", "revoke", Id, "--mine", "--json");

        Assert.Contains("ci    service  viewer  lsv2_sk_1234  2027-01-31 00:00:00Z", table.Output, StringComparison.Ordinal);
        Assert.Equal($"{{\"id\":\"{Id}\",\"revoked\":true}}\n", own.Output);
        Assert.Equal(
            ["GET /v2/access/keys?limit=100&offset=0", $"DELETE /v2/access/keys/{Id}", $"DELETE /v2/access/me/keys/{Id}"], _requests);
    }

    [Fact]
    public async Task Members_are_named_by_email_and_new_ones_made_on_demand()
    {
        var user = $$"""{"id":"{{Id}}","email":"ann@corp.example","name":"Ann","organization_role":"member","is_disabled":false,"created_at":"2026-11-25T00:00:00Z"}""";
        _answers["GET /v2/access/users"] = $$"""{"resources":[{{user}}],"offset":1}""";
        _answers["POST /v2/access/users"] = user;
        _answers[$"PUT /v2/access/members/{Id}"] =
            $$"""{"user_id":"{{Id}}","email":"ann@corp.example","name":"Ann","role":"editor","is_disabled":false,"created_at":"2026-11-25T00:00:00Z"}""";

        var set = await RunAsync("members", "set", "ann@corp.example", "editor");
        await RunAsync("members", "set", "ann@corp.example", "editor", "--new");
        await RunAsync("members", "remove", "ann@corp.example");

        Assert.Equal((0, "ann@corp.example is editor.\n"), (set.Code, set.Error));
        Assert.Equal(
            ["GET", "PUT", "POST", "PUT", "GET", "DELETE"], _requests.Select(request => request.Split(' ')[0]));
        Assert.Contains("GET /v2/access/users?limit=100&offset=0&email=ann%40corp.example", _requests);
    }

    [Fact]
    public async Task Roles_are_made_of_permissions_and_the_audit_log_is_filtered()
    {
        _answers["POST /v2/access/roles"] = """{"name":"reader","permissions":["deployments:read"],"is_built_in":false}""";
        _answers["GET /v2/access/audit-log"] =
            """{"resources":[{"sequence":1,"at":"2026-11-25T00:00:00Z","actor_name":"ci\u001b[2J","operation":"create_deployment","resource_type":"deployment","resource_id":"d1","outcome":"succeeded","status":201,"request_id":"r"}],"offset":1}""";

        var role = await RunAsync("roles", "create", "reader", "deployments:read");
        var audit = await RunAsync("audit", "--operation", "create_deployment", "--refused", "--limit", "5");

        Assert.Equal((0, "Role reader is made.\n"), (role.Code, role.Error));
        Assert.Contains("2026-11-25 00:00:00Z  ci\uFFFD[2J  create_deployment  d1", audit.Output, StringComparison.Ordinal);
        Assert.Contains("GET /v2/access/audit-log?limit=5&offset=0&operation=create_deployment&outcome=refused", _requests);
    }

    private async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await PilothouseCommand.RunAsync([.. arguments, "--url", _app.Urls.Single(), "--api-key", "k"], output, error, TestContext.Current.CancellationToken);
        return (code, output.ToString(), error.ToString());
    }
}
