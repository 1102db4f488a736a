using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Outgoing;

/// <summary>Resolves a host name, or a literal address, to addresses.</summary>
internal delegate Task<IPAddress[]> HostResolver(string host, CancellationToken cancellationToken);

/// <summary>
/// The client for addresses that users named. It connects to public addresses only: the name is resolved once, and the connection goes to an address
/// that was checked, so a name that resolves anew to something else gains nothing. It follows no redirects, goes through no proxy, keeps no
/// cookies, and takes answers up to a limit in size and time. A refused address and one where nobody answers fail alike, with
/// <see cref="HttpRequestException"/>.
/// </summary>
internal sealed class OutgoingHttp : IDisposable
{
    private const int HeaderLimitKilobytes = 32;

    private readonly OutgoingOptions _options;
    private readonly HostResolver _resolve;

    public OutgoingHttp(IOptions<OutgoingOptions> options, HostResolver resolve)
    {
        _options = options.Value;
        _resolve = resolve;
        Client = new HttpClient(Handler(), disposeHandler: true)
        {
            Timeout = _options.Limit,
            MaxResponseContentBufferSize = _options.AnswerLimitBytes,
        };
    }

    /// <summary>Read whole answers with it (the default): the size limit is of the buffer.</summary>
    public HttpClient Client { get; }

    public void Dispose() => Client.Dispose();

    private SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        MaxResponseHeadersLength = HeaderLimitKilobytes,
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        ConnectCallback = ConnectAsync,
    };

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var host = context.DnsEndPoint.Host;
        var addresses = (await _resolve(host, cancellationToken)).Where(address => IsAllowed(host, address)).ToArray();
        if (addresses.Length == 0) throw new HttpRequestException("The host could not be reached.");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private bool IsAllowed(string host, IPAddress address) =>
        _options.AllowPrivateAddresses
        || _options.AllowedHosts.Contains(host.TrimEnd('.'), StringComparer.OrdinalIgnoreCase)
        || AddressRules.IsPublic(address);
}
