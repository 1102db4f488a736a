using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Xunit;

namespace Pilothouse.EndToEnd.World;

/// <summary>A deployed agent, called at its URL. <c>N steps of M ms</c> makes the sample agents work that long.</summary>
public sealed class Agent(string url, string? key)
{
    /// <summary>Base address ends with a slash: paths are relative.</summary>
    public HttpClient Http { get; } = Client(url, key);

    public Uri Url { get; } = new(url.TrimEnd('/') + "/");

    /// <returns>The text of the last message.</returns>
    public async Task<string> AskAsync(string text, string? thread = null)
    {
        using var answer = await Http.PostAsJsonAsync(thread is null ? "runs/wait" : $"threads/{thread}/runs/wait", Run(text), Repository.Cancel);
        var body = await answer.Content.ReadAsStringAsync(Repository.Cancel);
        Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode} {body}");
        return JsonDocument.Parse(body).RootElement.GetProperty("messages").EnumerateArray().Last().GetProperty("content").GetString()!;
    }

    /// <summary>Begins a run that nobody is connected to.</summary>
    public async Task BeginAsync(string text, string thread)
    {
        using var answer = await Http.PostAsJsonAsync($"threads/{thread}/runs", Run(text), Repository.Cancel);
        Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(Repository.Cancel)}");
    }

    public async Task<string> NewThreadAsync()
    {
        using var answer = await Http.PostAsJsonAsync("threads", new { }, Repository.Cancel);
        var body = await answer.Content.ReadAsStringAsync(Repository.Cancel);
        Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode} {body}");
        return JsonDocument.Parse(body).RootElement.GetProperty("thread_id").GetString()!;
    }

    /// <summary>The texts of a thread's messages.</summary>
    public async Task<IReadOnlyList<string>> MessagesAsync(string thread)
    {
        var state = await Http.GetFromJsonAsync<JsonElement>($"threads/{thread}/state", Repository.Cancel);
        return state.GetProperty("values").TryGetProperty("messages", out var messages)
            ? [.. messages.EnumerateArray().Select(message => message.GetProperty("content").GetString()!)]
            : [];
    }

    /// <summary>Lines of a server-sent event stream as they come.</summary>
    public async IAsyncEnumerable<string> StreamAsync(string text, string? thread = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, thread is null ? "runs/stream" : $"threads/{thread}/runs/stream");
        request.Content = JsonContent.Create(Run(text));
        using var answer = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        answer.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken));
        while (await reader.ReadLineAsync(cancellationToken) is { } line) yield return line;
    }

    public static object Run(string text) => new
    {
        assistant_id = "agent",
        input = new { messages = new[] { new { role = "user", content = text } } },
        stream_mode = new[] { "values", "custom" },
    };

    private static HttpClient Client(string url, string? key)
    {
        var client = new HttpClient { BaseAddress = new Uri(url.TrimEnd('/') + "/"), Timeout = TimeSpan.FromMinutes(10) };
        if (key is not null) client.DefaultRequestHeaders.Add("X-Api-Key", key);
        return client;
    }
}
