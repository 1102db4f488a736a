using System.Runtime.CompilerServices;
using Xunit;

namespace Pilothouse.Testing;

/// <summary>Compares text with a file under <c>Golden/</c> beside the test; <c>PILOTHOUSE_GOLDEN=write</c> rewrites the files for review.</summary>
public static class Golden
{
    public static void Matches(string name, string actual, [CallerFilePath] string test = "") =>
        FileMatches(Path.Combine(Path.GetDirectoryName(test)!, "Golden", name + ".txt"), actual);

    /// <summary>The same for a file elsewhere, e.g. a document that is partly generated.</summary>
    /// <param name="file">Absolute.</param>
    public static void FileMatches(string file, string actual)
    {
        if (string.Equals(Environment.GetEnvironmentVariable("PILOTHOUSE_GOLDEN"), "write", StringComparison.Ordinal))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, actual);
        }

        Assert.True(File.Exists(file), $"There is no {file}; write it with ./dev golden.");
        Assert.Equal(File.ReadAllText(file), actual);
    }
}
