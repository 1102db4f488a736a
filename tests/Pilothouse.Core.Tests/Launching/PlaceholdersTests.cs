using Pilothouse.Core.Launching;
using Xunit;

namespace Pilothouse.Core.Tests.Launching;

public sealed class PlaceholdersTests
{
    private static readonly LaunchSite s_site = new("/data/artifacts/ab", "/data/state/1", "/cache/toolchains", "127.0.0.1", 20_001);

    [Theory]
    [InlineData("${artifact}/src/app", "/data/artifacts/ab/src/app")]
    [InlineData("${state}", "/data/state/1")]
    [InlineData("${toolchain}/node/22.1.0/bin/node", "/cache/toolchains/node/22.1.0/bin/node")]
    [InlineData("http://${host}:${port}/", "http://127.0.0.1:20001/")]
    [InlineData("""{"port":${port},"again":${port}}""", """{"port":20001,"again":20001}""")]
    public void Each_placeholder_becomes_what_the_site_says(string text, string expanded) =>
        Assert.Equal(expanded, Placeholders.Expand(text, s_site));

    [Theory]
    [InlineData("")]
    [InlineData("$port ${PORT} ${ port } ${home} $(port) %port%")]
    public void Anything_else_stays_as_it_is(string text) => Assert.Equal(text, Placeholders.Expand(text, s_site));
}
