using System.Globalization;
using System.Text.RegularExpressions;

namespace Pilothouse.Bench.Gateways;

/// <summary>
/// Direct, nginx, Caddy and our gateway in front of the same nginx upstream; each proxy has one core, upstream and load share the other.
/// nginx does what the gateway does: checks the key, keeps it from the agent, says who called, and which revision answered.
/// </summary>
internal static partial class GatewayBench
{
    private const int Rounds = 5;
    private const int SecondsSaturated = 4;
    private const string ProxyCore = "0";
    private const string LoadCore = "1";
    private const int SecondsFixed = 4;
    /// <summary>On one core the just-in-time compiler shares it with the requests it compiles for.</summary>
    private const int SecondsWarm = 20;
    private static readonly Dictionary<string, string> s_none = [];

    public static async Task RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("pilothouse-gateway-bench-").FullName;
        var (upstream, nginx, caddy, ours) = (BenchProcess.FreePort(), BenchProcess.FreePort(), BenchProcess.FreePort(), BenchProcess.FreePort());
        await using var upstreamServer = await NginxAsync(folder, "upstream", LoadCore, upstream, $"location / {{ default_type application/json; return 200 '{{\"x\":\"{new string('a', 200)}\"}}'; }}");
        await using var nginxServer = await NginxAsync(
            folder, "proxy", ProxyCore, nginx,
            $$"""
            location /lgp/bench/ {
              if ($known = 0) { return 403; }
              proxy_pass http://up/; proxy_http_version 1.1; proxy_buffering off; proxy_set_header Connection '';
              proxy_set_header X-Api-Key ''; proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
              proxy_set_header X-Forwarded-Host $http_host; proxy_set_header X-Forwarded-Prefix /lgp/bench;
              add_header X-Pilothouse-Revision {{Guid.NewGuid()}};
            }
            """,
            $$"""
            upstream up { server 127.0.0.1:{{upstream}}; keepalive 128; }
            map $http_x_api_key $known { default 0; {{GatewayUnderTest.Key}} 1; }
            """);
        await using var caddyServer = await CaddyAsync(folder, caddy, upstream);
        await using var ourServer = BenchProcess.Start(
            folder, new Dictionary<string, string> { ["DOTNET_gcServer"] = "0" }, "taskset", "-c", ProxyCore, "dotnet", Environment.GetCommandLineArgs()[0], "gateway-under-test", $"{ours}", $"http://127.0.0.1:{upstream}");

        var places = new Dictionary<string, Uri>
        {
            ["direct"] = new($"http://127.0.0.1:{upstream}/"),
            ["nginx"] = new($"http://127.0.0.1:{nginx}{GatewayUnderTest.Path}"),
            ["caddy"] = new($"http://127.0.0.1:{caddy}/"),
            ["ours"] = new($"http://127.0.0.1:{ours}{GatewayUnderTest.Path}"),
        };
        foreach (var url in places.Values)
            await UntilAnswersAsync(url == places["ours"] ? ourServer : upstreamServer, url);
        foreach (var url in places.Values) await SaturatedAsync(url, url == places["ours"] ? SecondsWarm : 1);

        var rps = places.Keys.ToDictionary(name => name, _ => new List<double>());
        for (var round = 0; round < Rounds; round++)
            foreach (var (name, url) in places) rps[name].Add(await SaturatedAsync(url, SecondsSaturated));
        foreach (var (name, values) in rps) Console.WriteLine($"saturated, {name}: {Numbers.Median(values):0} requests/s");
        Numbers.Print("saturated requests/s", rps["ours"], "nginx", rps["nginx"], "1/s", ">= 0.4");
        Numbers.Print("saturated requests/s", rps["ours"], "caddy", rps["caddy"], "1/s", "> 1");

        var rate = Numbers.Median(rps["nginx"]) / 2;
        places.Remove("caddy"); // Its highest rate is below this one.
        var p99 = places.Keys.ToDictionary(name => name, _ => new List<double>());
        var reached = places.Keys.ToDictionary(name => name, _ => new List<double>());
        for (var round = 0; round < Rounds; round++)
            foreach (var (name, url) in places)
            {
                var measured = await FixedRate.MeasureAsync(LoadCore, url, rate, SecondsFixed);
                p99[name].Add(measured.P99);
                reached[name].Add(measured.Rate);
            }

        foreach (var name in places.Keys)
            Console.WriteLine($"half of nginx's rate ({rate:0} requests/s), {name}: p99 {Numbers.Median(p99[name]):0.00} ms at {Numbers.Median(reached[name]):0} requests/s");
        Console.WriteLine($"p99 over nginx's: {Numbers.Median(p99["ours"].Zip(p99["nginx"], (one, other) => one - other)):0.00} ms (aim <= 1; {Rounds} pairs)");
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<BenchProcess> NginxAsync(string folder, string name, string core, int port, string location, string upstream = "")
    {
        var home = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
        await File.WriteAllTextAsync(Path.Combine(home, "nginx.conf"), $$"""
            worker_processes 1; pid {{home}}/pid; error_log {{home}}/error.log;
            events { worker_connections 4096; }
            http {
              access_log off; keepalive_requests 1000000000;
              client_body_temp_path {{home}}/b; proxy_temp_path {{home}}/p; fastcgi_temp_path {{home}}/f; uwsgi_temp_path {{home}}/u; scgi_temp_path {{home}}/s;
              {{upstream}}
              server { listen 127.0.0.1:{{port}}; {{location}} }
            }
            """);
        return BenchProcess.Start(home, s_none, "taskset", "-c", core, "nginx", "-p", home, "-c", Path.Combine(home, "nginx.conf"), "-g", "daemon off;");
    }

    private static async Task<BenchProcess> CaddyAsync(string folder, int port, int upstream)
    {
        var file = Path.Combine(folder, "Caddyfile");
        await File.WriteAllTextAsync(file, $$"""
            {
              admin off
              auto_https off
            }
            http://127.0.0.1:{{port}} {
              reverse_proxy 127.0.0.1:{{upstream}} {
                flush_interval -1
              }
            }
            """);
        return BenchProcess.Start(
            folder, new Dictionary<string, string> { ["GOMAXPROCS"] = "1", ["HOME"] = folder }, "taskset", "-c", ProxyCore, "caddy", "run", "--config", file, "--adapter", "caddyfile");
    }

    private static async Task<double> SaturatedAsync(Uri url, int seconds)
    {
        var lines = await BenchProcess.OutputAsync("taskset", "-c", LoadCore, "wrk", "-t1", "-c64", $"-d{seconds}s", "-H", $"X-Api-Key: {GatewayUnderTest.Key}", url.AbsoluteUri);
        if (lines.Contains("Non-2xx", StringComparison.Ordinal)) throw new InvalidOperationException($"{url}:\n{lines}");
        return double.Parse(PerSecond().Match(lines).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    private static async Task UntilAnswersAsync(BenchProcess process, Uri url)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("X-Api-Key", GatewayUnderTest.Key);
        for (var attempt = 0; attempt < 500; attempt++)
        {
            try
            {
                using var answer = await http.GetAsync(url);
                if (answer.IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        throw new InvalidOperationException($"{url} does not answer:\n{process.Output}");
    }

    [GeneratedRegex(@"Requests/sec:\s+([0-9.]+)")]
    private static partial Regex PerSecond();
}
