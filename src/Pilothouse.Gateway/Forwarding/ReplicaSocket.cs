using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Pilothouse.Gateway.Forwarding;

/// <summary>Connections to replicas whose answers are sent on by the thread that sees them come, without a queue between (docs/decisions/0008).</summary>
internal static class ReplicaSocket
{
    private static volatile bool s_canInline = true;

    public static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            if (s_canInline) Inline(socket.SafeHandle);
            return new ReplicaStream(new NetworkStream(socket, ownsSocket: true));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void Inline(SafeSocketHandle handle)
    {
        try
        {
            PreferInlineCompletions(handle, true);
        }
        catch (MissingMethodException)
        {
            // Another runtime than the one this was written for: slower, and right.
            s_canInline = false;
        }
    }

    /// <summary>What DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS sets for every socket of a process, for one.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_PreferInlineCompletions")]
    private static extern void PreferInlineCompletions(SafeSocketHandle handle, bool value);
}
