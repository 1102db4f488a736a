using Pilothouse.Cli.Connecting;
using Xunit;

namespace Pilothouse.Cli.Tests.Connecting;

public sealed class ControlPlaneChoiceTests
{
    /// <summary>Everything that can say something says it; each row takes away what won before.</summary>
    [Theory]
    [InlineData("", "key-option")]
    [InlineData("--api-key", "PILOTHOUSE_API_KEY")]
    [InlineData("--api-key PILOTHOUSE_API_KEY", "LANGGRAPH_HOST_API_KEY")]
    [InlineData("--api-key PILOTHOUSE_API_KEY LANGGRAPH_HOST_API_KEY", "file:LANGGRAPH_HOST_API_KEY")]
    [InlineData("--api-key PILOTHOUSE_API_KEY LANGGRAPH_HOST_API_KEY file:LANGGRAPH_HOST_API_KEY", "own")]
    [InlineData("--api-key PILOTHOUSE_API_KEY LANGGRAPH_HOST_API_KEY file:LANGGRAPH_HOST_API_KEY own", "file:LANGSMITH_API_KEY")]
    [InlineData("--api-key PILOTHOUSE_API_KEY LANGGRAPH_HOST_API_KEY file:LANGGRAPH_HOST_API_KEY own file:LANGSMITH_API_KEY", "LANGSMITH_API_KEY")]
    [InlineData("--api-key PILOTHOUSE_API_KEY LANGGRAPH_HOST_API_KEY file:LANGGRAPH_HOST_API_KEY own file:LANGSMITH_API_KEY LANGSMITH_API_KEY", "file:LANGCHAIN_API_KEY")]
    [InlineData("--api-key PILOTHOUSE_API_KEY LANGGRAPH_HOST_API_KEY file:LANGGRAPH_HOST_API_KEY own file:LANGSMITH_API_KEY LANGSMITH_API_KEY file:LANGCHAIN_API_KEY", "LANGCHAIN_API_KEY")]
    public void Keys_are_taken_in_this_order(string without, string key)
    {
        var missing = without.Split(' ');
        var around = new Surroundings(
            name => name.EndsWith("_KEY", StringComparison.Ordinal) && !missing.Contains(name) ? name : null,
            new[] { "LANGGRAPH_HOST_API_KEY", "LANGSMITH_API_KEY", "LANGCHAIN_API_KEY" }.Where(name => !missing.Contains($"file:{name}")).ToDictionary(name => name, name => $"file:{name}"));

        Assert.Equal(key, ControlPlaneChoice.Of(null, missing.Contains("--api-key") ? null : "key-option", null, around, () => missing.Contains("own") ? null : "own").Key);
    }

    [Theory]
    [InlineData("", "", "http://127.0.0.1:8787/")]
    [InlineData("LANGSMITH_ENDPOINT=https://smith.corp/api/v1", "", "https://smith.corp/api-host")]
    [InlineData("LANGSMITH_ENDPOINT=https://smith.corp/ls/api/", "", "https://smith.corp/ls/api-host")]
    [InlineData("LANGSMITH_ENDPOINT=https://smith.corp", "", "https://smith.corp/api-host")]
    [InlineData("LANGSMITH_ENDPOINT=https://a", "LANGSMITH_ENDPOINT=https://b", "https://b/api-host")]
    [InlineData("LANGSMITH_ENDPOINT=https://eu.api.smith.langchain.com", "", "http://127.0.0.1:8787/")]
    [InlineData("LANGSMITH_ENDPOINT=https://a;PILOTHOUSE_API_KEY=ours", "", "http://127.0.0.1:8787/")]
    [InlineData("LANGSMITH_ENDPOINT=https://a;LANGGRAPH_HOST_URL=https://c/api-host", "", "https://c/api-host")]
    [InlineData("LANGSMITH_ENDPOINT=https://a", "LANGGRAPH_HOST_URL=https://c/api-host", "https://a/api-host")]
    [InlineData("LANGGRAPH_HOST_URL=https://c;PILOTHOUSE_URL=https://d", "", "https://d/")]
    public void Addresses_are_taken_in_the_order_of_the_official_client(string process, string file, string address)
    {
        var around = Around($"{process};LANGSMITH_API_KEY=k", file);

        Assert.Equal(address, ControlPlaneChoice.Of(null, null, null, around, () => null).Address.AbsoluteUri);
        Assert.Equal("https://e/", ControlPlaneChoice.Of("https://e", null, null, around, () => null).Address.AbsoluteUri);
    }

    [Theory]
    [InlineData("LANGSMITH_TENANT_ID=a", "LANGSMITH_TENANT_ID=b", "b")]
    [InlineData("LANGSMITH_TENANT_ID=a", "", "a")]
    [InlineData("LANGSMITH_TENANT_ID=a;PILOTHOUSE_WORKSPACE=c", "LANGSMITH_TENANT_ID=b", "c")]
    [InlineData("LANGSMITH_TENANT_ID=a;PILOTHOUSE_API_KEY=ours", "", null)]
    [InlineData("LANGSMITH_WORKSPACE_ID=a", "", null)]
    public void Workspace_is_taken_from_the_file_first(string process, string file, string? workspace)
    {
        var around = Around($"LANGSMITH_API_KEY=k;{process}", file);

        Assert.Equal(workspace, ControlPlaneChoice.Of(null, null, null, around, () => null).Workspace);
        Assert.Equal("option", ControlPlaneChoice.Of(null, null, "option", around, () => null).Workspace);
    }

    [Fact]
    public void Own_key_goes_to_this_machine_alone()
    {
        var around = Around("PILOTHOUSE_URL=https://elsewhere", "");

        var refused = Assert.Throws<MisuseException>(() => ControlPlaneChoice.Of(null, null, null, around, () => "own"));

        Assert.Contains("https://elsewhere", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Address_that_is_none_names_the_variable_it_came_from()
    {
        var refused = Assert.Throws<MisuseException>(() => ControlPlaneChoice.Of(null, "k", null, Around("LANGGRAPH_HOST_URL=localhost:8787", ""), () => null));

        Assert.Contains("LANGGRAPH_HOST_URL", refused.Message, StringComparison.Ordinal);
    }

    private static Surroundings Around(string process, string file)
    {
        var variables = Parse(process);
        return new Surroundings(name => variables.GetValueOrDefault(name), Parse(file));
    }

    private static Dictionary<string, string> Parse(string text) =>
        text.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(one => one.Split('=', 2)).ToDictionary(one => one[0], one => one[1]);
}
