using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Quotas;
using Pilothouse.Control.Tests.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.Quotas;

public sealed class QuotaTests
{
    [Fact]
    public async Task Workspace_gets_no_deployment_beyond_its_quota_until_one_is_gone()
    {
        await using var host = await ControlHost.StartAsync(new() { ["Quotas:Deployments"] = "2" });
        var (api, other) = (await Api.InNewWorkspaceAsync(host), await Api.InNewWorkspaceAsync(host));
        var first = await api.CreateAsync("one");
        await api.CreateAsync("two");

        var refused = (await api.PostAsync("/v2/deployments", Bodies.Internal("three"))).Expect(HttpStatusCode.BadRequest);

        Assert.Contains("may have 2 deployments", refused.Detail, StringComparison.Ordinal);
        await other.CreateAsync("three");
        (await api.PostAsync("/v2/deployments", Bodies.Internal("three"))).Expect(HttpStatusCode.BadRequest);
        await host.WithDbAsync(async db =>
        {
            db.Deployments.Remove(db.Deployments.Single(row => row.Id == Guid.Parse(first)));
            return await db.SaveChangesAsync(ControlHost.Cancel);
        });
        await api.CreateAsync("three");
    }

    [Fact]
    public async Task Quota_of_one_workspace_counts_before_that_of_all()
    {
        var special = Guid.NewGuid();
        await using var host = await ControlHost.StartAsync(new() { ["Quotas:Deployments"] = "0", [$"Quotas:Workspaces:{special:D}:Deployments"] = "1" });

        var quotas = host.Services.GetRequiredService<IOptions<QuotaOptions>>().Value;

        Assert.Equal(1, quotas.DeploymentsOf(special));
        Assert.Equal(0, quotas.DeploymentsOf(Guid.NewGuid()));
        Assert.Equal(quotas.UploadBytes, quotas.UploadBytesOf(special));
        var api = await Api.InNewWorkspaceAsync(host);
        (await api.PostAsync("/v2/deployments", Bodies.Internal("none"))).Expect(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Workspace_whose_uploads_fill_its_quota_gets_no_upload_url()
    {
        await using var host = await ControlHost.StartAsync(new() { ["Quotas:UploadBytes"] = "1000" });
        var (api, other) = (await Api.InNewWorkspaceAsync(host), await Api.InNewWorkspaceAsync(host));
        var deployment = await api.CreateAsync();
        (await api.PostAsync($"/v2/deployments/{deployment}/upload-url", "{}")).Expect(HttpStatusCode.OK);
        var upload = await api.AddUploadAsync(deployment);
        await host.WithDbAsync(async db =>
        {
            db.Uploads.Single(row => row.ObjectPath == upload).SizeBytes = 1000;
            return await db.SaveChangesAsync(ControlHost.Cancel);
        });

        var refused = (await api.PostAsync($"/v2/deployments/{deployment}/upload-url", "{}")).Expect(HttpStatusCode.BadRequest);

        Assert.Contains("keeps 1000 bytes of uploads", refused.Detail, StringComparison.Ordinal);
        (await other.PostAsync($"/v2/deployments/{await other.CreateAsync()}/upload-url", "{}")).Expect(HttpStatusCode.OK);
    }
}
