using System.Collections;
using Pilothouse.Builds.Sandbox;
using Xunit;

namespace Pilothouse.Builds.Tests.Sandbox;

public sealed class PackageSourcesTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("pilothouse-home-").FullName;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public void Only_where_packages_come_from_is_taken()
    {
        var sources = Of(
            ("npm_config_registry", "http://r/"), ("NPM_CONFIG_STRICT_SSL", "false"), ("PIP_INDEX_URL", "http://i/"), ("UV_FIND_LINKS", _home), ("HTTPS_PROXY", "http://p/"), ("no_proxy", "x"),
            ("SSL_CERT_FILE", Path.Combine(_home, "ca.pem")), ("npm_config_cache", "/srv/dev/.npm"), ("NPM_CONFIG_PREFIX", "/usr"), ("PIP_TARGET", "/x"), ("UV_CACHE_DIR", "/x"),
            ("AWS_SECRET_ACCESS_KEY", "s"), ("PILOTHOUSE_BOOTSTRAP_KEY", "s"), ("NODE_OPTIONS", "--require x"), ("LD_PRELOAD", "x"));

        Assert.Equal(
            ["HTTPS_PROXY", "NPM_CONFIG_STRICT_SSL", "PIP_INDEX_URL", "SSL_CERT_FILE", "UV_FIND_LINKS", "YARN_NPM_REGISTRY_SERVER", "no_proxy", "npm_config_registry"],
            sources.Variables.Keys.Order(StringComparer.Ordinal));
        Assert.Equal([_home], sources.Paths);
    }

    [Fact]
    public void Settings_in_the_operators_home_are_found_again_in_the_builds()
    {
        File.WriteAllText(Path.Combine(_home, ".npmrc"), "registry=http://from-home/\n//from-home/:_authToken=abc\n");
        Directory.CreateDirectory(Path.Combine(_home, ".config", "pip"));
        File.WriteAllText(Path.Combine(_home, ".config", "pip", "pip.conf"), "[global]");
        var build = Directory.CreateDirectory(Path.Combine(_home, "build")).FullName;

        var sources = Of();
        sources.CopyHomeFiles(build);

        Assert.Equal("http://from-home/", sources.Variables["YARN_NPM_REGISTRY_SERVER"]);
        Assert.Equal("registry=http://from-home/\n//from-home/:_authToken=abc\n", File.ReadAllText(Path.Combine(build, ".npmrc")));
        Assert.True(File.Exists(Path.Combine(build, ".config", "pip", "pip.conf")));
    }

    [Fact]
    public void Fingerprint_changes_with_the_source_and_not_with_the_way_or_the_token()
    {
        File.WriteAllText(Path.Combine(_home, ".npmrc"), "registry=http://a/\n//a/:_authToken=1\n");
        var first = Of(("PIP_INDEX_URL", "http://i/")).Fingerprint;

        File.WriteAllText(Path.Combine(_home, ".npmrc"), "registry=http://a/\n//a/:_authToken=2\n");
        Assert.Equal(first, Of(("PIP_INDEX_URL", "http://i/"), ("HTTPS_PROXY", "http://p/")).Fingerprint);
        Assert.NotEqual(first, Of(("PIP_INDEX_URL", "http://other/")).Fingerprint);

        File.WriteAllText(Path.Combine(_home, ".npmrc"), "registry=http://b/\n");
        Assert.NotEqual(first, Of(("PIP_INDEX_URL", "http://i/")).Fingerprint);
    }

    [Fact]
    public void What_a_command_sets_itself_wins_under_any_spelling()
    {
        var sources = Of(("NPM_CONFIG_FUND", "true"), ("npm_config_audit", "true"));

        Assert.Equal(["npm_config_audit"], sources.Except(new Dictionary<string, string> { ["npm_config_fund"] = "false" }).Select(pair => pair.Key));
    }

    private PackageSources Of(params (string Name, string Value)[] variables)
    {
        var environment = new Hashtable();
        foreach (var (name, value) in variables) environment[name] = value;
        return PackageSources.Of(environment, _home);
    }
}
