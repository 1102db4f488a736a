using System.Globalization;
using System.Text.RegularExpressions;

namespace Pilothouse.Bench.Gateways;

/// <summary>Direct, nginx, Caddy and our gateway in front of the same nginx upstream; each proxy has one core, upstream and load share the other.</summary>
internal static partial class GatewayBench
{
    private const int Rounds = 5;
    private const int SecondsSaturated = 4;
    private const string ProxyCore = "0";
    private const string LoadCore = "1";
    private static readonly TimeSpan s_fixed = TimeSpan.FromSeconds(4);
    private static readonly Dictionary<string, string> s_none = [];

    public static async Task RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("pilothouse-gateway-bench-").FullName;
        var (upstream, nginx, caddy, ours) = (BenchProcess.FreePort(), BenchProcess.FreePort(), BenchProcess.FreePort(), BenchProcess.FreePort());
        await using var upstreamServer = await NginxAsync(folder, "upstream", LoadCore, upstream, $"location / {{ default_type application/json; return 200 '{{\"x\":\"{new string('a', 200)}\"}}'; }}");
        await using var nginxServer = await NginxAsync(
            folder, "proxy", ProxyCore, nginx,
            $"location / {{ proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_buffering off; }}",
            $"upstream up {{ server 127.0.0.1:{upstream}; keepalive 128; }}");
        await using var caddyServer = await CaddyAsync(folder, caddy, upstream);
        await using var ourServer = BenchProcess.Start(
            folder, new Dictionary<string, string> { ["DOTNET_gcServer"] = "0" }, "taskset", "-c", ProxyCore, "dotnet", Environment.GetCommandLineArgs()[0], "gateway-under-test", $"{ours}", $"http://127.0.0.1:{upstream}");

        var places = new Dictionary<string, Uri>
        {
            ["direct"] = new($"http://127.0.0.1:{upstream}/"),
            ["nginx"] = new($"http://127.0.0.1:{nginx}/"),
            ["caddy"] = new($"http://127.0.0.1:{caddy}/"),
            ["ours"] = new($"http://127.0.0.1:{ours}{GatewayUnderTest.Path}"),
        };
        foreach (var url in places.Values)
            if (url == places["ours"]) await UntilAnswersAsync(ourServer, url);
            else await upstreamServer.UntilOkAsync(url);
        foreach (var url in places.Values) await SaturatedAsync(url);

        var rps = places.Keys.ToDictionary(name => name, _ => new List<double>());
        for (var round = 0; round < Rounds; round++)
            foreach (var (name, url) in places) rps[name].Add(await SaturatedAsync(url));
        foreach (var (name, values) in rps) Console.WriteLine($"saturated, {name}: {Numbers.Median(values):0} requests/s");
        Numbers.Print("saturated requests/s", rps["ours"], "nginx", rps["nginx"], "1/s", ">= 0.4");
        Numbers.Print("saturated requests/s", rps["ours"], "caddy", rps["caddy"], "1/s", "> 1");

        // The generator shares its core with the upstream; half of nginx's rate, or what it can keep up with.
        var rate = Math.Min(Numbers.Median(rps["nginx"]) / 2, 4_000);
        var p99 = places.Keys.ToDictionary(name => name, _ => new List<double>());
        for (var round = 0; round < Rounds; round++)
            foreach (var (name, url) in places) p99[name].Add(await LoadAsync(url, rate));
        foreach (var (name, values) in p99) Console.WriteLine($"p99 at {rate:0} requests/s, {name}: {Numbers.Median(values):0.00} ms");
        Console.WriteLine($"p99 over nginx's: {Numbers.Median(p99["ours"].Zip(p99["nginx"], (one, other) => one - other)):0.00} ms (aim <= 1)");
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

    private static async Task<double> SaturatedAsync(Uri url)
    {
        var lines = await OutputAsync("taskset", "-c", LoadCore, "wrk", "-t1", "-c64", $"-d{SecondsSaturated}s", "-H", $"X-Api-Key: {GatewayUnderTest.Key}", url.AbsoluteUri);
        if (lines.Contains("Non-2xx", StringComparison.Ordinal)) throw new InvalidOperationException($"{url}:\n{lines}");
        return double.Parse(PerSecond().Match(lines).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    /// <summary>In a process of its own, so that it can be held to the other core.</summary>
    private static async Task<double> LoadAsync(Uri url, double rate)
    {
        var lines = await OutputAsync(
            "taskset", "-c", LoadCore, "dotnet", Environment.GetCommandLineArgs()[0], "fixed-rate", url.AbsoluteUri, rate.ToString(CultureInfo.InvariantCulture), s_fixed.TotalSeconds.ToString(CultureInfo.InvariantCulture));
        return double.Parse(lines.Trim(), CultureInfo.InvariantCulture);
    }

    private static async Task<string> OutputAsync(params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo(arguments[0], arguments.Skip(1)) { RedirectStandardOutput = true })!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return text;
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
