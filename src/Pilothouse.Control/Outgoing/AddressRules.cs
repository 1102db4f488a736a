using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Pilothouse.Control.Outgoing;

/// <summary>
/// Which addresses are of the public internet: everything that IANA's special-purpose registries (RFC 6890) do not set apart. What embeds an IPv4
/// address counts as that address where the network would take it for one, and is refused where a translator might.
/// </summary>
internal static class AddressRules
{
    private static readonly (uint Network, int Bits)[] s_special4 =
    [
        Of("0.0.0.0", 8), Of("10.0.0.0", 8), Of("100.64.0.0", 10), Of("127.0.0.0", 8), Of("169.254.0.0", 16), Of("172.16.0.0", 12),
        Of("192.0.0.0", 24), Of("192.0.2.0", 24), Of("192.88.99.0", 24), Of("192.168.0.0", 16), Of("198.18.0.0", 15),
        Of("198.51.100.0", 24), Of("203.0.113.0", 24), Of("224.0.0.0", 4), Of("240.0.0.0", 4),
    ];

    /// <summary>Within 2000::/3, the only global unicast space there is.</summary>
    private static readonly IPNetwork[] s_special6 =
    [
        IPNetwork.Parse("2001::/23"),       // IETF assignments: Teredo, ORCHID, benchmarking
        IPNetwork.Parse("2001:db8::/32"),   // documentation
        IPNetwork.Parse("2002::/16"),       // 6to4, which embeds an IPv4 address
        IPNetwork.Parse("3fff::/20"),       // documentation
    ];

    private static readonly IPNetwork s_global6 = IPNetwork.Parse("2000::/3");

    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (address.AddressFamily == AddressFamily.InterNetwork) return IsPublic4(address);
        return address.AddressFamily == AddressFamily.InterNetworkV6
            && address.ScopeId == 0
            && s_global6.Contains(address)
            && !s_special6.Any(network => network.Contains(address));
    }

    private static bool IsPublic4(IPAddress address)
    {
        var number = BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());
        return !s_special4.Any(special => (number ^ special.Network) >> (32 - special.Bits) == 0);
    }

    private static (uint Network, int Bits) Of(string network, int bits) =>
        (BinaryPrimitives.ReadUInt32BigEndian(IPAddress.Parse(network).GetAddressBytes()), bits);
}
