using System.Collections;
using System.Text;
using Pilothouse.Core.Launching;
using Pilothouse.Core.Runtimes;
using Pilothouse.Runtimes.Process.Native;

namespace Pilothouse.Runtimes.Process;

/// <summary>From a replica's spec to what is started: pure, but for the few variables of the operator that it is given.</summary>
internal static class LaunchPlan
{
    /// <summary>In the environment of each replica, for finding it after a crash: <c>{data}/replicas/{name}</c>.</summary>
    public const string MarkerVariable = "PILOTHOUSE_REPLICA";

    public const string Host = "127.0.0.1";

    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>What an operator sets for every program of the machine: where certificates are, which proxy, which time zone and language.</summary>
    private static readonly string[] OperatorVariables =
    [
        "LANG", "LC_ALL", "TZ",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO",
        "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
    ];

    /// <param name="spec">What is asked for.</param>
    /// <param name="site">Its state directory is the scratch one for a scratch replica.</param>
    /// <param name="temporaryDirectory">Of this replica alone.</param>
    /// <param name="marker">Value of <see cref="MarkerVariable"/>.</param>
    /// <param name="ours">Environment of the control plane; next to nothing of it goes on.</param>
    /// <param name="setpriv">util-linux's program that asks for the death signal and then becomes the agent server; null without it.</param>
    /// <exception cref="ReplicaRefusedException">The spec can never be started as it is.</exception>
    public static SpawnRequest Plan(
        ReplicaSpec spec, LaunchSite site, string temporaryDirectory, string marker, IDictionary ours, string? setpriv)
    {
        string Expand(string text) => Placeholders.Expand(text, site);

        if (spec.Launch.Arguments.Count == 0) throw new ReplicaRefusedException("The launch spec names no program.");
        var environment = Environment(spec, site, temporaryDirectory, marker, ours);
        Check(environment);

        var arguments = spec.Launch.Arguments.Select(Expand).ToList();
        if (arguments.Exists(argument => argument.Contains('\0', StringComparison.Ordinal)))
            throw new ReplicaRefusedException("An argument of the launch spec holds a NUL byte.");

        var program = FindProgram(arguments[0], environment["PATH"])
            ?? throw new ReplicaRefusedException($"The program {arguments[0]} is not there or cannot be executed.");
        var workingDirectory = Expand(spec.Launch.WorkingDirectory);
        return setpriv is null
            ? new SpawnRequest(program, arguments, environment, workingDirectory)
            : new SpawnRequest(setpriv, ["setpriv", "--pdeathsig", "TERM", "--", program, .. arguments.Skip(1)], environment, workingDirectory);
    }

    /// <summary>The first executable file of that name on the search path; an absolute one as it is.</summary>
    public static string? FindProgram(string program, string searchPath) => program.Contains('/', StringComparison.Ordinal)
        ? IsExecutable(program) ? program : null
        : searchPath.Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, program))
            .FirstOrDefault(IsExecutable);

    private static Dictionary<string, string> Environment(
        ReplicaSpec spec, LaunchSite site, string temporaryDirectory, string marker, IDictionary ours)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = ours["PATH"] as string ?? DefaultPath,
            ["HOME"] = site.StateDirectory,
            ["LANG"] = "C.UTF-8",
            ["TMPDIR"] = temporaryDirectory,
        };
        foreach (var name in OperatorVariables)
        {
            if (ours[name] is string value) environment[name] = value;
        }

        foreach (var (name, value) in spec.Launch.Environment)
            environment[name] = Placeholders.Expand(value, site);
        foreach (var (name, value) in spec.Launch.ProjectEnvironment)
            environment[name] = value;
        foreach (var (name, value) in spec.Environment)
            environment[name] = value;
        if (spec.IsScratch)
        {
            // After the user's own: a proving boot must leave no trace whatever they set.
            foreach (var (name, value) in spec.Launch.ScratchEnvironment)
                environment[name] = Placeholders.Expand(value, site);
        }

        environment["PORT"] = site.Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        environment[MarkerVariable] = marker;
        return environment;
    }

    private static void Check(Dictionary<string, string> environment)
    {
        foreach (var (name, value) in environment)
        {
            if (name.Length == 0 || name.AsSpan().ContainsAny('=', '\0'))
                throw new ReplicaRefusedException($"'{name.Replace('\0', '?')}' cannot be the name of an environment variable.");
            if (value.Contains('\0', StringComparison.Ordinal))
                throw new ReplicaRefusedException($"The value of the environment variable {name} holds a NUL byte.");
        }
    }

    /// <summary>Names the largest variable, never its value.</summary>
    public static string TooLarge(IReadOnlyDictionary<string, string> environment)
    {
        static int Bytes(KeyValuePair<string, string> pair) =>
            Encoding.UTF8.GetByteCount(pair.Key) + Encoding.UTF8.GetByteCount(pair.Value) + 2;

        var largest = environment.MaxBy(Bytes);
        return $"The environment is too large for the kernel ({environment.Sum(Bytes)} bytes in all; the largest variable, {largest.Key}, "
            + $"has {Bytes(largest)}; one may have 131072).";
    }

    private static bool IsExecutable(string path) => File.Exists(path)
        && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != UnixFileMode.None;
}

/// <summary>The replica cannot be started as it is specified; trying again changes nothing until something else does.</summary>
internal sealed class ReplicaRefusedException(string message) : Exception(message);
