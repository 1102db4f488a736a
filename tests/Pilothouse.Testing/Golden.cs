using System.Runtime.CompilerServices;
using Xunit;

namespace Pilothouse.Testing;

/// <summary>Compares text with a file under <c>Golden/</c> beside the test; <c>PILOTHOUSE_GOLDEN=write</c> rewrites the files for review.</summary>
public static class Golden
{
    public static void Matches(string name, string actual, [CallerFilePath] string test = "")
    {
        var file = Path.Combine(Path.GetDirectoryName(test)!, "Golden", name + ".txt");
        if (string.Equals(Environment.GetEnvironmentVariable("PILOTHOUSE_GOLDEN"), "write", StringComparison.Ordinal))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, actual);
        }

        Assert.True(File.Exists(file), $"There is no {file}; write it with PILOTHOUSE_GOLDEN=write.");
        Assert.Equal(File.ReadAllText(file), actual);
    }
}
