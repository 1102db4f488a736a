using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Pilothouse.Core.Deployments;

/// <summary>
/// The stable public label of a deployment, <c>{name}-{32 hex}</c>: a DNS label of at most 63 characters, so a name has at most 30.
/// The suffix is a version-5 UUID (RFC 9562) of the deployment's id: deterministic, and never shared with an earlier holder of the name.
/// </summary>
public static class RouteLabel
{
    public const int MaxNameLength = 30;
    private const int MaxKnown = 10_000;

    private static readonly Guid s_namespace = Guid.Parse("6b1f2f0a-3c0e-5d8e-9a56-7e2b8e6f4a11");

    /// <summary>Suffixes that were asked for before: a page of deployments has twenty.</summary>
    private static readonly ConcurrentDictionary<Guid, string> s_known = new();

    public static string Of(string name, DeploymentId deployment)
    {
        if (!s_known.TryGetValue(deployment.Value, out var suffix))
        {
            suffix = NameBased(deployment.Value).ToString("N");
            if (s_known.Count >= MaxKnown) s_known.Clear();
            s_known[deployment.Value] = suffix;
        }

        return $"{name}-{suffix}";
    }

    private static Guid NameBased(Guid id)
    {
        Span<byte> input = stackalloc byte[16 + 36];
        s_namespace.TryWriteBytes(input, bigEndian: true, out _);
        Encoding.ASCII.GetBytes(id.ToString("D"), input[16..]);

        // SHA-1 is what RFC 9562 section 5.5 asks for; nothing secret depends on it.
#pragma warning disable CA5350
        Span<byte> hash = stackalloc byte[20];
        SHA1.HashData(input, hash);
#pragma warning restore CA5350

        var version = BinaryPrimitives.ReadUInt16BigEndian(hash[6..]);
        BinaryPrimitives.WriteUInt16BigEndian(hash[6..], (ushort)((version & 0x0FFF) | 0x5000));
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
