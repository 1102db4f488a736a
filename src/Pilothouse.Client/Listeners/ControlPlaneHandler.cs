using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Pilothouse.Client.Listeners;

/// <summary>How connections to a control plane are made: through the proxy that the environment names, and trusting the operator's own authorities too.</summary>
public static class ControlPlaneHandler
{
    private static readonly TimeSpan s_connectLimit = TimeSpan.FromSeconds(10);

    /// <summary>The names of the control plane are looked up anew now and then.</summary>
    private static readonly TimeSpan s_connectionAge = TimeSpan.FromMinutes(5);

    /// <param name="caFile">PEM with authorities to trust besides the system's; null: none.</param>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The file holds no certificates.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static SocketsHttpHandler Create(string? caFile)
    {
        var handler = new SocketsHttpHandler
        {
            // A redirect would carry the key to another host.
            AllowAutoRedirect = false,
            ConnectTimeout = s_connectLimit,
            PooledConnectionLifetime = s_connectionAge,
            AutomaticDecompression = System.Net.DecompressionMethods.All,
        };
        if (caFile is null) return handler;
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(caFile);
        if (authorities.Count == 0) throw new System.Security.Cryptography.CryptographicException($"{caFile} holds no certificate in PEM.");
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) => IsTrusted(certificate, chain, errors, authorities);
        return handler;
    }

    /// <summary>What the system does not trust may come from one of the operator's authorities; a wrong name stays wrong.</summary>
    private static bool IsTrusted(X509Certificate? certificate, X509Chain? sent, SslPolicyErrors errors, X509Certificate2Collection authorities)
    {
        if (errors == SslPolicyErrors.None) return true;
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is not X509Certificate2 leaf) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        foreach (var element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>()) chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        return chain.Build(leaf);
    }
}
