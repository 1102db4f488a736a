using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pilothouse.Listener.Remote;

/// <summary>Who this data directory is to its control plane, <c>listener.json</c> (mode 0600): made at the first start, and the same from then on.</summary>
public sealed record ListenerIdentity
{
    /// <summary>Of this directory: after a restart it comes back to its own lease.</summary>
    public required Guid InstanceId { get; init; }

    public required Guid ListenerId { get; init; }
    public required string ControlPlane { get; init; }

    /// <summary>What it was found, or made, by.</summary>
    public string? ComputeId { get; init; }

    /// <summary>Made with the workspace's key; null where the operator gave the listener's own.</summary>
    public string? Key { get; init; }

    /// <returns>Null before the first start.</returns>
    /// <exception cref="InvalidDataException">The file is none of ours.</exception>
    public static ListenerIdentity? Read(string dataDirectory)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(FileOf(dataDirectory)), ListenerJson.Default.ListenerIdentity);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException broken)
        {
            throw new InvalidDataException($"{FileOf(dataDirectory)} cannot be read; remove it, and the listener makes itself known anew.", broken);
        }
    }

    public void Write(string dataDirectory) =>
        PrivateFile.Write(FileOf(dataDirectory), JsonSerializer.SerializeToUtf8Bytes(this, ListenerJson.Default.ListenerIdentity));

    private static string FileOf(string dataDirectory) => Path.Combine(dataDirectory, "listener.json");
}

/// <summary>What a listener keeps on its own disk.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(ListenerIdentity))]
internal sealed partial class ListenerJson : JsonSerializerContext;
