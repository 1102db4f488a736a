using System.Security.Cryptography;
using System.Text;

namespace Pilothouse.Builds.AgentServers;

/// <summary>Files that Pilothouse brings along, e.g. the start script of an agent server.</summary>
internal sealed class EmbeddedFiles
{
    private readonly IReadOnlyDictionary<string, string> _texts;

    private EmbeddedFiles(IReadOnlyDictionary<string, string> texts)
    {
        _texts = texts;
        Hash = HashOf(texts.Select(file => $"{file.Key}\0{file.Value}"));
    }

    /// <summary>Twelve hexadecimal digits.</summary>
    public string Hash { get; }

    public string this[string file] => _texts[file];

    /// <param name="prefix">Of the resources' names, e.g. <c>py-start/</c>.</param>
    public static EmbeddedFiles Of(string prefix)
    {
        var assembly = typeof(EmbeddedFiles).Assembly;
        return new EmbeddedFiles(assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .ToDictionary(name => name[prefix.Length..], name =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                return reader.ReadToEnd();
            }, StringComparer.Ordinal));
    }

    public static string HashOf(IEnumerable<string> texts) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', texts))))[..12];

    /// <summary>
    /// Writes them to a folder named by their content: a newer Pilothouse puts its own beside the one that running agents were started with.
    /// </summary>
    public async Task WriteAsync(string folder, CancellationToken cancellationToken)
    {
        if (Directory.Exists(folder)) return;
        var temporary = $"{folder}.{Guid.NewGuid():N}";
        Directory.CreateDirectory(temporary);
        foreach (var (file, text) in _texts) await File.WriteAllTextAsync(Path.Combine(temporary, file), text, cancellationToken);
        try
        {
            Directory.Move(temporary, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            // Somebody else was first with the same content.
            Directory.Delete(temporary, recursive: true);
        }
    }

    public async Task WriteIntoAsync(string folder, CancellationToken cancellationToken)
    {
        foreach (var (file, text) in _texts) await File.WriteAllTextAsync(Path.Combine(folder, file), text, cancellationToken);
    }
}
