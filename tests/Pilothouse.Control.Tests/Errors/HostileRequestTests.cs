using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Pilothouse.Control.Errors;
using Pilothouse.Control.Tests.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.Errors;

/// <summary>What no client sends on purpose ends as a clear 4xx, and makes nothing.</summary>
public sealed class HostileRequestTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Theory]
    [InlineData("")]
    [InlineData("/api-host")]
    public async Task Unknown_route_is_404_and_wrong_verb_405_in_shape(string prefix)
    {
        var api = await fixture.NewAsync();

        var (missing, missingBody, _) = await SendAsync(api, HttpMethod.Get, $"{prefix}/v2/nothing");
        var (wrong, wrongBody, allow) = await SendAsync(api, HttpMethod.Put, $"{prefix}/v2/deployments");

        Assert.Equal((HttpStatusCode.NotFound, """{"detail":"Not Found"}"""), (missing, missingBody));
        Assert.Equal((HttpStatusCode.MethodNotAllowed, """{"detail":"Method Not Allowed"}"""), (wrong, wrongBody));
        Assert.Equal(["DELETE", "GET", "POST"], allow.Order(StringComparer.Ordinal));
    }

    public static TheoryData<string, string> Malformed() => new()
    {
        { "not json", "{\"name\":" },
        { "two values", "{} {}" },
        { "trailing comma", "{\"name\":\"a\",}" },
        { "comment", "{/* a */}" },
        { "NaN", "{\"name\":NaN}" },
        { "deep", $"{{\"source_config\":{new string('[', 5_000)}{new string(']', 5_000)}}}" },
        { "raw control character", "{\"name\":\"a\u0001\"}" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task Malformed_json_is_422_json_invalid(string what, string body)
    {
        var api = await fixture.NewAsync();

        var reply = await api.PostAsync("/v2/deployments", body);

        Assert.True(reply.Status == HttpStatusCode.UnprocessableEntity, what);
        Assert.StartsWith("json_invalid body.", Assert.Single(reply.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_that_are_not_UTF_8_are_422_json_invalid()
    {
        var api = await fixture.NewAsync();
        using var content = new ByteArrayContent([.. "{\"name\":\""u8, 0xC3, 0x28, .. "\"}"u8]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");

        using var response = await api.Client.PostAsync("/v2/deployments", content, ControlHost.Cancel);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Contains("json_invalid", await response.Content.ReadAsStringAsync(ControlHost.Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/plain", HttpStatusCode.UnprocessableEntity)]
    [InlineData("application/x-www-form-urlencoded", HttpStatusCode.UnprocessableEntity)]
    [InlineData("nonsense", HttpStatusCode.UnprocessableEntity)]
    [InlineData(null, HttpStatusCode.Created)]
    [InlineData("application/json; charset=utf-8", HttpStatusCode.Created)]
    [InlineData("application/vnd.corp+json", HttpStatusCode.Created)]
    public async Task Body_of_another_content_type_is_422(string? type, HttpStatusCode status)
    {
        var api = await fixture.NewAsync();
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Bodies.Internal("app")));
        if (type is not null) content.Headers.TryAddWithoutValidation("Content-Type", type);

        using var response = await api.Client.PostAsync("/v2/deployments", content, ControlHost.Cancel);

        var body = await response.Content.ReadAsStringAsync(ControlHost.Cancel);
        Assert.Equal(status, response.StatusCode);
        if (status == HttpStatusCode.UnprocessableEntity) Assert.Contains("The Content-Type is not application/json", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_above_the_limit_is_413_in_shape()
    {
        var api = await fixture.NewAsync();

        var reply = await api.PostAsync("/v2/deployments", new string(' ', JsonBody.MaxBytes + 1));

        Assert.Contains($"{JsonBody.MaxBytes}", reply.Expect(HttpStatusCode.RequestEntityTooLarge).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_duplicate_keys_the_last_counts()
    {
        var api = await fixture.NewAsync();

        var reply = await api.PostAsync("/v2/deployments", Bodies.Internal("first").Replace("{\"name\"", "{\"name\":\"ignored\",\"name\"", StringComparison.Ordinal));

        Assert.Equal("first", reply.Expect(HttpStatusCode.Created).Text_("name"));
    }

    [Theory]
    [InlineData("1e400")]
    [InlineData("123456789012345678901234567890")]
    [InlineData("-1e400")]
    public async Task Numbers_beyond_all_bounds_are_422(string number)
    {
        var api = await fixture.NewAsync();

        foreach (var field in new[] { "cpu", "min_scale", "db_cpu", "memory_mb" })
        {
            var reply = await api.PostAsync("/v2/deployments", Bodies.External("app", $$$"""{"resource_spec":{"{{{field}}}":{{{number}}}}}"""));
            Assert.EndsWith($"body.source_config.resource_spec.{field}", Assert.Single(reply.Expect(HttpStatusCode.UnprocessableEntity).Faults), StringComparison.Ordinal);
        }
    }

    /// <summary>Where a text may stand, with <c>@</c> for the text.</summary>
    public static TheoryData<string> Places() =>
    [
        """{"name":"@","source":"internal_source","source_config":{},"source_revision_config":{},"secrets":[]}""",
        """{"agent":{"agent_id":"a@","environment":"staging"},"source":"internal_source","source_config":{},"source_revision_config":{},"secrets":[]}""",
        """{"name":"a","source":"internal_source","source_config":{"install_command":"npm ci@"},"source_revision_config":{},"secrets":[]}""",
        """{"name":"a","source":"internal_source","source_config":{},"source_revision_config":{"langgraph_config_path":"a@"},"secrets":[]}""",
        """{"name":"a","source":"internal_source","source_config":{},"source_revision_config":{},"secrets":[{"name":"A@","value":"v"}]}""",
        """{"name":"a","source":"internal_source","source_config":{},"source_revision_config":{},"secrets":[{"name":"A","value":"v@"}]}""",
        """{"name":"a","source":"external_docker","source_config":{},"source_revision_config":{"image_uri":"a/b@"},"secrets":[]}""",
        """{"name":"a","source":"external_docker","source_config":{"custom_url":"https://a.corp/@"},"source_revision_config":{"image_uri":"a/b"},"secrets":[]}""",
        """{"name":"a","source":"external_docker","source_config":{"resource_spec":{"labels":{"l":"@"}}},"source_revision_config":{"image_uri":"a/b"},"secrets":[]}""",
        """{"name":"a","source":"external_docker","source_config":{"resource_spec":{"sidecars":[{"name":"s","image":"i","env":[{"name":"E","value":"@"}]}]}},"source_revision_config":{"image_uri":"a/b"},"secrets":[]}""",
        """{"name":"a","source":"external_docker","source_config":{"resource_spec":{"volumes":[{"name":"v","secret":{"k":"@"}}]}},"source_revision_config":{"image_uri":"a/b"},"secrets":[]}""",
    ];

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Lone_surrogates_and_NUL_characters_are_refused_wherever_they_stand(string body)
    {
        var api = await fixture.NewAsync();

        var surrogate = await api.PostAsync("/v2/deployments", body.Replace("@", "\\ud800", StringComparison.Ordinal));
        var nul = await api.PostAsync("/v2/deployments", body.Replace("@", "\\u0000", StringComparison.Ordinal));

        Assert.StartsWith("string_unicode body", Assert.Single(surrogate.Expect(HttpStatusCode.UnprocessableEntity).Faults), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.String, nul.Expect(HttpStatusCode.BadRequest).Body.GetProperty("detail").ValueKind);
        Assert.Empty((await api.GetAsync("/v2/deployments")).Body.GetProperty("resources").EnumerateArray());
    }

    private static async Task<(HttpStatusCode Status, string Body, IEnumerable<string> Allow)> SendAsync(Api api, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, path);
        using var response = await api.Client.SendAsync(request, ControlHost.Cancel);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(ControlHost.Cancel), [.. response.Content.Headers.Allow]);
    }
}
