using System.Text;
using Microsoft.AspNetCore.Http;
using Pilothouse.Control.Errors;
using Xunit;

namespace Pilothouse.Control.Tests.Errors;

public sealed class BodyReaderTests
{
    private static readonly string[] s_types = ["dev", "prod", "dev_free"];

    [Fact]
    public async Task All_faults_of_a_body_are_collected_at_once()
    {
        var (body, faults) = await ReadAsync("""{"source_config":{"deployment_type":"huge","listener_id":"x"},"secrets":"none"}""");

        body.Text("source");
        var config = body.Object("source_config");
        config.OptionalChoice("deployment_type", s_types);
        config.OptionalUuid("listener_id");
        body.Object("source_revision_config").Text("never_reached");
        body.Objects("secrets");

        Assert.Equal(
            [
                "missing body.source Field required",
                "enum body.source_config.deployment_type Input should be 'dev', 'prod' or 'dev_free'",
                "uuid_parsing body.source_config.listener_id Input should be a valid UUID, invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], found `x` at 1",
                "missing body.source_revision_config Field required",
                "list_type body.secrets Input should be a valid list",
            ],
            Words(faults));
    }

    [Theory]
    [InlineData("""{"f":1}""", "string_type", "Input should be a valid string")]
    [InlineData("""{"f":null}""", "string_type", "Input should be a valid string")]
    [InlineData("""{"f":"\ud800"}""", "string_unicode", "Input should be a valid string, unable to parse raw data as a unicode string")]
    [InlineData("""{"f":"123456"}""", "string_too_long", "String should have at most 5 characters")]
    [InlineData("{}", "missing", "Field required")]
    public async Task Text_says_what_is_wrong(string json, string type, string message)
    {
        var (body, faults) = await ReadAsync(json);

        body.Text("f", maxLength: 5);

        Assert.Equal([$"{type} body.f {message}"], Words(faults));
    }

    [Theory]
    [InlineData("0", "greater_than_equal", "Input should be greater than or equal to 1")]
    [InlineData("101", "less_than_equal", "Input should be less than or equal to 100")]
    [InlineData("1e400", "int_parsing", "Input should be a valid integer, unable to parse string as an integer")]
    [InlineData("1.5", "int_from_float", "Input should be a valid integer, got a number with a fractional part")]
    [InlineData("\"many\"", "int_parsing", "Input should be a valid integer, unable to parse string as an integer")]
    [InlineData("[]", "int_type", "Input should be a valid integer")]
    public async Task Integers_say_what_is_wrong(string value, string type, string message)
    {
        var (body, faults) = await ReadAsync($$"""{"f":{{value}}}""");

        body.OptionalInt("f", min: 1, max: 100);

        Assert.Equal([$"{type} body.f {message}"], Words(faults));
    }

    [Fact]
    public async Task Good_values_are_read_as_pydantic_reads_them()
    {
        var id = Guid.NewGuid();
        var (body, faults) = await ReadAsync(
            $$"""{"t":"a","t":"b","i":"7","b":"yes","u":"{{id:N}}","n":0.5,"o":{"x":1},"l":["p","q"],"z":null,"more":1}""");

        Assert.Equal("b", body.Text("t"));
        Assert.Equal(7, body.OptionalInt("i"));
        Assert.True(body.OptionalBool("b"));
        Assert.Equal(id, body.OptionalUuid("u"));
        Assert.Equal(0.5, body.OptionalNumber("n"));
        Assert.Equal("""{"x":1}""", body.OptionalAnyObject("o")!.Value.GetRawText());
        Assert.Equal(["p", "q"], body.OptionalTexts("l")!);
        Assert.Null(body.OptionalText("z"));
        Assert.True(body.Has("z") && body.IsNull("z") && !body.Has("absent"));
        Assert.False(faults.Any);
    }

    [Fact]
    public async Task Faults_in_lists_name_the_index_and_never_echo_a_secret()
    {
        var (body, faults) = await ReadAsync("""{"secrets":[{"name":"A","value":"x"},{"name":5,"value":12345678},7]}""");

        foreach (var secret in body.Objects("secrets"))
        {
            secret.Text("name");
            secret.Text("value", isSecret: true);
        }

        Assert.Equal(
            [
                "model_attributes_type body.secrets.2 Input should be a valid dictionary or object to extract fields from",
                "string_type body.secrets.1.name Input should be a valid string",
                "string_type body.secrets.1.value Input should be a valid string",
            ],
            Words(faults));
        Assert.DoesNotContain(faults.List, fault => fault.Input?.GetRawText().Contains("12345678", StringComparison.Ordinal) ?? false);
    }

    [Theory]
    [InlineData("{\"a\":", "json_invalid body.5 JSON decode error")]
    [InlineData("nonsense", "json_invalid body.1 JSON decode error")]
    [InlineData("[]", "model_attributes_type body Input should be a valid dictionary or object to extract fields from")]
    [InlineData("\"text\"", "model_attributes_type body Input should be a valid dictionary or object to extract fields from")]
    [InlineData("", "missing body Field required")]
    [InlineData("null", "missing body Field required")]
    public async Task A_body_that_is_no_object_is_one_fault(string text, string expected)
    {
        var (body, faults) = await ReadAsync(text);

        body.Text("anything");

        Assert.Equal([expected], Words(faults));
    }

    [Fact]
    public async Task Hostile_bytes_are_faults_and_not_exceptions()
    {
        byte[][] bodies =
        [
            [.. "{\"a\":\""u8, 0xFF, 0xFE, .. "\"}"u8],
            [.. Enumerable.Repeat((byte)'[', 100_000)],
            [.. "{\"\\ud800\":1,\"a\":\"\\udfff\"}"u8],
            [0],
        ];

        foreach (var bytes in bodies)
        {
            var http = new DefaultHttpContext { Request = { Body = new MemoryStream(bytes) } };
            var faults = new RequestFaults();
            var body = await BodyReader.ReadAsync(http, faults, TestContext.Current.CancellationToken);
            body.Text("a");
            Assert.True(faults.Any);
        }
    }

    [Fact]
    public async Task A_body_above_the_limit_is_refused_while_it_is_read()
    {
        var http = new DefaultHttpContext { Request = { Body = new MemoryStream(new byte[JsonBody.MaxBytes + 1]) } };

        var refused = await Assert.ThrowsAsync<BadHttpRequestException>(
            () => BodyReader.ReadAsync(http, new RequestFaults(), TestContext.Current.CancellationToken));

        Assert.Equal(413, refused.StatusCode);
    }

    private static async Task<(BodyReader Body, RequestFaults Faults)> ReadAsync(string json)
    {
        var http = new DefaultHttpContext { Request = { Body = new MemoryStream(Encoding.UTF8.GetBytes(json)) } };
        var faults = new RequestFaults();
        return (await BodyReader.ReadAsync(http, faults, TestContext.Current.CancellationToken), faults);
    }

    private static IEnumerable<string> Words(RequestFaults faults) =>
        faults.List.Select(fault => $"{fault.Type} {string.Join('.', fault.Loc)} {fault.Msg}");
}
