using Microsoft.Extensions.Options;

namespace Pilothouse.Listener.Remote;

/// <summary>The key that calls carry: the operator's, or the one that this listener made for itself.</summary>
internal sealed class ListenerKey(IOptions<ControlPlaneOptions> options, ListenerIdentity identity)
{
    private readonly Lock _lock = new();
    private (DateTime ReadAt, string Text)? _file;

    /// <exception cref="IOException">The file with it cannot be read.</exception>
    public string Text => identity.Key ?? options.Value.Key ?? OfFile();

    /// <summary>A look at its time costs nothing beside a call.</summary>
    private string OfFile()
    {
        var path = options.Value.KeyFile!;
        lock (_lock)
        {
            var at = File.GetLastWriteTimeUtc(path);
            if (_file is { } read && read.ReadAt == at) return read.Text;
            var text = File.ReadAllText(path).Trim();
            _file = (at, text);
            return text;
        }
    }
}
