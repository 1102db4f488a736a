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

    private SortedDictionary<int, byte[]> Loaded => _keys ?? throw new InvalidOperationException("The master keys are not loaded yet.");

    private string? Variable => options.Value.MasterKey is { } text && text.StartsWith("env:", StringComparison.Ordinal) ? text[4..] : null;

    private string KeyFile => options.Value.MasterKey switch
    {
        null => directory.MasterKeyFile,
        { } text when text.StartsWith("file:", StringComparison.Ordinal) => text[5..],
        _ => throw new MasterKeyException("Secrets:MasterKey must be 'env:NAME' or 'file:/path'."),
    };

    /// <summary>Null when there is no such version.</summary>
    public byte[]? Find(int version) => Loaded.GetValueOrDefault(version);

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
            var line = $"1:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(SealedBox.KeyBytes))}\n";
            await DurableFile.WritePrivateAsync(KeyFile, Encoding.ASCII.GetBytes(line), cancellationToken);
        }

        _keys = Parse(await File.ReadAllTextAsync(KeyFile, cancellationToken));
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
