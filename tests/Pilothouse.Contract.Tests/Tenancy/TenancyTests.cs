using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Pilothouse.Contract.Tests.Contract;
using Pilothouse.Contract.Tests.Documents;
using Pilothouse.Contract.Tests.World;
using Xunit;

namespace Pilothouse.Contract.Tests.Tenancy;

/// <summary>What one workspace has is, for another, as if it were not: every operation of our document, with ids of the other in every place for one.</summary>
public sealed class TenancyTests(ITestOutputHelper output)
{
    /// <summary>What belongs to the organization.</summary>
    private static readonly string[] s_ofOrganization = ["provider_id", "role_name", "user_id"];

    private static ContractFile File => OurDocument.File;

    [Fact]
    public Task Another_organization_learns_and_changes_nothing() => LearnsNothingAsync(isSameOrganization: false);

    [Fact]
    public Task Another_workspace_of_the_organization_learns_and_changes_nothing() => LearnsNothingAsync(isSameOrganization: true);

    [Fact]
    public async Task A_key_of_another_workspace_is_refused_the_workspace_as_one_that_is_not_there()
    {
        await using var host = new ContractHost();
        await host.InitializeAsync();
        using var theirs = await Tenant.NewAsync(host);
        using var ours = await Tenant.NewAsync(host);

        var told = new List<string>();
        foreach (var workspace in new[] { theirs.Workspace, Guid.NewGuid() })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v2/deployments");
            request.Headers.Add("X-Tenant-Id", workspace.ToString());
            using var answer = await ours.Http.SendAsync(request, ContractHost.Cancel);
            told.Add($"{answer.StatusCode} {(await answer.Content.ReadAsStringAsync(ContractHost.Cancel)).Replace(workspace.ToString(), "<id>", StringComparison.Ordinal)}");
        }

        Assert.DoesNotContain("OK", told[0]);
        Assert.Equal(told[1], told[0]);
    }

    [Fact]
    public async Task The_same_idempotency_key_of_another_workspace_gets_an_answer_of_its_own()
    {
        await using var host = new ContractHost();
        await host.InitializeAsync();
        using var theirs = await Tenant.NewAsync(host);
        using var ours = await Tenant.NewAsync(host, theirs.Organization);

        var made = new List<(string Id, string Tenant)>();
        foreach (var tenant in new[] { theirs, ours, theirs })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/deployments") { Content = JsonContent.Create(Deployment()) };
            request.Headers.Add("Idempotency-Key", "the-same-text");
            using var answer = await tenant.Http.SendAsync(request, ContractHost.Cancel);
            var text = await answer.Content.ReadAsStringAsync(ContractHost.Cancel);
            Assert.True(answer.IsSuccessStatusCode, text);
            made.Add(((string)JsonNode.Parse(text)!["id"]!, (string)JsonNode.Parse(text)!["tenant_id"]!));
        }

        Assert.Equal(made[0], made[2]);
        Assert.NotEqual(made[0].Id, made[1].Id);
        Assert.Equal([theirs.Workspace.ToString(), ours.Workspace.ToString()], [made[0].Tenant, made[1].Tenant]);
    }

    private static JsonObject Deployment() => new()
    {
        ["name"] = "same",
        ["source"] = "external_docker",
        ["source_config"] = new JsonObject(),
        ["source_revision_config"] = new JsonObject { ["image_uri"] = "registry.example/agent:1" },
        ["secrets"] = new JsonArray(),
    };

    private async Task LearnsNothingAsync(bool isSameOrganization)
    {
        await using var host = new ContractHost();
        await host.InitializeAsync();
        using var theirs = await Tenant.NewAsync(host);
        using var ours = await Tenant.NewAsync(host, isSameOrganization ? theirs.Organization : null);
        await theirs.FillAsync(File);
        await ours.FillAsync(File);
        var before = await Snapshot.OfAsync(host, theirs);

        var run = new TenancyRun(File, theirs, ours, isSameOrganization ? s_ofOrganization : []);
        foreach (var operation in File.Operations.Where(operation => !operation.IsOfListeners))
        {
            try
            {
                await run.RunAsync(operation);
            }
            catch (SeedException without)
            {
                if (!isSameOrganization) run.Faults.Add($"{operation} could not be tried: {without.Message}");
            }
        }

        output.WriteLine($"{File.Operations.Count} operations, {run.Pairs} pairs of requests, {before.Count} rows watched.");
        Assert.True(run.Faults.Count == 0, $"{run.Faults.Count} faults\n{string.Join('\n', run.Faults)}");
        Assert.Equal(before, await Snapshot.OfAsync(host, theirs));
        Assert.InRange(before.Count, 15, int.MaxValue);
        Assert.InRange(run.Pairs, 90, int.MaxValue);
    }
}
