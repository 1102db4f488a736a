using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Pilothouse.Testing.Buckets;

/// <summary>A real S3: OpenStack Swift with its s3api, on loopback in a directory of its own; gone with the test process.</summary>
public sealed class SwiftServer
{
    public const string AccessKey = "test:tester";
    public const string SecretKey = "testing";
    public const string Region = "us-east-1";

    private static readonly Lazy<Task<SwiftServer>> s_one = new(StartAsync);
    private const int Tries = 3;
    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(30);
    private static readonly string[] s_storage = ["object", "container", "account"];

    // Everything ends with the standard input, so also when the tests are killed.
    private const string Runner =
        """
        cd "$1"
        for one in account container object; do
          swift-ring-builder conf/$one.builder create 4 1 1 >/dev/null
          swift-ring-builder conf/$one.builder add "r1z1-127.0.0.1:$(cat conf/$one.port)/d1" 1 >/dev/null
          swift-ring-builder conf/$one.builder rebalance >/dev/null
        done
        running=
        memcached -u nobody -l 127.0.0.1 -p "$(cat conf/memcached.port)" </dev/null & running="$running $!"
        for one in account container object proxy; do swift-$one-server conf/$one.conf </dev/null & running="$running $!"; done
        echo started
        read -r _
        kill $running; wait; cd /; rm -rf "$1"
        """;

    private SwiftServer(Uri address) => Address = address;

    public Uri Address { get; }

    /// <summary>The one of this test process, started when first asked for.</summary>
    public static Task<SwiftServer> OneAsync() => s_one.Value;

    /// <summary>A new bucket.</summary>
    public async Task<string> CreateBucketAsync()
    {
        var name = $"b{Guid.NewGuid():N}";

        // Swift's own API: no signature of S3 is needed to make a container.
        using var http = new HttpClient();
        using var login = new HttpRequestMessage(HttpMethod.Get, new Uri(Address, "/auth/v1.0")) { Headers = { { "X-Auth-User", AccessKey }, { "X-Auth-Key", SecretKey } } };
        using var session = await http.SendAsync(login);
        session.EnsureSuccessStatusCode();
        using var make = new HttpRequestMessage(HttpMethod.Put, $"{session.Headers.GetValues("X-Storage-Url").Single()}/{name}");
        make.Headers.Add("X-Auth-Token", session.Headers.GetValues("X-Auth-Token").Single());
        using var made = await http.SendAsync(make);
        made.EnsureSuccessStatusCode();
        return name;
    }

    /// <summary>Between the choice of a port and its use somebody else may have taken it.</summary>
    private static async Task<SwiftServer> StartAsync()
    {
        var said = "";
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            var (server, output) = await TryStartAsync();
            if (server is not null) return server;
            said += output;
        }

        throw new InvalidOperationException($"Swift did not start in {Tries} tries: {said}");
    }

    private static async Task<(SwiftServer? Server, string Output)> TryStartAsync()
    {
        var root = Directory.CreateTempSubdirectory("pilothouse-swift-").FullName;
        var conf = Directory.CreateDirectory(Path.Combine(root, "conf")).FullName;
        Directory.CreateDirectory(Path.Combine(root, "srv", "d1"));
        var address = new Uri($"http://127.0.0.1:{FreePort.Take()}");
        var memcached = FreePort.Take();
        await File.WriteAllTextAsync(Path.Combine(conf, "memcached.port"), memcached.ToString(CultureInfo.InvariantCulture));
        foreach (var one in s_storage)
        {
            var port = FreePort.Take();
            await File.WriteAllTextAsync(Path.Combine(conf, $"{one}.port"), port.ToString(CultureInfo.InvariantCulture));
            await File.WriteAllTextAsync(Path.Combine(conf, $"{one}.conf"), Storage(one, port, root, conf));
        }

        await File.WriteAllTextAsync(Path.Combine(conf, "proxy.conf"), Proxy(address.Port, memcached, conf));
        var start = new ProcessStartInfo("/bin/sh", ["-c", Runner, "sh", root]) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true };
        var process = Process.Start(start)!;
        var output = new StringBuilder();
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) =>
        {
            lock (output) output.AppendLine(line.Data);
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => End(process);

        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < s_startLimit)
        {
            if (await AnswersAsync(http, address)) return (new SwiftServer(address), "");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }

        End(process);
        lock (output) return (null, output.ToString());
    }

    private static void End(Process process)
    {
        if (process.HasExited) return;
        process.StandardInput.Close();
        process.WaitForExit(TimeSpan.FromSeconds(10));
    }

    private static async Task<bool> AnswersAsync(HttpClient http, Uri address)
    {
        try
        {
            // Through to each of the servers behind it.
            using var login = new HttpRequestMessage(HttpMethod.Get, new Uri(address, "/auth/v1.0")) { Headers = { { "X-Auth-User", AccessKey }, { "X-Auth-Key", SecretKey } } };
            using var session = await http.SendAsync(login);
            if (!session.IsSuccessStatusCode) return false;
            foreach (var what in (string[])["", "/probe", "/probe/one"])
            {
                using var request = new HttpRequestMessage(what.Length == 0 ? HttpMethod.Get : HttpMethod.Put, session.Headers.GetValues("X-Storage-Url").Single() + what);
                request.Headers.Add("X-Auth-Token", session.Headers.GetValues("X-Auth-Token").Single());
                if (what.Length > 0) request.Content = new ByteArrayContent([]);
                using var answer = await http.SendAsync(request);
                if (!answer.IsSuccessStatusCode) return false;
            }

            return true;
        }
        catch (Exception notYet) when (notYet is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private static string Storage(string kind, int port, string root, string conf) =>
        $"""
        [DEFAULT]
        bind_ip = 127.0.0.1
        bind_port = {port}
        devices = {root}/srv
        mount_check = false
        swift_dir = {conf}
        user = {Environment.UserName}
        workers = 0
        log_address = /dev/null
        [pipeline:main]
        pipeline = {kind}-server
        [app:{kind}-server]
        use = egg:swift#{kind}

        """;

    private static string Proxy(int port, int memcached, string conf) =>
        $"""
        [DEFAULT]
        bind_ip = 127.0.0.1
        bind_port = {port}
        swift_dir = {conf}
        user = {Environment.UserName}
        workers = 0
        log_address = /dev/null
        [pipeline:main]
        pipeline = catch_errors cache listing_formats s3api tempauth bulk slo symlink proxy-server
        [app:proxy-server]
        use = egg:swift#proxy
        account_autocreate = true
        error_suppression_interval = 0
        error_suppression_limit = 1000000
        [filter:tempauth]
        use = egg:swift#tempauth
        user_test_tester = {SecretKey} .admin
        [filter:s3api]
        use = egg:swift#s3api
        location = {Region}
        [filter:cache]
        use = egg:swift#memcache
        memcache_servers = 127.0.0.1:{memcached}
        [filter:catch_errors]
        use = egg:swift#catch_errors
        [filter:listing_formats]
        use = egg:swift#listing_formats
        [filter:bulk]
        use = egg:swift#bulk
        [filter:slo]
        use = egg:swift#slo
        [filter:symlink]
        use = egg:swift#symlink

        """;
}
