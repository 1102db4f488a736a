using Pilothouse.Cli.Deploy;
using Xunit;

namespace Pilothouse.Cli.Tests.Deploy;

public sealed class EnvFileTests
{
    [Theory]
    [InlineData("A=1", "1")]
    [InlineData("export A=1", "1")]
    [InlineData("  A = 1  ", "1")]
    [InlineData("A=", "")]
    [InlineData("A=a=b=c", "a=b=c")]
    [InlineData("A=1 # note", "1")]
    [InlineData("A=1#2", "1#2")]
    [InlineData("A= # note", "")]
    [InlineData("A=\"1 # 2\" # note", "1 # 2")]
    [InlineData("A='1 # 2'", "1 # 2")]
    [InlineData("A=\"one\\ntwo\"", "one\ntwo")]
    [InlineData("A='one\\ntwo'", "one\\ntwo")]
    [InlineData("A=\"one\ntwo\n\"", "one\ntwo\n")]
    [InlineData("A=\"say \\\"hi\\\"\"", "say \"hi\"")]
    [InlineData("A='it\\'s'", "it's")]
    [InlineData("A=don't", "don't")]
    [InlineData("A='", "'")]
    [InlineData("A=\"", "\"")]
    [InlineData("A='open", "'open")]
    [InlineData("A=${HOME_}/x", "/srv/x")]
    [InlineData("A=\"${HOME_}\"", "/srv")]
    [InlineData("A='${HOME_}'", "${HOME_}")]
    [InlineData("A=\"\\${HOME_}\"", "${HOME_}")]
    [InlineData("A=${NOT}", "")]
    [InlineData("A=${NOT:-else}", "else")]
    [InlineData("A=\"${NOT:-else}\"", "else")]
    [InlineData("B=in\nA=${B}", "in")]
    [InlineData("A=$B$", "$B$")]
    [InlineData("A=1\nA=2", "2")]
    [InlineData("# A=0\r\nA=1\r\nB=2\r\n", "1")]
    [InlineData("A=\"x\r\ny\"\r\n", "x\ny")]
    [InlineData("A=ünï", "ünï")]
    public void File_reads_as_dotenv_does(string text, string value) =>
        Assert.Equal(value, EnvFile.Parse(text, name => name is "HOME_" ? "/srv" : null)["A"]);

    [Fact]
    public void What_is_no_assignment_is_left_out()
    {
        Assert.Empty(EnvFile.Parse("# A=1\n\nA\n1A=2\n=3\n", _ => null));
    }

    [Fact]
    public void Lines_inside_quotes_are_no_assignments()
    {
        var variables = EnvFile.Parse("KEY=\"-----BEGIN\nB=1\n-----END\"\nC=2", _ => null);

        Assert.Equal(["KEY", "C"], variables.Keys);
    }
}
