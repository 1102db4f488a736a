using System.Text;
using Pilothouse.Core;

namespace Pilothouse.Control.Peers;

/// <summary>
/// News as PostgreSQL carries them: <c>{sender} {word} {word} …</c>, where a word is <c>c{id}</c> (the deployment changed), <c>t{id}</c> (something was told of
/// it), <c>a</c> (who may what) or <c>*</c> (anything); ids without dashes. What a newer version says and this one does not know is passed over.
/// </summary>
internal static class NewsText
{
    /// <summary>PostgreSQL takes less than 8,000 bytes.</summary>
    private const int MaxLength = 7_000;

    public static IEnumerable<string> Write(Guid sender, News news)
    {
        var text = new StringBuilder($"{sender:N}");
        var empty = text.Length;
        foreach (var word in Words(news))
        {
            if (text.Length + 1 + word.Length > MaxLength)
            {
                yield return text.ToString();
                text.Length = empty;
            }

            text.Append(' ').Append(word);
        }

        if (text.Length > empty) yield return text.ToString();
    }

    /// <returns>Null: one's own, or not of this kind.</returns>
    public static News? Read(Guid self, string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0 || !Guid.TryParseExact(words[0], "N", out var sender) || sender == self) return null;
        var deployments = new Dictionary<DeploymentId, bool>();
        foreach (var word in words.Skip(1))
        {
            if (word[0] is 'c' or 't' && Guid.TryParseExact(word.AsSpan(1), "N", out var id))
                deployments[new DeploymentId(id)] = word[0] is 'c' || deployments.GetValueOrDefault(new DeploymentId(id));
        }

        return new News(deployments, words.Contains("a", StringComparer.Ordinal), words.Contains("*", StringComparer.Ordinal));
    }

    private static IEnumerable<string> Words(News news)
    {
        if (news.IsAnything) yield return "*";
        if (news.IsAccessChanged) yield return "a";
        foreach (var (deployment, isChange) in news.Deployments) yield return $"{(isChange ? 'c' : 't')}{deployment.Value:N}";
    }
}
