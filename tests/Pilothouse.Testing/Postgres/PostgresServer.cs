using System.Diagnostics;
using Npgsql;
using Xunit.Sdk;

namespace Pilothouse.Testing.Postgres;

/// <summary>A real PostgreSQL in a directory of its own, on loopback; gone with the test process.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private static readonly Lazy<Task<PostgresServer>> s_one = new(() => StartAsync());

    /// <summary>PostgreSQL refuses root; Debian's package brings a user for it.</summary>
    private static readonly string[] s_asItsUser = Environment.UserName is "root"
        ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
        : [];

    // Starts it again when it ends; ends with the standard input, so also when the tests are killed.
    private const string Runner =
        """
        cd "$PILOTHOUSE_TEST_POSTGRES"
        while [ ! -e end ]; do "$@" </dev/null & echo $! >pid; wait $!; done &
        read -r _
        touch end; kill -QUIT "$(cat pid)"; wait; cd /; rm -rf "$PILOTHOUSE_TEST_POSTGRES"
        """;

    private readonly string _root;
    private readonly Process _process;

    private PostgresServer(string root, int port, Process process) => (_root, Port, _process) = (root, port, process);

    public int Port { get; }

    /// <summary>The one of this test process, started when first asked for.</summary>
    public static Task<PostgresServer> OneAsync() => s_one.Value;

    /// <summary>Ends at once and comes back, as after a crash of the program; what was committed is there.</summary>
    public async Task RestartAsync()
    {
        var process = (await File.ReadAllTextAsync(Path.Combine(_root, "pid"))).Trim();
        await RunAsync(["kill", "-QUIT", process]);
        await Eventually.TrueAsync(() => !string.Equals(File.ReadAllText(Path.Combine(_root, "pid")).Trim(), process, StringComparison.Ordinal));
        await Eventually.ReadAsync(AnswersAsync, answers => answers, "PostgreSQL answers again");
    }

    /// <summary>Pools are small: a test process has many databases.</summary>
    public string ConnectionString(string database) =>
        $"Host=127.0.0.1;Port={Port};Username=pilothouse;Database={database};Maximum Pool Size=40;Include Error Detail=true";

    /// <param name="template">What it is a copy of; nobody may be connected to that. Null: an empty one.</param>
    public Task CreateDatabaseAsync(string name, string? template = null) =>
        ExecuteAsync($"CREATE DATABASE {name} TEMPLATE {template ?? "template0"}");

    /// <summary>Cuts off who is connected to it.</summary>
    public Task DropDatabaseAsync(string name) => ExecuteAsync($"DROP DATABASE IF EXISTS {name} WITH (FORCE)");

    /// <summary>For the whole server, from the next connection on.</summary>
    /// <param name="value">Null: what it was at the start.</param>
    public async Task SetAsync(string name, string? value)
    {
        var before = await ReadAsync(name);
        await ExecuteAsync(value is null ? $"ALTER SYSTEM RESET {name}" : $"ALTER SYSTEM SET {name} = '{value}'");
        await ExecuteAsync("SELECT pg_reload_conf()");
        await Eventually.ReadAsync(() => ReadAsync(name), now => value is null ? !string.Equals(now, before, StringComparison.Ordinal) : string.Equals(now, value, StringComparison.Ordinal));
    }

    private async Task<string> ReadAsync(string setting)
    {
        await using var connection = new NpgsqlConnection($"{ConnectionString("postgres")};Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"SHOW {setting}", connection);
        return (string)(await command.ExecuteScalarAsync())!;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection($"{ConnectionString("postgres")};Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>For whoever has one of his own: what the process leaves to its exit is ended there one by one, and xUnit gives that ten seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
    }

    /// <summary>Another one than <see cref="OneAsync"/>.</summary>
    /// <param name="isDurable">With the settings that PostgreSQL has by itself; else nothing of it need stay.</param>
    public static async Task<PostgresServer> StartAsync(bool isDurable = false)
    {
        var programs = Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Last() + "/bin";
        var root = Directory.CreateTempSubdirectory("pilothouse-postgres-").FullName;
        if (s_asItsUser.Length > 0) await RunAsync(["chown", "postgres", root]);
        await RunAsync([.. s_asItsUser, $"{programs}/initdb", "-D", $"{root}/data", "-U", "pilothouse", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]);

        var port = FreePort.Take();
        string[] settings =
        [
            "listen_addresses=127.0.0.1", $"port={port}", "unix_socket_directories=", "max_connections=300", "shared_buffers=32MB", .. isDurable ? [] : (string[])["fsync=off"],
        ];
        var start = new ProcessStartInfo("/bin/sh", ["-c", Runner, "sh", .. s_asItsUser, $"{programs}/postgres", "-D", $"{root}/data",
            .. settings.SelectMany(setting => new[] { "-c", setting })])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = "/",
        };
        start.Environment["PILOTHOUSE_TEST_POSTGRES"] = root;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => End(process);

        var server = new PostgresServer(root, port, process);
        await Eventually.ReadAsync(server.AnswersAsync, answers => answers, "PostgreSQL answers");
        return server;
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            await ExecuteAsync("SELECT 1");
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private static void End(Process process)
    {
        if (process.HasExited) return;
        process.StandardInput.Close();
        process.WaitForExit(TimeSpan.FromSeconds(10));
    }

    private static async Task RunAsync(string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = "/",
        })!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new XunitException($"{command[^1]} of PostgreSQL failed: {string.Concat(said)}");
    }
}
