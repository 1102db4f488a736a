using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Listeners;

namespace Pilothouse.Control.Tracing;

/// <summary>The tracing API did not do what was asked; safe to retry.</summary>
internal sealed class TracingUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// The little of LangSmith's API that is needed here. Projects are called sessions in it: <c>GET {endpoint}/sessions?name=…</c> answers a list of
/// objects with <c>id</c> and <c>name</c>, <c>DELETE {endpoint}/sessions/{id}</c> removes one with its traces. Same endpoint as agents get.
/// </summary>
internal sealed class TracingApi(IOptions<TracingOptions> options) : IDisposable
{
    private const long MaxAnswerBytes = 4 * 1024 * 1024;

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
    {
        Timeout = TimeSpan.FromSeconds(30),
        MaxResponseContentBufferSize = MaxAnswerBytes,
    };

    public bool IsConfigured => !string.IsNullOrEmpty(options.Value.Endpoint);

    /// <summary>Null: there is no project of exactly this name.</summary>
    /// <exception cref="TracingUnavailableException">No usable answer.</exception>
    public async Task<Guid?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var (status, body) = await SendAsync(HttpMethod.Get, $"/sessions?name={Uri.EscapeDataString(name)}", cancellationToken);
        if (status == HttpStatusCode.NotFound) return null;
        if (status != HttpStatusCode.OK) throw new TracingUnavailableException($"The tracing API answered {(int)status} to the look-up of a project.");
        try
        {
            using var document = JsonDocument.Parse(body);
            foreach (var project in document.RootElement.EnumerateArray())
            {
                if (project.GetProperty("name").ValueEquals(name)) return project.GetProperty("id").GetGuid();
            }

            return null;
        }
        catch (Exception strange) when (strange is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new TracingUnavailableException("The tracing API's list of projects is not one.", strange);
        }
    }

    /// <summary>Deleting what is gone is fine.</summary>
    /// <exception cref="TracingUnavailableException">It was refused, or nobody answered.</exception>
    public async Task DeleteAsync(Guid project, CancellationToken cancellationToken)
    {
        var (status, _) = await SendAsync(HttpMethod.Delete, $"/sessions/{project}", cancellationToken);
        if ((int)status is < 200 or > 299 && status != HttpStatusCode.NotFound)
            throw new TracingUnavailableException($"The tracing API answered {(int)status} to the deletion of project {project}.");
    }

    public void Dispose() => _http.Dispose();

    private async Task<(HttpStatusCode Status, byte[] Body)> SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, options.Value.Endpoint!.TrimEnd('/') + path);
        if (options.Value.ApiKeyVariable is { } variable && Environment.GetEnvironmentVariable(variable) is { Length: > 0 } key)
            request.Headers.TryAddWithoutValidation("X-Api-Key", key);
        try
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellationToken));
        }
        catch (HttpRequestException silent)
        {
            throw new TracingUnavailableException("The tracing API does not answer: look at Tracing:Endpoint.", silent);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TracingUnavailableException($"The tracing API did not answer within {_http.Timeout.TotalSeconds} s.", late);
        }
    }
}
