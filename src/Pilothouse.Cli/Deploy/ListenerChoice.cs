using Pilothouse.Client;

namespace Pilothouse.Cli.Deploy;

/// <summary>Which listener is meant by a name.</summary>
internal static class ListenerChoice
{
    /// <exception cref="MisuseException">The workspace has none of that name.</exception>
    public static async Task<Guid> FindAsync(PilothouseClient client, string named, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        var isId = Guid.TryParse(named, out var id);
        await foreach (var listener in client.ListListenersAsync(cancellationToken))
        {
            if (string.Equals(listener.ComputeId, named, StringComparison.Ordinal) || (isId && listener.Id == id)) return listener.Id;
            names.Add(listener.ComputeId);
        }

        throw new MisuseException(names.Count == 0
            ? $"This workspace has no listener '{named}', nor any other: start one with 'pilothouse listener --compute-id {named}' on its machine."
            : $"This workspace has no listener '{named}'; it has {string.Join(", ", names)}.");
    }
}
