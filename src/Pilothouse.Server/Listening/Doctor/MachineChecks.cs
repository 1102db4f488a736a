using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Pilothouse.Server.Listening.Doctor;

/// <summary>This machine: where things are kept, what agents need, where they answer.</summary>
internal sealed class MachineChecks(IConfiguration configuration)
{
    private const long LittleDisk = 2L << 30;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(5);

    private string Data => configuration["Data"]!;

    public async Task<IReadOnlyList<Finding>> LookAsync(CancellationToken cancellationToken)
    {
        var isRunning = IsRunning();
        return
        [
            isRunning ? Finding.Note("data", $"A listener runs on {Data}.", "What follows is of that one.") : Writable(),
            Room(),
            await ProgramAsync("node", "JavaScript agents whose artifact was built with the control plane host's Node", cancellationToken),
            await ProgramAsync("python3", "Python agents", cancellationToken),
            await ProgramAsync("setpriv", "ending agents together with the listener", cancellationToken),
            Limits(),
            .. Addresses(isRunning),
            await GatewayAsync(isRunning, cancellationToken),
        ];
    }

    private bool IsRunning()
    {
        var file = Path.Combine(Data, "pilothouse.lock");
        if (!File.Exists(file)) return false;
        try
        {
            using var free = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (Exception held) when (held is IOException or UnauthorizedAccessException)
        {
            return held is IOException;
        }
    }

    /// <summary>The data directory, or what it will be made in.</summary>
    private string Existing()
    {
        var folder = Data;
        while (!Directory.Exists(folder)) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }

    private Finding Writable()
    {
        var folder = Existing();
        var probe = Path.Combine(folder, $".pilothouse-{Guid.NewGuid():N}");
        try
        {
            File.WriteAllText(probe, "");
            File.Delete(probe);
            return Finding.Good("data", $"{Data} can be written to.");
        }
        catch (Exception closed) when (closed is IOException or UnauthorizedAccessException)
        {
            return Finding.Bad("data", $"{folder} cannot be written to: {closed.Message}", "Give the directory to the user that runs the listener, or choose another with --data.");
        }
    }

    private Finding Room()
    {
        var left = new DriveInfo(Existing()).AvailableFreeSpace;
        return left >= LittleDisk
            ? Finding.Good("disk", $"{left >> 30} GiB are free.")
            : Finding.Note("disk", $"{left >> 20} MiB are free; an artifact has some hundred, and each agent keeps state.", "Make room.");
    }

    private static async Task<Finding> ProgramAsync(string name, string what, CancellationToken cancellationToken)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        if (path is null) return Finding.Note(name, "It is not on the PATH.", $"Install it for {what}, under the same path as on the control plane's host.");
        try
        {
            using var process = Process.Start(new ProcessStartInfo(path, ["--version"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            try
            {
                var version = await process.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(s_limit, cancellationToken);
                return Finding.Good(name, $"{path}, {version}.");
            }
            finally
            {
                process.Kill(entireProcessTree: true);
            }
        }
        catch (Exception broken) when (broken is System.ComponentModel.Win32Exception or TimeoutException or IOException)
        {
            return Finding.Note(name, $"{path} does not run: {broken.Message}", "Repair it.");
        }
    }

    private static Finding Limits() => Directory.Exists("/sys/fs/cgroup")
        ? Finding.Good("limits", "There are control groups; whether this user may make some, the listener says at its start.")
        : Finding.Note("limits", "There are no control groups: memory is measured, and CPU is not limited.", "Nothing, where the agents are trusted.");

    private IEnumerable<Finding> Addresses(bool isRunning)
    {
        foreach (var url in configuration["Urls"]!.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var address = BindingAddress.Parse(url);
            if (isRunning || address.Port == 0) yield return Finding.Good("address", $"Agents answer at {url}.");
            else yield return Free(url, address);
        }
    }

    private static Finding Free(string url, BindingAddress address)
    {
        try
        {
            var at = IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) ? ip : address.Host is "localhost" ? IPAddress.Loopback : IPAddress.Any;
            using var probe = new TcpListener(at, address.Port);
            probe.Start();
            return Finding.Good("address", $"{url} is free for the agents.");
        }
        catch (SocketException taken)
        {
            return Finding.Bad("address", $"{url} cannot be taken: {taken.Message}", "Choose another with --urls.");
        }
    }

    /// <summary>Asked from here; whether callers reach it from where they are, only they can tell.</summary>
    private async Task<Finding> GatewayAsync(bool isRunning, CancellationToken cancellationToken)
    {
        if (configuration["Gateway:PublicUrl"] is not { } url)
            return Finding.Note("gateway", "Nobody is told where the agents answer.", "Give --gateway-url, unless the first of --urls is an address that callers can use.");
        if (!isRunning) return Finding.Good("gateway", $"Callers are told {url}.");
        try
        {
            using var http = new HttpClient { Timeout = s_limit };
            using var answer = await http.GetAsync(new Uri($"{url}/ok"), cancellationToken);
            return answer.IsSuccessStatusCode
                ? Finding.Good("gateway", $"{url} answers.")
                : Finding.Bad("gateway", $"{url}/ok answers {(int)answer.StatusCode}.", "Let what is in front of this machine send everything below that address on to --urls.");
        }
        catch (Exception away) when (away is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return Finding.Bad("gateway", $"{url} does not answer: {away.Message}", "Look at --gateway-url, and at what is in front of this machine.");
        }
    }
}
