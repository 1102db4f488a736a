using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Access;
using Xunit;

namespace Pilothouse.Control.Tests.Access;

/// <summary>Denied by default: what does not say who may call it is not served.</summary>
public sealed class EndpointCheckTests
{
    [Fact]
    public async Task Endpoint_that_says_nothing_stops_the_start_and_is_named()
    {
        var directory = Directory.CreateTempSubdirectory("pilothouse-unguarded-").FullName;
        try
        {
            var refused = await Assert.ThrowsAsync<UnguardedEndpointException>(() => ControlHost.StartAsync(
                directory: directory,
                routes: app =>
                {
                    app.MapGet("/forgotten/{id}", () => "everything");
                    app.MapPost("/forgotten", () => "everything");
                    app.MapGet("/open", () => "yes").AllowAnybody("A test.");
                }));

            Assert.Equal("Nothing says who may call GET /forgotten/{id}, POST /forgotten: put RequirePermission or AllowAnybody on each.", refused.Message);

            // The tests bring the database.
            Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(directory), entry => Path.GetFileName(entry) is not "pilothouse.db");
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task Every_endpoint_says_its_permission_or_why_it_needs_none()
    {
        await using var host = await ControlHost.StartAsync();

        var endpoints = host.Services.GetRequiredService<MappedEndpoints>().All;

        Assert.NotEmpty(endpoints);
        Assert.All(endpoints, endpoint =>
        {
            var required = endpoint.Metadata.GetMetadata<RequiredPermission>();
            Assert.True(required is null ^ endpoint.Metadata.GetMetadata<OpenToAnybody>() is null, MappedEndpoints.NameOf(endpoint));
            if (required?.Permission is { } permission) Assert.Contains(permission, Permissions.All);
        });
    }

    [Fact]
    public void A_reason_is_required() => Assert.Throws<ArgumentException>(() => WebApplication.CreateSlimBuilder().Build().MapGet("/", () => "").AllowAnybody(" "));
}
