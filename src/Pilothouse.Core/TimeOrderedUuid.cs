using System.Buffers.Binary;

namespace Pilothouse.Core;

/// <summary>UUIDs of version 7 (RFC 9562, 5.7) that also sort by creation within a millisecond: those 12 bits count (6.2, method 1).</summary>
public static class TimeOrderedUuid
{
    private const int CounterBits = 12;

    /// <summary>Milliseconds since 1970, and the count within them; what is handed out twice in one moment takes from the next.</summary>
    private static long s_last;

    /// <summary>For rows: lists that are ordered by creation stay so, whatever the clock does.</summary>
    public static Guid New()
    {
        var random = Guid.CreateVersion7();
        Span<byte> bytes = stackalloc byte[16];
        random.TryWriteBytes(bytes, bigEndian: true, out _);
        var now = BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16 << CounterBits;
        long last, next;
        do
        {
            last = Interlocked.Read(ref s_last);
            next = Math.Max(now, last + 1);
        }
        while (Interlocked.CompareExchange(ref s_last, next, last) != last);

        var (milliseconds, count) = (next >> CounterBits, next & ((1 << CounterBits) - 1));
        BinaryPrimitives.WriteInt64BigEndian(bytes, (milliseconds << 16) | 0x7000 | count);
        return new Guid(bytes, bigEndian: true);
    }
}
