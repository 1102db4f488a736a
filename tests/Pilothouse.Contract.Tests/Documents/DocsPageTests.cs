using System.Net;
using System.Text.RegularExpressions;
using Pilothouse.Contract.Tests.World;
using Xunit;

namespace Pilothouse.Contract.Tests.Documents;

/// <summary>The page comes from here alone: what it loads is relative, and its policy lets a browser reach no other host.</summary>
public sealed partial class DocsPageTests(ContractHost host) : IClassFixture<ContractHost>
{
    [Theory]
    [InlineData("/docs")]
    [InlineData("/docs/")]
    [InlineData("/api-host/docs")]
    [InlineData("/api-host/docs/")]
    public async Task Page_and_all_it_loads_come_from_here(string path)
    {
        using var http = host.Client(key: null);
        var (page, at) = await PageAsync(http, new Uri(host.Address, path));
        var loaded = Loaded().Matches(page).Select(match => match.Groups["url"].Value).Where(url => !url.StartsWith("data:", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(loaded);
        Assert.DoesNotContain("//", page.Replace(" // ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("openapi.json", page, StringComparison.Ordinal);
        foreach (var url in loaded)
        {
            using var answer = await http.GetAsync(new Uri(at, url), ContractHost.Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(host.Address.Port, answer.RequestMessage!.RequestUri!.Port);
        }
    }

    [Theory]
    [InlineData("/docs/")]
    [InlineData("/api-host/docs/")]
    public async Task A_browser_may_reach_no_other_host(string path)
    {
        using var http = host.Client(key: null);
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), ContractHost.Cancel);
        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));

        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        var sources = policy.Split([';', ' '], StringSplitOptions.RemoveEmptyEntries).Where(word => !word.EndsWith("-src", StringComparison.Ordinal));
        Assert.All(sources, word => Assert.Contains(
            word, (string[])["'none'", "'self'", "'unsafe-inline'", "data:", "blob:", "base-uri", "form-action", "frame-ancestors"]));
    }

    /// <summary>The page may be below a redirect that adds a slash.</summary>
    private static async Task<(string Page, Uri At)> PageAsync(HttpClient http, Uri at)
    {
        using var answer = await http.GetAsync(at, ContractHost.Cancel);
        if (answer.Headers.Location is { } location) return await PageAsync(http, new Uri(at, location));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (await answer.Content.ReadAsStringAsync(ContractHost.Cancel), at);
    }

    [GeneratedRegex("""(?:src|href)="(?<url>[^"]+)"|(?:import|from)\s*\(?\s*['"](?<url>[^'"]+)['"]""", RegexOptions.ExplicitCapture)]
    private static partial Regex Loaded();
}
