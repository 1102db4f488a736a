using System.Net;
using Pilothouse.Control.Access.Keys;
using Pilothouse.Control.Tests.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.Listeners;

public sealed class ListenerKeyTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task Keys_are_counted_for_each_listener()
    {
        var api = await fixture.NewAsync();
        var (one, other) = ((await api.PostAsync("/v2/listeners", ListenerEndpointTests.Body("one"))).Id, (await api.PostAsync("/v2/listeners", ListenerEndpointTests.Body("other"))).Id);
        for (var number = 0; number < CreateKey.MaxListenerKeys; number++)
            (await api.PostAsync($"/v2/listeners/{one}/keys", """{"name":"k"}""")).Expect(HttpStatusCode.Created);

        var full = await api.PostAsync($"/v2/listeners/{one}/keys", """{"name":"k"}""");
        var free = await api.PostAsync($"/v2/listeners/{other}/keys", """{"name":"k"}""");

        Assert.StartsWith("There are 20 keys already", full.Expect(HttpStatusCode.BadRequest).Detail, StringComparison.Ordinal);
        free.Expect(HttpStatusCode.Created);
    }
}
