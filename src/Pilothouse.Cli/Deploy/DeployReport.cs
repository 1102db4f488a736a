using System.Text.Json;
using System.Text.Json.Nodes;
using Pilothouse.Cli.Explain;
using Pilothouse.Cli.Output;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Explain;
using Pilothouse.Contracts.Logs;

namespace Pilothouse.Cli.Deploy;

/// <summary>
/// What a deploy tells while it goes on. With <c>--json</c> one object a line on standard output: <c>{"event":"step","message":…}</c>,
/// <c>{"event":"upload","bytes":…,"total":…}</c>, <c>{"event":"status","status":…}</c>, <c>{"event":"log","type":"build","level":…,"message":…}</c>,
/// after a failure <c>{"event":"finding","finding":…}</c> and last
/// <c>{"event":"result","status":…,"deployment_id":…,"revision_id":…,"url":…}</c>.
/// </summary>
internal sealed class DeployReport(Terminal terminal, bool isJson)
{
    public void Step(string message)
    {
        if (isJson) terminal.Json(new JsonObject { ["event"] = "step", ["message"] = message });
        else terminal.Say($"▸ {message}");
    }

    public void Upload(long bytes, long total)
    {
        if (isJson) terminal.Json(new JsonObject { ["event"] = "upload", ["bytes"] = bytes, ["total"] = total });
    }

    public void Status(string status)
    {
        if (isJson) terminal.Json(new JsonObject { ["event"] = "status", ["status"] = status });
        else terminal.Say($"▸ {status}");
    }

    public void Log(string type, LogEntry entry)
    {
        if (isJson) terminal.Json(new JsonObject { ["event"] = "log", ["type"] = type, ["level"] = entry.Level, ["message"] = entry.Message });
        else terminal.Say($"  {(entry.Level is "INFO" or "DEBUG" ? "" : $"{entry.Level} ")}{entry.Message}");
    }

    /// <summary>Why it failed, and what to do.</summary>
    public void Finding(Finding finding)
    {
        if (isJson)
        {
            var body = JsonNode.Parse(JsonSerializer.Serialize(finding, ApiJson.Default.Finding));
            terminal.Json(new JsonObject { ["event"] = "finding", ["finding"] = body });
            return;
        }

        foreach (var line in ExplanationText.Of(finding)) terminal.Say(line);
    }

    /// <summary>The last word on a revision that is not waited for.</summary>
    public void GoesOn(string why, string status, Guid deployment, Guid revision)
    {
        Step($"{why}; the deployment goes on at the control plane (now {status}): see 'pilothouse revisions {deployment}'");
        if (isJson) Result(status, deployment, revision, url: null);
    }

    public void Result(string status, Guid deployment, Guid? revision, string? url)
    {
        if (isJson)
            terminal.Json(new JsonObject { ["event"] = "result", ["status"] = status, ["deployment_id"] = deployment, ["revision_id"] = revision, ["url"] = url });
        else if (status is "DEPLOYED" && url is not null) terminal.Data(url);
        else terminal.Say($"{(status is "DEPLOYED" or "STARTED" ? "▸" : "✗")} {status}");
    }
}
