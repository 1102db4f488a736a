using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace Pilothouse.Client.Listeners;

internal delegate Task<HttpResponseMessage> SendRequest(HttpRequestMessage request, HttpCompletionOption completion, TimeSpan limit, CancellationToken cancellationToken);

/// <summary>
/// A large file over a line that may break at any byte: each try goes on where the last one ended, as long as it is still the same file (RFC 9110, 13.1.5),
/// whose hash is its entity tag.
/// </summary>
internal sealed class PackageDownload(SendRequest send, TimeProvider time)
{
    private const long MostBytes = 16L << 30;

    /// <summary>To the first byte: the control plane may have to pack it first.</summary>
    private static readonly TimeSpan s_answerLimit = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(30);

    /// <returns>False when there is none.</returns>
    /// <exception cref="UnreachableException">The line broke; what came is kept for the next try.</exception>
    public async Task<bool> RunAsync(string path, string file, CancellationToken cancellationToken)
    {
        var tag = await FetchAsync(path, file, cancellationToken).ConfigureAwait(false);
        if (tag is null) return false;
        string hash;
        await using (var whole = File.OpenRead(file)) hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(whole, cancellationToken).ConfigureAwait(false));
        File.Delete(TagOf(file));
        if (string.Equals($"\"{hash}\"", tag, StringComparison.Ordinal)) return true;
        File.Delete(file);
        throw new IOException($"{path} did not arrive as it was sent; it is fetched again.");
    }

    /// <returns>The entity tag; null when there is no such file.</returns>
    private async Task<string?> FetchAsync(string path, string file, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        var at = Begun(file, request);
        using var answer = await send(request, HttpCompletionOption.ResponseHeadersRead, s_answerLimit, cancellationToken).ConfigureAwait(false);
        if (answer.StatusCode == HttpStatusCode.NotFound) return null;
        if (answer.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && at > 0)
        {
            // Either it was whole already, which its hash tells, or it is another file by now, which it tells too.
            return request.Headers.IfRange!.EntityTag!.Tag;
        }

        if (answer.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.PartialContent) || answer.Headers.ETag is not { } tag)
            throw new ApiException(answer.StatusCode, "GET", path, ErrorText.Of(await answer.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false)));
        if (answer.Content.Headers.ContentLength > MostBytes) throw new ApiException(answer.StatusCode, "GET", path, $"it is larger than {MostBytes} bytes");
        await File.WriteAllTextAsync(TagOf(file), tag.Tag, cancellationToken).ConfigureAwait(false);
        await using var target = new FileStream(file, answer.StatusCode == HttpStatusCode.PartialContent ? FileMode.Append : FileMode.Create, FileAccess.Write);
        await CopyAsync(answer, target, request.RequestUri!, cancellationToken).ConfigureAwait(false);
        return tag.Tag;
    }

    private async Task CopyAsync(HttpResponseMessage answer, FileStream target, Uri address, CancellationToken cancellationToken)
    {
        using var silent = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var timer = time.CreateTimer(_ => silent.Cancel(), state: null, s_silence, Timeout.InfiniteTimeSpan);
        await using var source = await answer.Content.ReadAsStreamAsync(silent.Token).ConfigureAwait(false);
        var buffer = new byte[128 * 1024];
        int read;
        while ((read = await ReadAsync().ConfigureAwait(false)) > 0)
        {
            timer.Change(s_silence, Timeout.InfiniteTimeSpan);
            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
        }

        async Task<int> ReadAsync()
        {
            try
            {
                return await source.ReadAsync(buffer, silent.Token).ConfigureAwait(false);
            }
            catch (Exception broken) when (broken is HttpRequestException or IOException || (broken is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                throw new UnreachableException(answer.RequestMessage?.RequestUri ?? address, broken);
            }
        }
    }

    /// <summary>Asks for the rest of what an earlier try began.</summary>
    private static long Begun(string file, HttpRequestMessage request)
    {
        if (!File.Exists(file) || !File.Exists(TagOf(file)) || !EntityTagHeaderValue.TryParse(File.ReadAllText(TagOf(file)), out var tag)) return 0;
        var at = new FileInfo(file).Length;
        if (at == 0) return 0;
        request.Headers.Range = new RangeHeaderValue(at, null);
        request.Headers.IfRange = new RangeConditionHeaderValue(tag);
        return at;
    }

    private static string TagOf(string file) => $"{file}.tag";
}
