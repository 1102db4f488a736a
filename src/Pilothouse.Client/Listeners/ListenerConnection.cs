using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Listeners;

namespace Pilothouse.Client.Listeners;

/// <summary>
/// The listener protocol over HTTP (docs/listener-protocol.md): every call goes out from here. Nothing is tried again by itself, since whoever calls has a
/// loop. <see cref="UnreachableException"/> when no answer came, <see cref="ApiException"/> when refused, <see cref="ListenerSupersededException"/> once another
/// instance leads.
/// </summary>
public sealed class ListenerConnection : IListenerProtocol, IDisposable
{
    /// <summary>Beyond the wait that a pull asks for.</summary>
    private static readonly TimeSpan s_pullSlack = TimeSpan.FromSeconds(15);

    private readonly ListenerConnectionOptions _options;
    private readonly HttpClient _http;
    private readonly TimeProvider _time;
    private readonly ECDiffieHellman _pair = EnvironmentSeal.NewPair();
    private readonly string _sealTo;
    private readonly string _path;
    private readonly PackageDownload _download;

    /// <param name="handler">Brings proxy and certificates; see <see cref="ControlPlaneHandler"/>. Owned from now on.</param>
    public ListenerConnection(ListenerConnectionOptions options, HttpMessageHandler handler, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _time = time ?? TimeProvider.System;
        _http = new HttpClient(handler) { BaseAddress = new Uri(options.Address.AbsoluteUri.TrimEnd('/') + "/"), Timeout = Timeout.InfiniteTimeSpan };
        _sealTo = EnvironmentSeal.PublicKeyOf(_pair);
        _path = $"v2/listeners/{options.Listener}/protocol";
        _download = new PackageDownload(SendAsync, _time);
    }

    /// <summary>Number of the lease; null before this instance leads.</summary>
    public long? Lease { get; private set; }

    /// <summary>Asks to lead; the answer's lease is used from then on.</summary>
    public async Task<LeadAnswer> LeadAsync(LeadRequest request, CancellationToken cancellationToken)
    {
        var answer = await AskAsync("lead", request, ApiJson.Default.LeadRequest, ApiJson.Default.LeadAnswer, _options.CallLimit, cancellationToken).ConfigureAwait(false);
        if (answer.Lease is { } lease) Lease = lease;
        return answer;
    }

    /// <summary>Lets another instance lead at once; this one must have stopped what it runs.</summary>
    public async Task ResignAsync(CancellationToken cancellationToken)
    {
        if (Lease is not { } lease) return;
        await TellAsync("resign", new LeaseOfListener { Lease = lease }, ApiJson.Default.LeaseOfListener, cancellationToken).ConfigureAwait(false);
        Lease = null;
    }

    public async Task<PullAnswer> PullAsync(PullRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var limit = TimeSpan.FromSeconds(request.WaitSeconds) + s_pullSlack;
        var answer = await AskAsync(
            "pull", request with { Lease = Lease, SealTo = _sealTo }, ApiJson.Default.PullRequest, ApiJson.Default.PullAnswer, limit, cancellationToken).ConfigureAwait(false);
        return answer with { Deployments = [.. answer.Deployments.Select(one => one with { Active = Open(one.Active), Next = Open(one.Next) })] };
    }

    public Task ReportAsync(DeploymentReport report, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        return TellAsync("reports", report with { Lease = Lease }, ApiJson.Default.DeploymentReport, cancellationToken);
    }

    /// <summary>Compressed.</summary>
    public Task SendLogsAsync(LogBatch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return TellAsync("logs", batch with { Lease = Lease }, ApiJson.Default.LogBatch, cancellationToken);
    }

    /// <summary>Whether who shows this may call the agents of the listener's workspace.</summary>
    public Task<CallerAnswer> MayCallAsync(CallerQuestion question, CancellationToken cancellationToken) =>
        AskAsync("callers", question, ApiJson.Default.CallerQuestion, ApiJson.Default.CallerAnswer, _options.CallLimit, cancellationToken);

    /// <summary>Brings a packed artifact or tool into a file; what an earlier try left in it is gone on with.</summary>
    /// <param name="package"><c>artifacts/{digest}</c> or <c>tools/{name}</c>.</param>
    /// <returns>False when the control plane has none.</returns>
    public Task<bool> DownloadAsync(string package, string file, CancellationToken cancellationToken) => _download.RunAsync($"{_path}/{package}", file, cancellationToken);

    public void Dispose()
    {
        _http.Dispose();
        _pair.Dispose();
    }

    /// <summary>One that does not open was sealed to another process, or changed on its way: the pull fails, and is asked again.</summary>
    private WantedRevision? Open(WantedRevision? revision) => revision?.Sealed is { } box
        ? revision with { Environment = EnvironmentSeal.Open(_pair, box, revision.Id), Sealed = null }
        : revision;

    private async Task TellAsync<T>(string call, T message, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var answer = await PostAsync(call, message, type, _options.CallLimit, cancellationToken).ConfigureAwait(false);
    }

    private async Task<TAnswer> AskAsync<T, TAnswer>(
        string call, T message, JsonTypeInfo<T> type, JsonTypeInfo<TAnswer> answerType, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var answer = await PostAsync(call, message, type, limit, cancellationToken).ConfigureAwait(false);
        try
        {
            return await answer.Content.ReadFromJsonAsync(answerType, cancellationToken).ConfigureAwait(false)
                ?? throw new ApiException(answer.StatusCode, "POST", call, "the answer is empty");
        }
        catch (JsonException)
        {
            throw new ApiException(answer.StatusCode, "POST", call, "the answer is not that of a control plane; is the address right?");
        }
    }

    private async Task<HttpResponseMessage> PostAsync<T>(string call, T message, JsonTypeInfo<T> type, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"{_path}/{call}", UriKind.Relative)) { Content = Packed(message, type) };
        var answer = await SendAsync(request, HttpCompletionOption.ResponseContentRead, limit, cancellationToken).ConfigureAwait(false);
        if (answer.IsSuccessStatusCode) return answer;
        using (answer) throw await RefusedAsync(answer, call, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Exception> RefusedAsync(HttpResponseMessage answer, string call, CancellationToken cancellationToken)
    {
        var text = ErrorText.Of(await answer.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false));
        if (answer.StatusCode == HttpStatusCode.Conflict) return new ListenerSupersededException(text);
        if (answer.Headers.Location is { } moved) text = $"the address has moved to {moved}";
        return new ApiException(answer.StatusCode, "POST", $"{_path}/{call}", text.Length > 0 ? text : $"status {(int)answer.StatusCode}, without a word why");
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, HttpCompletionOption completion, TimeSpan limit, CancellationToken cancellationToken)
    {
        request.Headers.TryAddWithoutValidation("X-Api-Key", _options.Key());
        using var late = new CancellationTokenSource(limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await _http.SendAsync(request, completion, either.Token).ConfigureAwait(false);
        }
        catch (HttpRequestException unreachable)
        {
            throw new UnreachableException(_options.Address, unreachable);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new UnreachableException(_options.Address, new TimeoutException($"no answer within {limit.TotalSeconds:0.#} s"));
        }
    }

    private static ByteArrayContent Packed<T>(T message, JsonTypeInfo<T> type)
    {
        const int WorthIt = 1_000;
        var json = JsonSerializer.SerializeToUtf8Bytes(message, type);
        var isLong = json.Length > WorthIt;
        var content = new ByteArrayContent(isLong ? Compressed(json) : json);
        content.Headers.ContentType = new("application/json");
        if (isLong) content.Headers.ContentEncoding.Add("gzip");
        return content;
    }

    private static byte[] Compressed(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(bytes);
        return packed.ToArray();
    }
}

/// <summary>Which control plane, and as which listener.</summary>
public sealed record ListenerConnectionOptions
{
    /// <summary>A path (<c>…/api-host</c>) is kept.</summary>
    public required Uri Address { get; init; }

    public required Guid Listener { get; init; }

    /// <summary>Asked for each call, so that a key may be exchanged while the listener runs.</summary>
    public required Func<string> Key { get; init; }

    /// <summary>For one call but pulls and packages.</summary>
    public TimeSpan CallLimit { get; init; } = TimeSpan.FromSeconds(15);
}
