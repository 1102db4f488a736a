using Pilothouse.Builds.Toolchains;
using Xunit;

namespace Pilothouse.Builds.Tests.Toolchains;

public sealed class UvSourcesTests
{
    [Fact]
    public void Settings_of_pip_are_said_to_uv()
    {
        var sources = UvSources.Of(new Dictionary<string, string>
        {
            ["PIP_INDEX_URL"] = "https://index.example/simple",
            ["PIP_EXTRA_INDEX_URL"] = "https://one.example https://two.example",
            ["PIP_FIND_LINKS"] = "/nowhere/at/all https://links.example",
            ["PIP_TRUSTED_HOST"] = "index.example",
            ["PIP_NO_INDEX"] = "yes",
            ["PIP_TIMEOUT"] = "5",
        });

        Assert.Equal(
            new Dictionary<string, string>
            {
                ["UV_DEFAULT_INDEX"] = "https://index.example/simple",
                ["UV_INDEX"] = "https://one.example https://two.example",
                ["UV_FIND_LINKS"] = "https://links.example",
                ["UV_INSECURE_HOST"] = "index.example",
            },
            sources.Environment);
        Assert.Equal(["--no-index"], sources.Arguments);
    }

    [Fact]
    public void Uvs_own_settings_win()
    {
        var sources = UvSources.Of(new Dictionary<string, string> { ["PIP_INDEX_URL"] = "https://pip.example", ["UV_INDEX_URL"] = "https://uv.example", ["PIP_NO_INDEX"] = "0" });

        Assert.Equal(new Dictionary<string, string> { ["UV_INDEX_URL"] = "https://uv.example" }, sources.Environment);
        Assert.Empty(sources.Arguments);
    }

    [Fact]
    public void Configuration_of_pip_in_a_project_stands_below_the_operators()
    {
        var operators = UvSources.Of(new Dictionary<string, string> { ["PIP_INDEX_URL"] = "https://operator.example" });

        var sources = operators.Over(["[global]", "index-url = https://project.example", "extra-index-url =", "    https://one.example", "    https://two.example", "; a comment", "no_index = true", "[list]", "format = x"], "/project");

        Assert.Equal("https://operator.example", sources.Environment["UV_DEFAULT_INDEX"]);
        Assert.Equal("https://one.example https://two.example", sources.Environment["UV_INDEX"]);
        Assert.Equal(["--no-index"], sources.Arguments);
    }
}
