using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Pilothouse.Control.Storage;

namespace Pilothouse.Control.Secrets;

/// <summary>The control plane cannot start; the message is one sentence for the operator.</summary>
public sealed class MasterKeyException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The versioned keys that wrap the workspaces' data keys.</summary>
internal sealed class MasterKeys(IOptions<SecretsOptions> options, DataDirectory directory)
{
    private volatile SortedDictionary<int, byte[]>? _keys;

    /// <summary>For messages, e.g. <c>the file '/data/master-key'</c>.</summary>
    public string Origin => Variable is { } name ? $"the environment variable {name}" : $"the file '{KeyFile}'";

    public int Newest => Loaded.Keys.Max();

    public IReadOnlyCollection<int> Versions => Loaded.Keys;

    /// <summary>The file is ours to write; what the operator brings is not.</summary>
    public bool IsOwn => options.Value.MasterKey is null;

    private SortedDictionary<int, byte[]> Loaded => _keys ?? throw new InvalidOperationException("The master keys are not loaded yet.");

    private string? Variable => options.Value.MasterKey is { } text && text.StartsWith("env:", StringComparison.Ordinal) ? text[4..] : null;

    private string KeyFile => options.Value.MasterKey switch
    {
        null => directory.MasterKeyFile,
        { } text when text.StartsWith("file:", StringComparison.Ordinal) => text[5..],
        _ => throw new MasterKeyException("Secrets:MasterKey must be 'env:NAME' or 'file:/path'."),
    };

    /// <summary>Null when there is no such version. One that is not known is looked for again: somebody may have added it since.</summary>
    public async ValueTask<byte[]?> FindAsync(int version, CancellationToken cancellationToken)
    {
        if (Loaded.TryGetValue(version, out var known)) return known;
        await LoadAsync(mayCreate: false, cancellationToken);
        return Loaded.GetValueOrDefault(version);
    }

    /// <param name="mayCreate">Nothing is encrypted yet; a missing default file may be made. Otherwise it must be put back.</param>
    /// <exception cref="MasterKeyException">Missing or malformed.</exception>
    public async Task LoadAsync(bool mayCreate, CancellationToken cancellationToken)
    {
        if (Variable is { } name)
        {
            _keys = Parse(Environment.GetEnvironmentVariable(name)
                ?? throw new MasterKeyException($"The master key is to come from the environment variable {name}, which is not set."));
            return;
        }

        if (!File.Exists(KeyFile))
        {
            if (!mayCreate || options.Value.MasterKey is not null)
                throw new MasterKeyException($"The master key is missing: put back {Origin}, without it the stored secrets cannot be read.");
            directory.Ensure();
            await WriteAsync(new() { [1] = RandomNumberGenerator.GetBytes(SealedBox.KeyBytes) }, cancellationToken);
        }

        _keys = Parse(await File.ReadAllTextAsync(KeyFile, cancellationToken));
    }

    /// <summary>A new version above all others, in our own file; nothing is wrapped with it yet.</summary>
    public async Task<int> AddAsync(CancellationToken cancellationToken)
    {
        var version = Newest + 1;
        await WriteAsync(new(Loaded) { [version] = RandomNumberGenerator.GetBytes(SealedBox.KeyBytes) }, cancellationToken);
        await LoadAsync(mayCreate: false, cancellationToken);
        return version;
    }

    /// <summary>Out of our own file.</summary>
    public async Task RemoveAsync(int version, CancellationToken cancellationToken)
    {
        var left = new SortedDictionary<int, byte[]>(Loaded);
        left.Remove(version);
        await WriteAsync(left, cancellationToken);
        await LoadAsync(mayCreate: false, cancellationToken);
    }

    /// <summary>Of two who change our own file at once the second would write over the first one's key.</summary>
    /// <exception cref="MasterKeyException">Somebody else changes it.</exception>
    public FileStream HoldFile()
    {
        try
        {
            return new FileStream($"{KeyFile}.lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException held)
        {
            throw new MasterKeyException($"Another program changes the master key in {Origin}: run this again when that has ended.", held);
        }
    }

    private async Task WriteAsync(SortedDictionary<int, byte[]> keys, CancellationToken cancellationToken)
    {
        // Of writers that were killed.
        foreach (var left in Directory.EnumerateFiles(directory.Root, $"{Path.GetFileName(KeyFile)}.*.tmp")) File.Delete(left);
        var lines = keys.Select(key => string.Create(CultureInfo.InvariantCulture, $"{key.Key}:{Convert.ToBase64String(key.Value)}\n"));
        await DurableFile.WritePrivateAsync(KeyFile, Encoding.ASCII.GetBytes(string.Concat(lines)), cancellationToken);
    }

    private SortedDictionary<int, byte[]> Parse(string text)
    {
        var keys = new SortedDictionary<int, byte[]>();
        foreach (var line in text.Split([',', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var key = new byte[SealedBox.KeyBytes + 1];
            if (colon < 1
                || !int.TryParse(line.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
                || !Convert.TryFromBase64String(line[(colon + 1)..], key, out var length)
                || length != SealedBox.KeyBytes
                || !keys.TryAdd(version, key[..SealedBox.KeyBytes]))
                throw Malformed();
        }

        return keys.Count > 0 ? keys : throw Malformed();
    }

    private MasterKeyException Malformed() => new(
        $"The master key in {Origin} is malformed: each line must be 'version:key' with 32 bytes in base64, and no version twice.");
}
