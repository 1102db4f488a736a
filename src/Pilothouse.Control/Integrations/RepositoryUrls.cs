namespace Pilothouse.Control.Integrations;

internal static class RepositoryUrls
{
    /// <summary>Equal for the spellings of one repository: GitHub ignores case, and <c>.git</c> and a slash at the end.</summary>
    public static string KeyOf(string url)
    {
        var key = url.Trim().ToLowerInvariant().TrimEnd('/');
        return key.EndsWith(".git", StringComparison.Ordinal) ? key[..^".git".Length] : key;
    }
}
