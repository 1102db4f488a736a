using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Pilothouse.Client;
using Pilothouse.Client.Listeners;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Access;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Listener.Remote;

namespace Pilothouse.Server.Listening.Doctor;

/// <summary>The way to the control plane, hop by hop: after one that is broken, those behind it are not asked.</summary>
internal sealed class ControlPlaneChecks(ControlPlaneOptions options, string key)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_clockLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_soon = TimeSpan.FromDays(14);

    private readonly Uri _address = new(options.Url.TrimEnd('/') + "/");

    public async IAsyncEnumerable<Finding> LookAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Func<CancellationToken, Task<IReadOnlyList<Finding>>>[] hops = [NameAsync, ConnectionAsync, AnswerAsync, KeyAsync];
        foreach (var hop in hops)
        {
            var findings = await hop(cancellationToken);
            foreach (var finding in findings) yield return finding;
            if (findings.Any(finding => finding.Verdict == Verdict.Bad)) yield break;
        }
    }

    /// <summary>Null: the environment names none for this address.</summary>
    private Uri? Proxy() => HttpClient.DefaultProxy.GetProxy(_address) is { } proxy && proxy != _address ? proxy : null;

    private async Task<IReadOnlyList<Finding>> NameAsync(CancellationToken cancellationToken)
    {
        var via = Proxy();
        List<Finding> findings = [via is null ? Finding.Good("proxy", "None: the connection is direct.") : Finding.Good("proxy", $"{via.Host}:{via.Port}, by HTTPS_PROXY or HTTP_PROXY; NO_PROXY leaves hosts out.")];
        var host = via?.Host ?? _address.Host;
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(host, cancellationToken).WaitAsync(s_limit, cancellationToken);
            findings.Add(Finding.Good("name", $"{host} is {string.Join(", ", addresses.Take(3).Select(address => address.ToString()))}."));
        }
        catch (Exception unknown) when (unknown is SocketException or TimeoutException)
        {
            findings.Add(Finding.Bad("name", $"{host} cannot be looked up: {unknown.Message}", "Look at --control-plane and at this machine's DNS."));
        }

        return findings;
    }

    private async Task<IReadOnlyList<Finding>> ConnectionAsync(CancellationToken cancellationToken)
    {
        var at = Proxy() ?? _address;
        using var tcp = new TcpClient();
        try
        {
            await tcp.ConnectAsync(at.Host, at.Port, cancellationToken).AsTask().WaitAsync(s_limit, cancellationToken);
        }
        catch (Exception closed) when (closed is SocketException or TimeoutException)
        {
            return [Finding.Bad("connection", $"{at.Host}:{at.Port} takes no connection: {closed.Message}", "Let this machine call out to that port: firewall, security group, or an address that is wrong.")];
        }

        var connected = Finding.Good("connection", $"{at.Host}:{at.Port} takes connections.");
        if (_address.Scheme is not "https") return [connected, Finding.Note("tls", "The address is http: the key goes over the network as it is.", "Use https, but on this machine alone.")];
        return Proxy() is null ? [connected, await CertificateAsync(tcp, cancellationToken)] : [connected];
    }

    private async Task<Finding> CertificateAsync(TcpClient tcp, CancellationToken cancellationToken)
    {
        SslPolicyErrors seen = default;
        X509Certificate2? certificate = null;
        using var handler = ControlPlaneHandler.Create(options.CaFile);
        var own = handler.SslOptions.RemoteCertificateValidationCallback;
        await using var tls = new SslStream(tcp.GetStream());
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = _address.Host,
                    RemoteCertificateValidationCallback = (sender, sent, chain, errors) =>
                    {
                        certificate = sent is null ? null : X509CertificateLoader.LoadCertificate(sent.GetRawCertData());
                        seen = own is null || errors == SslPolicyErrors.None ? errors : own(sender, sent, chain, errors) ? SslPolicyErrors.None : errors;
                        return seen == SslPolicyErrors.None;
                    },
                },
                cancellationToken).WaitAsync(s_limit, cancellationToken);
        }
        catch (System.Security.Authentication.AuthenticationException) when (seen != SslPolicyErrors.None)
        {
            // Said below.
        }
        catch (Exception broken) when (broken is IOException or System.Security.Authentication.AuthenticationException or TimeoutException or CryptographicException)
        {
            return Finding.Bad("tls", $"No TLS connection comes about: {broken.Message}", "See whether the port speaks https, and whether something in between breaks it.");
        }

        return OfCertificate(certificate, seen);
    }

    private Finding OfCertificate(X509Certificate2? certificate, SslPolicyErrors seen)
    {
        if (seen.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            return Finding.Bad("tls", $"The certificate is for {certificate?.GetNameInfo(X509NameType.DnsName, forIssuer: false)}, not for {_address.Host}.", "Use the name that the certificate has.");
        if (seen.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
            return Finding.Bad("tls", $"The certificate is by '{certificate?.GetNameInfo(X509NameType.SimpleName, forIssuer: true)}', which this machine does not trust, or it has ended.", "Give that authority's certificate as PEM with --ca.");
        if (seen != SslPolicyErrors.None || certificate is null) return Finding.Bad("tls", "The other side shows no certificate.", "See whether the port speaks https.");
        var left = certificate.NotAfter.ToUniversalTime() - TimeProvider.System.GetUtcNow().UtcDateTime;
        return left > s_soon
            ? Finding.Good("tls", $"The certificate is trusted, and good for {left.TotalDays:0} days.")
            : Finding.Note("tls", $"The certificate ends in {left.TotalDays:0} days.", "Renew it in time.");
    }

    private async Task<IReadOnlyList<Finding>> AnswerAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient(ControlPlaneHandler.Create(options.CaFile)) { BaseAddress = _address, Timeout = s_limit };
        try
        {
            var before = TimeProvider.System.GetUtcNow();
            using var answer = await http.GetAsync(new Uri("ok", UriKind.Relative), cancellationToken);
            var findings = new List<Finding>();
            if (!answer.Headers.TryGetValues(ApiHeaders.Version, out var version) && answer.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable))
            {
                return [Finding.Bad("control plane", $"{_address} answers {(int)answer.StatusCode}, and not as a control plane does.", "Look at --control-plane: its path too, and what the proxy in front does with it.")];
            }

            findings.Add(answer.IsSuccessStatusCode
                ? Finding.Good("control plane", $"It answers{(version?.FirstOrDefault() is { } text ? $"; its version is {text}" : "")}.")
                : Finding.Note("control plane", $"It answers {(int)answer.StatusCode}: it is starting, or its store is away.", "Wait, or look at its own /readyz."));
            if (answer.Headers.Date is { } date) findings.Add(OfClock(date - before));
            return findings;
        }
        catch (Exception away) when (away is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return [Finding.Bad("control plane", $"{_address} gives no answer: {away.Message}", "See what is in between: a proxy that wants a login, or one that cuts TLS open (then --ca).")];
        }
    }

    private static Finding OfClock(TimeSpan apart) => apart.Duration() <= s_clockLimit
        ? Finding.Good("clock", "It agrees with the control plane's.")
        : Finding.Note("clock", $"It differs from the control plane's by {apart.Duration().TotalSeconds:0} s.", "Set it by NTP: times in logs and events are this machine's.");

    private async Task<IReadOnlyList<Finding>> KeyAsync(CancellationToken cancellationToken)
    {
        using var client = new PilothouseClient(new ClientOptions { Address = new Uri(options.Url), ApiKey = key, CaFile = options.CaFile });
        try
        {
            var me = await client.GetMeAsync(cancellationToken);
            return me.ListenerId is { } own ? await OfListenerAsync(me, own, cancellationToken) : await OfWorkspaceAsync(client, me, cancellationToken);
        }
        catch (ApiException refused)
        {
            return [Finding.Bad("key", refused.Detail, "Make another: 'pilothouse listeners key', or POST /v2/listeners/{id}/keys.")];
        }
        catch (UnreachableException away)
        {
            return [Finding.Bad("key", away.Message, "Try again.")];
        }
    }

    private async Task<IReadOnlyList<Finding>> OfListenerAsync(Me me, Guid own, CancellationToken cancellationToken)
    {
        if (options.ListenerId is { } wanted && wanted != own)
            return [Finding.Bad("key", $"It is the key of listener {own}, and --listener-id says {wanted}.", "Give the key of that one.")];
        using var connection = new ListenerConnection(
            new ListenerConnectionOptions { Address = new Uri(options.Url), Listener = own, Key = () => key }, ControlPlaneHandler.Create(options.CaFile));
        await connection.MayCallAsync(new CallerQuestion(new string('0', 64), Token: null), cancellationToken);
        return [Expiry(me), Finding.Good("key", $"It is the key of listener {own}, and the control plane speaks its protocol.")];
    }

    private async Task<IReadOnlyList<Finding>> OfWorkspaceAsync(PilothouseClient client, Me me, CancellationToken cancellationToken)
    {
        string[] needed = ["listeners:read", "listeners:create"];
        if (needed.Except(me.Permissions, StringComparer.Ordinal).ToList() is { Count: > 0 } lacking)
            return [Finding.Bad("key", $"It is a key of the workspace with the role '{me.Role}', which lacks {string.Join(" and ", lacking)}.", "Give a key of the listener itself ('pilothouse listeners key'), or one that may make listeners.")];
        var findings = new List<Finding> { Expiry(me), Finding.Good("key", $"It is the key '{me.Name}' of the workspace: the listener gets one of its own with it.") };
        await foreach (var listener in client.ListListenersAsync(cancellationToken))
        {
            if (listener.Id != options.ListenerId && !string.Equals(listener.ComputeId, options.ComputeId, StringComparison.Ordinal)) continue;
            findings.Add(listener.ComputeType is ComputeTypes.Process
                ? Finding.Good("listener", $"{listener.ComputeId} ({listener.Id}){(listener.LastSeenAt is { } seen ? $" was last seen {seen:yyyy-MM-dd HH:mm:ss}Z" : " was never seen")}.")
                : Finding.Bad("listener", $"{listener.ComputeId} is of the compute_type '{listener.ComputeType}', and this program runs processes.", "Choose another --compute-id."));
            return findings;
        }

        findings.Add(options.ListenerId is { } id
            ? Finding.Bad("listener", $"The workspace has no listener {id}.", "Give its id as 'pilothouse listeners list' shows it, or --compute-id.")
            : Finding.Good("listener", $"The workspace has no listener '{options.ComputeId}' yet: its first start makes it."));
        return findings;
    }

    private static Finding Expiry(Me me) => me.ExpiresAt is { } at && at - TimeProvider.System.GetUtcNow() < s_soon
        ? Finding.Note("key", $"It ends at {at:yyyy-MM-dd HH:mm}Z.", "Make the next one in time; --key-file takes it without a stop.")
        : Finding.Good("key", "It is good.");
}
