using System.CommandLine;
using System.Text.Json;
using Pilothouse.Cli.Connecting;
using Pilothouse.Cli.Output;
using Pilothouse.Client;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Contracts.Logs;

namespace Pilothouse.Cli.Logs;

internal static class LogsCommand
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    public static Command Create(Terminal terminal)
    {
        var connection = new Connection();
        var which = new Argument<string>("DEPLOYMENT") { Description = "Name or id." };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with new lines until Ctrl-C." };
        var type = new Option<string>("--type") { Description = "deploy (what the agent server says) or build.", HelpName = "TYPE", DefaultValueFactory = _ => "deploy" };
        type.AcceptOnlyFromAmong("deploy", "build");
        var revision = new Option<Guid?>("--revision") { Description = "Of this revision alone; a build log is else the latest revision's.", HelpName = "ID" };
        var level = new Option<string?>("--level") { Description = "This level and those above it: debug, info, warning, error, critical.", HelpName = "LEVEL" };
        level.AcceptOnlyFromAmong("debug", "info", "warning", "error", "critical");
        var query = new Option<string?>("--query", "-q") { Description = "Only lines that contain this, in any case.", HelpName = "TEXT" };
        var since = new Option<string?>("--since") { Description = "Only lines from this time on (ISO 8601).", HelpName = "TIME" };
        var limit = new Option<int>("--limit") { Description = "How many of the newest lines, 1 to 1000.", HelpName = "N", DefaultValueFactory = _ => 100 };

        var command = new Command("logs", "Shows the log of a deployment.") { which, follow, type, revision, level, query, since, limit };
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = connection.Open(parsed);
            var deployment = await Connection.FindAsync(client, parsed.GetValue(which)!, cancellationToken);
            var isBuild = parsed.GetValue(type) is "build";
            var one = parsed.GetValue(revision) ?? (isBuild ? deployment.LatestRevisionId : null);
            if (isBuild && one is null) throw new MisuseException($"{deployment.Name} has no revision, so there is no build log.");
            var filter = new LogQuery { Level = parsed.GetValue(level)?.ToUpperInvariant(), Query = parsed.GetValue(query), StartTime = parsed.GetValue(since) };
            var reader = new Reader(client, deployment, one, isBuild);
            var isJson = parsed.GetValue(connection.Json);

            // The newest first, turned round; from there on forwards.
            var newest = await reader.ReadAsync(filter with { Order = "desc", Limit = parsed.GetValue(limit) }, cancellationToken);
            foreach (var entry in newest.Logs.Reverse()) Print(terminal, entry, isJson);
            if (!parsed.GetValue(follow)) return ExitCodes.Done;
            try
            {
                await FollowAsync(terminal, reader, filter, newest, isJson, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // Ctrl-C is how following ends.
            }

            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>By time, with the last instant asked for again and what was shown left out: an offset of the newest-first page leads backwards.</summary>
    private static async Task FollowAsync(Terminal terminal, Reader reader, LogQuery filter, LogPage newest, bool isJson, CancellationToken cancellationToken)
    {
        var shown = newest.Logs.Select(entry => entry.Id).ToHashSet(StringComparer.Ordinal);
        var last = newest.Logs.Count == 0 ? 0 : newest.Logs[0].Timestamp;
        while (!cancellationToken.IsCancellationRequested)
        {
            var start = last == 0 ? filter.StartTime : DateTimeOffset.FromUnixTimeMilliseconds(last).ToString("O");
            var page = await reader.ReadAsync(filter with { Order = "asc", Limit = 1000, StartTime = start }, cancellationToken);
            foreach (var entry in page.Logs.Where(entry => shown.Add(entry.Id)))
            {
                Print(terminal, entry, isJson);
                last = Math.Max(last, entry.Timestamp);
            }

            await Task.Delay(s_pause, TimeProvider.System, cancellationToken);
        }
    }

    private static void Print(Terminal terminal, LogEntry entry, bool isJson)
    {
        if (isJson) terminal.Json(JsonSerializer.SerializeToElement(entry, ApiJson.Default.LogEntry));
        else terminal.Data($"{DateTimeOffset.FromUnixTimeMilliseconds(entry.Timestamp):yyyy-MM-dd HH:mm:ss.fff}Z {entry.Level,-8} {entry.Message}");
    }

    private sealed class Reader(PilothouseClient client, Deployment deployment, Guid? revision, bool isBuild)
    {
        public Task<LogPage> ReadAsync(LogQuery query, CancellationToken cancellationToken) => isBuild
            ? client.BuildLogsAsync(deployment.Id, revision!.Value, query, cancellationToken)
            : client.DeployLogsAsync(deployment.Id, revision, query, cancellationToken);
    }
}
