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
        var of = new EventOf(deployment.WorkspaceId, deployment.Id, revision?.Id);
        foreach (var happened in events)
        {
            if (happened.Key.Length is 0 or > LongestKey || happened.Kind.Length is 0 or > LongestKind) continue;
            var message = revision is null
                ? LogText.Stored(happened.Message, Redactor.None, LongestData)
                : await redactors.StoredAsync(revision, happened.Message, cancellationToken);
            var data = await DataAsync(revision, happened.Data, cancellationToken);
            await RevisionEvents.AddAsync(db, of, happened.Key, happened.At, happened.Kind, message, data, cancellationToken);
        }
    }

    /// <summary>Facts for programs: kept as they are, or not at all.</summary>
    private async ValueTask<JsonElement?> DataAsync(RevisionRow? revision, JsonElement? data, CancellationToken cancellationToken)
    {
        if (data is not { } facts) return null;
        var text = facts.GetRawText();
        if (text.Length > LongestData) return null;
        if (revision is null) return facts;
        var redactor = await redactors.OfAsync(revision, cancellationToken);
        return string.Equals(redactor.Redact(text), text, StringComparison.Ordinal) ? facts : null;
    }
}
