using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Uploads;

/// <summary>Archives on disk. A file under its final name is whole; what is still arriving lies in a folder of its own.</summary>
internal sealed class UploadBlobs(DataDirectory directory, DataDirectoryLock replica)
{
    private string AllArriving => Path.Combine(directory.Blobs, "arriving");

    /// <summary>Of this control plane: others may share the directory.</summary>
    private string Arriving => Path.Combine(AllArriving, replica.Replica);

    public static string NewObjectPath(Guid workspace, Guid deployment) =>
        $"uploads/{workspace:D}/{deployment:D}/{Guid.NewGuid():N}.tar.gz";

    /// <param name="objectPath">Only ever from a row, never from a request.</param>
    public string FileOf(string objectPath) => Path.Combine(directory.Blobs, objectPath);

    /// <summary>A new file, readable by its owner alone.</summary>
    public FileStream CreateArriving()
    {
        Directory.CreateDirectory(Arriving);
        var settings = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            BufferSize = 128 * 1024,
            Options = FileOptions.Asynchronous,
        };
        if (!OperatingSystem.IsWindows()) settings.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(Path.Combine(Arriving, $"{Guid.NewGuid():N}.part"), settings);
    }

    /// <summary>Gives a synced file its final name.</summary>
    public void Publish(string arrived, string objectPath)
    {
        var file = FileOf(objectPath);
        DurableFile.CreateFolder(Path.GetDirectoryName(file)!, safe: Path.GetDirectoryName(directory.Blobs));
        DurableFile.Publish(arrived, file);
    }

    public void Remove(string objectPath)
    {
        var file = FileOf(objectPath);
        if (File.Exists(file)) File.Delete(file);
    }

    public void RemoveAll(Guid workspace, Guid deployment)
    {
        var folder = Path.Combine(directory.Blobs, "uploads", $"{workspace:D}", $"{deployment:D}");
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    /// <summary>What arrived in part when an earlier process ended. Only while nothing is served.</summary>
    public void RemoveArriving()
    {
        var dead = directory.IsShared ? Arriving : AllArriving;
        if (Directory.Exists(dead)) Directory.Delete(dead, recursive: true);
    }
}
