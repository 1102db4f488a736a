using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Deployments;
using Pilothouse.Core.Deployments;
using Xunit;

namespace Pilothouse.Control.Tests.Deployments;

public sealed class FieldRulesTests
{
    [Theory]
    [InlineData("nginx")]
    [InlineData("nginx:1.27")]
    [InlineData("library/nginx")]
    [InlineData("localhost/agent")]
    [InlineData("localhost:5000/agent")]
    [InlineData("registry.corp:5000/team/agent:v1.0_x-y")]
    [InlineData("127.0.0.1:5000/a")]
    [InlineData("[::1]:5000/a")]
    [InlineData("Registry.Corp/a/b__c/d---e")]
    [InlineData("r.corp/a:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    [InlineData("a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    public void Image_references_that_registries_take(string reference) => Assert.True(ImageReference.IsValid(reference));

    [Theory]
    [InlineData("")]
    [InlineData("Nginx")]
    [InlineData("https://r.corp/a")]
    [InlineData("r.corp/Team/a")]
    [InlineData("r.corp/a:")]
    [InlineData("r.corp/a:.x")]
    [InlineData("r.corp/a@sha256:0123")]
    [InlineData("r.corp/a@sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef")]
    [InlineData("r.corp/a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0")]
    [InlineData("r.corp//a")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("-a")]
    [InlineData("a_")]
    [InlineData("a___b")]
    [InlineData("a b")]
    [InlineData("a\n")]
    [InlineData("a;reboot")]
    [InlineData("$(reboot)")]
    [InlineData("user:pw@r.corp/a")]
    [InlineData("r.corp:port/a")]
    [InlineData("--help")]
    public void Image_references_that_are_none(string reference) => Assert.False(ImageReference.IsValid(reference));

    [Fact]
    public void Image_reference_ends_in_time_and_has_a_limit()
    {
        Assert.False(ImageReference.IsValid(new string('a', 256)));
        Assert.True(ImageReference.IsValid(new string('a', 255)));
        Assert.False(ImageReference.IsValid($"{new string('a', 500)}!"));
        Assert.False(ImageReference.IsValid($"r.corp/{string.Concat(Enumerable.Repeat("a-", 250))}"));
    }

    [Theory]
    [InlineData("langgraph.json")]
    [InlineData("app/langgraph.json")]
    [InlineData("./app/langgraph.prod.json")]
    [InlineData("a b/ü/langgraph.json")]
    [InlineData("..app/...json")]
    public void Config_paths_inside_the_source(string path) => Assert.Null(FieldRules.ConfigPath(path));

    [Theory]
    [InlineData("")]
    [InlineData("/etc/langgraph.json")]
    [InlineData("../langgraph.json")]
    [InlineData("a/../../langgraph.json")]
    [InlineData("a/..")]
    [InlineData("a//b")]
    [InlineData("a/./b")]
    [InlineData("a/")]
    [InlineData(".")]
    [InlineData("./")]
    [InlineData("..\\langgraph.json")]
    [InlineData("C:\\langgraph.json")]
    [InlineData("a\0b")]
    [InlineData("a\nb")]
    [InlineData("a\rb")]
    [InlineData("-oProxyCommand=x")]
    [InlineData("--upload-pack=x")]
    [InlineData("~/langgraph.json")]
    public void Config_paths_that_are_hostile(string path) => Assert.NotNull(FieldRules.ConfigPath(path));

    [Fact]
    public void Config_paths_are_bounded()
    {
        Assert.NotNull(FieldRules.ConfigPath(new string('a', 256)));
        Assert.NotNull(FieldRules.ConfigPath(string.Join('/', Enumerable.Repeat("abcd", 300))));
    }

    [Theory]
    [InlineData("npm ci")]
    [InlineData("npm ci && npm run build")]
    [InlineData("a &&&& b")]
    [InlineData("NODE_ENV=production yarn (x) {y} 'z' * ? #")]
    public void Commands_that_are_taken(string command) => Assert.Null(FieldRules.Command(command, "install_command"));

    [Theory]
    [InlineData("a \" b")]
    [InlineData("a ` b")]
    [InlineData("a \\ b")]
    [InlineData("a \n b")]
    [InlineData("a \r b")]
    [InlineData("a \0 b")]
    [InlineData("a \t b")]
    [InlineData("a | b")]
    [InlineData("a ; b")]
    [InlineData("a $ b")]
    [InlineData("a > b")]
    [InlineData("a < b")]
    [InlineData("a & b")]
    [InlineData("a &&& b")]
    [InlineData("a &")]
    [InlineData("& a")]
    [InlineData("a && b & c")]
    public void Commands_with_banned_characters(string command) =>
        Assert.Equal("install_command contains disallowed characters or patterns.", FieldRules.Command(command, "install_command"));

    [Theory]
    [InlineData("main")]
    [InlineData("feature/a-b_c.d")]
    [InlineData("refs/tags/v1.0.0")]
    [InlineData("ü")]
    [InlineData("@me/topic")]
    [InlineData("a@b")]
    [InlineData("release./next")]
    [InlineData("a/-b")]
    [InlineData("lock")]
    public void Refs_that_git_takes(string name) => Assert.Null(FieldRules.RepoRef(name));

    [Theory]
    [InlineData("")]
    [InlineData("-u")]
    [InlineData("--upload-pack=x")]
    [InlineData("a..b")]
    [InlineData("a b")]
    [InlineData("a\nb")]
    [InlineData("a~1")]
    [InlineData("a^")]
    [InlineData("a:b")]
    [InlineData("a?")]
    [InlineData("a*")]
    [InlineData("a[")]
    [InlineData("a\\b")]
    [InlineData("a@{1}")]
    [InlineData("@")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData("a/.b")]
    [InlineData("a.lock")]
    [InlineData("a.")]
    [InlineData(".a")]
    [InlineData("a.lock/b")]
    [InlineData("refs/tags/")]
    [InlineData("HEAD")]
    [InlineData("a\u007fb")]
    [InlineData("a\0")]
    public void Refs_that_git_refuses(string name) => Assert.NotNull(FieldRules.RepoRef(name));

    [Theory]
    [InlineData("https://github.com/o/r", true)]
    [InlineData("http://github.com/o/r", false)]
    [InlineData("https://u:p@github.com/o/r", false)]
    [InlineData("https://github.com/", false)]
    [InlineData("ssh://git@github.com/o/r", false)]
    [InlineData("ext::sh -c x", false)]
    [InlineData("file:///etc", false)]
    [InlineData("https://github.com/o/r\n.evil.example", false)]
    [InlineData("https:///o/r", false)]
    [InlineData("--upload-pack=x", false)]
    public void Repositories_are_https_without_credentials(string url, bool isGood) => Assert.Equal(isGood, FieldRules.RepoUrl(url) is null);

    [Theory]
    [InlineData("https://agent.corp", true)]
    [InlineData("http://127.0.0.1:8080/base", true)]
    [InlineData("javascript:alert(1)", false)]
    [InlineData("https:agent.corp", false)]
    [InlineData("//agent.corp", false)]
    [InlineData("https://agent.corp/?a", false)]
    [InlineData("https://agent.corp/#a", false)]
    [InlineData("https://u@agent.corp", false)]
    [InlineData("https://agent.corp/<script>", false)]
    [InlineData("agent", false)]
    public void Custom_urls_are_plain(string url, bool isGood) => Assert.Equal(isGood, FieldRules.CustomUrl(url) is null);

    [Theory]
    [InlineData("google-adk:1.2.3", true)]
    [InlineData("google-adk:>=1.0", true)]
    [InlineData("google-adk:>=1.0,<2", true)]
    [InlineData("google-adk:unknown", true)]
    [InlineData("google-adk:", false)]
    [InlineData("google-adk", false)]
    [InlineData(":1", false)]
    [InlineData("Google-ADK:1", false)]
    [InlineData("google-adk:1\n", false)]
    [InlineData("google-adk:$(x)", false)]
    public void Tracked_packages(string entry, bool isGood) => Assert.Equal(isGood, FieldRules.TrackedPackage(entry, 0) is null);

    [Theory]
    [InlineData("support", "production", "support-production")]
    [InlineData("Support Bot", "staging", "support-bot-bd2d5e4e-staging")]
    [InlineData("42", "development", null)]
    [InlineData("-", "production", null)]
    [InlineData("0193aaaa-0000-7000-8000-000000000000", "development", null)]
    [InlineData("äöü/../x", "staging", null)]
    public void Agents_get_names_that_are_good_and_their_own(string agent, string environment, string? first)
    {
        var names = AgentNames.Candidates(new AgentReference(agent, environment));

        if (first is not null && agent == "support") Assert.Equal(first, names[0]);
        Assert.All(names, name => Assert.Null(FieldRules.DeploymentName(name)));
        Assert.All(names, name => Assert.EndsWith($"-{environment}", name, StringComparison.Ordinal));
        Assert.DoesNotContain(names[^1], AgentNames.Candidates(new AgentReference($"{agent}x", environment)));
        Assert.All(names, name => Assert.True(RouteLabel.Of(name, Core.DeploymentId.New()).Length <= 63));
    }
}
