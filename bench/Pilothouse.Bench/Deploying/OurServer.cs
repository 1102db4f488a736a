using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Pilothouse.Client;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Logs;

namespace Pilothouse.Bench.Deploying;

/// <summary>The real server, released build, on a data directory of its own.</summary>
internal sealed class OurServer : IAsyncDisposable
{
    /// <summary>One key asks here for what thousands do elsewhere; the limits are still looked at.</summary>
    private static readonly string[] s_limits =
        ["Overload__KeyRequestsPerSecond", "Overload__KeyBurst", "Overload__WorkspaceRequestsPerSecond", "Overload__WorkspaceBurst", "Quotas__Deployments"];

    private readonly BenchProcess _process;
    private readonly string _key;

    private OurServer(BenchProcess process, Uri address, string data, string? key)
    {
        _process = process;
        Address = address;
        DataDirectory = data;
        _key = key ?? File.ReadAllText(Path.Combine(data, "bootstrap-key")).Trim();
        Client = new PilothouseClient(new ClientOptions { Address = address, ApiKey = _key });
    }

    public PilothouseClient Client { get; }

    public Uri Address { get; }

    public double CpuSeconds => _process.CpuSeconds;

    public long ResidentBytes => _process.ResidentBytes;

    public string Key => _key;

    public string DataDirectory { get; }

    public string DatabaseFile => Path.Combine(DataDirectory, "pilothouse.db");

    /// <param name="cache">Toolchain and package caches; null: those of this user, filled already.</param>
    /// <param name="core">Hold it to this one; null: none in particular.</param>
    /// <param name="variables">Of its environment, besides.</param>
    /// <param name="key">The first key where the variables say it; null: the server's own.</param>
    public static async Task<OurServer> StartAsync(
        string? cache = null, string? core = null, IReadOnlyDictionary<string, string>? variables = null, string? key = null)
    {
        var data = Directory.CreateTempSubdirectory("pilothouse-bench-").FullName;
        var address = new Uri($"http://127.0.0.1:{BenchProcess.FreePort()}");
        var environment = new Dictionary<string, string>(variables ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        foreach (var limit in s_limits) environment.TryAdd($"PILOTHOUSE_{limit}", "1000000");
        if (cache is not null) environment["XDG_CACHE_HOME"] = cache;
        var program = Path.Combine(Places.Root, "artifacts", "bin", "Pilothouse.Server", "release", "pilothouse-server.dll");
        string[] held = core is null ? [] : ["taskset", "-c", core];
        var process = BenchProcess.Start(
            data, environment, [.. held, "dotnet", program, "serve", "--data", data, "--urls", address.AbsoluteUri.TrimEnd('/')]);
        await process.UntilOkAsync(new Uri(address, "/ok"));
        return new OurServer(process, address, data, key);
    }

    public Task<Deployment> CreateAsync(string name) => Client.CreateDeploymentAsync(new DeploymentCreate
    {
        Name = name,
        Source = "internal_source",
        SourceConfig = new SourceConfig { DeploymentType = "prod" },
        SourceRevisionConfig = new SourceRevisionConfig(),
        Secrets = [],
    });

    /// <returns>Seconds from the upload until the agent answers at its URL.</returns>
    public async Task<double> DeployAsync(Guid deployment, byte[] tarball)
    {
        var began = Stopwatch.GetTimestamp();
        var upload = await Client.CreateUploadUrlAsync(deployment);
        using var stream = new MemoryStream(tarball);
        await Client.UploadAsync(upload, stream);
        var patched = await Client.PatchDeploymentAsync(deployment, new DeploymentPatch
        {
            RevisionSource = "internal_source",
            SourceRevisionConfig = new SourceRevisionConfig { SourceTarballPath = upload.ObjectPath, LanggraphConfigPath = "langgraph.json" },
        });
        var revision = patched.LatestRevisionId!.Value;
        while (true)
        {
            var status = (await Client.GetRevisionAsync(deployment, revision)).Status;
            if (status == "DEPLOYED") break;
            if (status.EndsWith("FAILED", StringComparison.Ordinal)) throw new InvalidOperationException($"{status}:\n{await LogAsync(deployment, revision)}\n{_process.Output}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("X-Api-Key", _key);
        using var answer = await http.GetAsync(new Uri($"{patched.SourceConfig.CustomUrl}/ok"));
        answer.EnsureSuccessStatusCode();
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    public static byte[] Tarball(IReadOnlyDictionary<string, string> files)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(gzip, TarEntryFormat.Pax))
            foreach (var (name, text) in files)
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
        return bytes.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _process.DisposeAsync();
        Directory.Delete(DataDirectory, recursive: true);
    }

    private async Task<string> LogAsync(Guid deployment, Guid revision)
    {
        var build = await Client.BuildLogsAsync(deployment, revision, new LogQuery { Order = "desc", Limit = 20 });
        var deploy = await Client.DeployLogsAsync(deployment, revision, new LogQuery { Order = "desc", Limit = 20 });
        return string.Join('\n', build.Logs.Concat(deploy.Logs).Select(line => line.Message));
    }
}
