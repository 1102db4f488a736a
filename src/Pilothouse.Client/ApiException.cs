using System.Net;
using System.Net.Sockets;

namespace Pilothouse.Client;

/// <summary>The control plane answered, and refused. Trying the same again gives the same answer, but for 429 and 5xx.</summary>
public sealed class ApiException(HttpStatusCode status, string method, string path, string detail)
    : Exception($"{method} {path} was refused with status {(int)status}: {detail}")
{
    public HttpStatusCode Status { get; } = status;

    /// <summary>What the control plane said; faults of shape as <c>source_config.deployment_type: Input should be …</c>, separated by semicolons.</summary>
    public string Detail { get; } = detail;
}

/// <summary>
/// No answer came: nobody listens there, the connection broke, or the time limit passed. A GET may be repeated; what changes something only when
/// <see cref="IsRefused"/>.
/// </summary>
public sealed class UnreachableException(Uri address, Exception inner)
    : Exception($"The control plane at {address} does not answer: {inner.Message}", inner)
{
    public Uri Address { get; } = address;

    /// <summary>Nobody took the connection, so that nothing was sent.</summary>
    public bool IsRefused { get; } = inner is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError, InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } };
}
