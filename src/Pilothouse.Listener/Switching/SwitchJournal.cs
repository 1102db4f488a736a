using System.Text.Json;
using Pilothouse.Core;
using Pilothouse.Listener.State;

namespace Pilothouse.Listener.Switching;

/// <summary>Keeps the record of each deployment's last held switch in a file, replaced whole.</summary>
internal sealed class SwitchJournal(DataFolders folders)
{
    /// <summary>Null when there was no held switch. A file that cannot be read counts as none: it is replaced whole, so it is not ours.</summary>
    public SwitchRecord? Read(DeploymentId deployment)
    {
        var file = File(deployment);
        if (!System.IO.File.Exists(file)) return null;
        try
        {
            return JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(file), SwitchJson.Default.SwitchRecord);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public SwitchRecord Write(DeploymentId deployment, SwitchRecord record)
    {
        var file = File(deployment);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var temp = file + ".new";
        using (var stream = System.IO.File.Create(temp))
        {
            JsonSerializer.Serialize(stream, record, SwitchJson.Default.SwitchRecord);
            stream.Flush(flushToDisk: true);
        }

        System.IO.File.Move(temp, file, overwrite: true);
        return record;
    }

    public void Clear(DeploymentId deployment)
    {
        if (System.IO.File.Exists(File(deployment))) System.IO.File.Delete(File(deployment));
    }

    private string File(DeploymentId deployment) => Path.Combine(folders.Copies(deployment), "switch.json");
}
