using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Pilothouse.EndToEnd.World;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Contract.Tests.Outside;

/// <summary>Prism in front of a server: requests and answers that break the contract file become errors of its own.</summary>
internal sealed class ValidatingProxy : IAsyncDisposable
{
    private const string Version = "5.16.0";
    private readonly Process _process;
    private readonly HttpClient _through;
    private readonly HttpClient _beside;

    private ValidatingProxy(Process process, RunningServer server, Uri address)
    {
        _process = process;
        _through = server.Client();
        _through.BaseAddress = address;
        _beside = server.Client();
    }

    /// <summary>Calls that went through without a violation.</summary>
    public int Calls { get; private set; }

    public static async Task<ValidatingProxy> StartAsync(RunningServer server)
    {
        var programs = await Programs.NodeAsync("@stoplight/prism-cli", Version);
        var address = new Uri($"http://127.0.0.1:{FreePort.Take()}");
        var contract = Path.Combine(AppContext.BaseDirectory, "contract", "control-plane.openapi.json");
        var process = Process.Start(Programs.Start(
            Path.Combine(programs, "prism"),
            ["proxy", contract, server.Address.AbsoluteUri.TrimEnd('/'), "--errors", "--host", address.Host, "--port", $"{address.Port}"]))!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var proxy = new ValidatingProxy(process, server, address);
        await proxy.UntilItAnswersAsync();
        return proxy;
    }

    /// <summary>Through the proxy.</summary>
    /// <param name="wanted">The status that the server is to give; a violation gives another, and says which it is.</param>
    public Task<JsonNode?> SendAsync(HttpMethod method, string path, object? body = null, int wanted = 200)
    {
        Calls++;
        return SendAsync(_through, method, path, body, wanted);
    }

    /// <summary>Straight to the server, for what the contract file does not list.</summary>
    public Task<JsonNode?> BesideAsync(HttpMethod method, string path, object? body = null) => SendAsync(_beside, method, path, body, wanted: 200);

    public static async Task PutAsync(string url, byte[] archive)
    {
        using var bare = new HttpClient();
        using var content = new ByteArrayContent(archive);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/gzip");
        using var answer = await bare.PutAsync(new Uri(url), content, Repository.Cancel);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Repository.Cancel));
    }

    public async ValueTask DisposeAsync()
    {
        _through.Dispose();
        _beside.Dispose();
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private static async Task<JsonNode?> SendAsync(HttpClient http, HttpMethod method, string path, object? body, int wanted)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = JsonContent.Create(body);
        using var answer = await http.SendAsync(request, Repository.Cancel);
        var text = await answer.Content.ReadAsStringAsync(Repository.Cancel);
        Assert.False(text.Contains("stoplight.io/prism/errors", StringComparison.Ordinal) || answer.Headers.Contains("sl-violations"), $"{method} {path} breaks the contract: {text}");
        Assert.True((int)answer.StatusCode == wanted, $"{method} {path}: {(int)answer.StatusCode}, not {wanted}: {text}");
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }

    private Task<bool> UntilItAnswersAsync() => Eventually.ReadAsync(
        async () =>
        {
            try
            {
                using var answer = await _through.GetAsync(new Uri("/", UriKind.Relative), Repository.Cancel);
                return true;
            }
            catch (HttpRequestException)
            {
                Assert.False(_process.HasExited, "The proxy ended.");
                return false;
            }
        },
        answers => answers);
}
