using System.Net;
using System.Text.Json;
using Xunit;

namespace Pilothouse.Control.Tests.Deployments;

public sealed class ResourceSpecTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    [Theory]
    [InlineData("""{"cpu":0.5,"memory_mb":512}""", "cpu=0.5 cpu_limit=1 memory_mb=512 memory_limit_mb=1024 queue_cpu=0.5 queue_cpu_limit=1 queue_memory_mb=512 queue_memory_limit_mb=1024")]
    [InlineData("""{"cpu":1,"cpu_limit":1.5,"queue_cpu":2}""", "cpu=1 cpu_limit=1.5 queue_cpu=2 queue_cpu_limit=4")]
    [InlineData("""{"min_scale":1,"max_scale":5,"queue_max_scale":9}""", "min_scale=1 max_scale=5 queue_min_scale=1 queue_max_scale=9")]
    [InlineData("""{"redis_cpu":0.3,"redis_memory_mb":256,"db_cpu":1,"db_memory_mb":1024}""", "redis_cpu=0.3 redis_cpu_limit=0.6 redis_memory_mb=256 redis_memory_limit_mb=256 db_cpu=1 db_cpu_limit=2 db_memory_mb=1024 db_memory_limit_mb=2048")]
    [InlineData("""{"cpu":0.1499}""", "cpu=0.1 cpu_limit=0.2 queue_cpu=0.1 queue_cpu_limit=0.2")]
    [InlineData("""{"cpu":"8"}""", "cpu=8 cpu_limit=16 queue_cpu=8 queue_cpu_limit=16")]
    [InlineData("{}", "")]
    public async Task Defaults_are_filled_in_and_cores_rounded(string sent, string numbers)
    {
        var api = await fixture.NewAsync();

        var made = await api.CreateExternalAsync(sourceConfig: $$"""{"resource_spec":{{sent}}}""");

        var spec = made.Body.GetProperty("source_config").GetProperty("resource_spec");
        Assert.Equal(40, spec.EnumerateObject().Count());
        Assert.Equal(
            numbers.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal),
            spec.EnumerateObject()
                .Where(field => field.Value.ValueKind == JsonValueKind.Number)
                .Select(field => $"{field.Name}={field.Value.GetRawText()}")
                .Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("""{"cpu":0.05}""", "greater_than_equal", "cpu")]
    [InlineData("""{"cpu":8.1}""", "less_than_equal", "cpu")]
    [InlineData("""{"queue_cpu_limit":17}""", "less_than_equal", "queue_cpu_limit")]
    [InlineData("""{"redis_cpu":"much"}""", "float_parsing", "redis_cpu")]
    [InlineData("""{"memory_mb":1.5}""", "int_from_float", "memory_mb")]
    [InlineData("""{"db_cpu":1e308}""", "less_than_equal", "db_cpu")]
    [InlineData("""{"labels":{"a":1}}""", "string_type", "labels.a")]
    [InlineData("""{"labels":[]}""", "dict_type", "labels")]
    [InlineData("""{"image_pull_secrets":[{}]}""", "missing", "image_pull_secrets.0.name")]
    [InlineData("""{"volumes":[{"name":"v","nfs":1}]}""", "dict_type", "volumes.0.nfs")]
    [InlineData("""{"volumes":[{"name":"v","csi":{"a":"\ud800"}}]}""", "string_unicode", "volumes.0.csi")]
    [InlineData("""{"sidecars":[{"name":"s"}]}""", "missing", "sidecars.0.image")]
    [InlineData("""{"init_containers":[{"name":"s","image":"i","env":[{"value":"1"}],"resources":{"limits":{"cpu":1}}}]}""", "missing", "init_containers.0.env.0.name")]
    public async Task Faults_of_shape_name_the_field(string sent, string type, string field)
    {
        var api = await fixture.NewAsync();

        var reply = await api.PostAsync("/v2/deployments", Bodies.External("app", $$"""{"resource_spec":{{sent}}}"""));

        Assert.Contains($"{type} body.source_config.resource_spec.{field}", reply.Expect(HttpStatusCode.UnprocessableEntity).Faults);
    }

    [Theory]
    [InlineData("""{"min_scale":3,"max_scale":2}""", "min_scale must not be above max_scale.")]
    [InlineData("""{"cpu":2,"cpu_limit":1}""", "cpu must not be above cpu_limit.")]
    [InlineData("""{"memory_mb":0}""", "memory_mb must be above 0.")]
    [InlineData("""{"max_scale":100000}""", "max_scale must be from 0 to 1000.")]
    [InlineData("""{"volumes":[{"name":"v"},{"name":"v"}]}""", "volumes have the name 'v' more than once.")]
    [InlineData("""{"volume_mounts":[{"name":"v","mountPath":"/a"},{"name":"w","mountPath":"/a"}]}""", "volume_mounts have the mountPath '/a' more than once.")]
    [InlineData("""{"image_pull_secrets":[{"name":"s"},{"name":"s"}]}""", "image_pull_secrets have the name 's' more than once.")]
    [InlineData("""{"init_containers":[{"name":"c","image":"i"}],"sidecars":[{"name":"c","image":"i"}]}""", "init_containers and sidecars have the name 'c' more than once.")]
    public async Task Numbers_must_make_sense_together(string sent, string text)
    {
        var api = await fixture.NewAsync();

        var reply = await api.PostAsync("/v2/deployments", Bodies.External("app", $$"""{"resource_spec":{{sent}}}"""));

        Assert.Contains($"source_config.resource_spec.{text}", reply.Expect(HttpStatusCode.BadRequest).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Patch_replaces_the_whole_spec()
    {
        var api = await fixture.NewAsync();
        var id = (await api.CreateExternalAsync(sourceConfig: """{"resource_spec":{"cpu":2,"image_pull_secrets":[{"name":"pull"}]}}""")).Id;

        var reply = await api.PatchAsync(id, """{"source_config":{"resource_spec":{"memory_mb":512}}}""");

        var spec = reply.Expect(HttpStatusCode.OK).Body.GetProperty("source_config").GetProperty("resource_spec");
        Assert.Equal(JsonValueKind.Null, spec.GetProperty("cpu").ValueKind);
        Assert.Equal(JsonValueKind.Null, spec.GetProperty("image_pull_secrets").ValueKind);
        Assert.Equal(512, spec.GetProperty("memory_mb").GetInt32());
    }

    [Fact]
    public async Task Pod_fields_come_back_as_they_went_in()
    {
        var api = await fixture.NewAsync();
        const string Sent =
            """
            {"labels":{"team":"a"},"annotations":{},"service_account_name":"runner","image_pull_secrets":[{"name":"pull"}],
             "volumes":[{"name":"v","emptyDir":{"sizeLimit":"1Gi","nested":[1,{"x":null}]}}],"volume_mounts":[{"name":"v","mountPath":"/v","readOnly":true}],
             "sidecars":[{"name":"s","image":"i","command":["a","b"],"envFrom":[{"secretRef":{"name":"k"}}],"securityContext":{"runAsUser":1}}]}
            """;

        var made = await api.CreateExternalAsync(sourceConfig: $$"""{"resource_spec":{{Sent}}}""");

        var spec = made.Body.GetProperty("source_config").GetProperty("resource_spec");
        Assert.Equal("a", spec.GetProperty("labels").GetProperty("team").GetString());
        Assert.Equal("""{"sizeLimit":"1Gi","nested":[1,{"x":null}]}""", spec.GetProperty("volumes")[0].GetProperty("emptyDir").GetRawText());
        Assert.True(spec.GetProperty("volume_mounts")[0].GetProperty("readOnly").GetBoolean());
        Assert.Equal("""["a","b"]""", spec.GetProperty("sidecars")[0].GetProperty("command").GetRawText());
        Assert.Equal("k", spec.GetProperty("sidecars")[0].GetProperty("envFrom")[0].GetProperty("secretRef").GetProperty("name").GetString());
        Assert.Equal(spec.GetRawText(), (await api.GetAsync($"/v2/deployments/{made.Id}")).Body.GetProperty("source_config").GetProperty("resource_spec").GetRawText());
    }
}
