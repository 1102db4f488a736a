using System.Text.Json;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Events;
using Pilothouse.Control.Logs;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Listeners;

/// <summary>Keeps what listeners tell, each happening once by its key. The text may quote what a program printed, so it is redacted.</summary>
internal sealed class ReportedEvents(Redactors redactors)
{
    private const int LongestKey = 300;
    private const int LongestKind = 60;
    private const int LongestData = 64 * 1024;

    /// <param name="revision">Null: about the deployment as a whole.</param>
    public async Task KeepAsync(
        PilothouseDb db, DeploymentRow deployment, RevisionRow? revision, IReadOnlyList<ReportedEvent> events, CancellationToken cancellationToken)
    {
        if (events.Count == 0) return;
        var of = new EventOf(deployment.WorkspaceId, deployment.Id, revision?.Id);
        var redactor = revision is null ? await redactors.OfAsync(deployment, cancellationToken) : await redactors.OfAsync(revision, cancellationToken);
        foreach (var happened in events)
        {
            if (happened.Key.Length is 0 or > LongestKey || happened.Kind.Length is 0 or > LongestKind) continue;
            var message = revision is null
                ? LogText.Stored(happened.Message, redactor, LongestData)
                : await redactors.StoredAsync(revision, happened.Message, cancellationToken);
            var data = Data(redactor, happened.Data);
            await RevisionEvents.AddAsync(db, of, happened.Key, happened.At, happened.Kind, message, data, cancellationToken);
        }
    }

    /// <summary>Facts for programs: kept as they are, or not at all.</summary>
    private static JsonElement? Data(Redactor redactor, JsonElement? data)
    {
        if (data is not { } facts) return null;
        var text = facts.GetRawText();
        if (text.Length > LongestData) return null;
        return string.Equals(redactor.Redact(text), text, StringComparison.Ordinal) ? facts : null;
    }
}
