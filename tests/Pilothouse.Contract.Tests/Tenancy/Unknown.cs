using System.Security.Cryptography;

namespace Pilothouse.Contract.Tests.Tenancy;

/// <summary>An id that nothing has, of the shape of a known one.</summary>
public static class Unknown
{
    public static string Like(string kind, string known) => kind switch
    {
        "source_tarball_path" => $"uploads/{Guid.NewGuid():D}/{Guid.NewGuid():D}/{known.Split('/')[^1]}",
        "installation_id" => $"{RandomNumberGenerator.GetInt32(1_000_000, 9_000_000)}",
        _ when Guid.TryParse(known, out _) => Guid.NewGuid().ToString(),
        "state" or "auth_id" => RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", known.Length),
        _ => $"{known[..(known.LastIndexOf('-') + 1)]}{RandomNumberGenerator.GetInt32(1_000_000, 9_000_000)}",
    };
}
