using System.Text.RegularExpressions;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.Secrets;

/// <summary>What may be an environment variable of an agent server. Messages name positions and never repeat a value.</summary>
internal static partial class SecretRules
{
    /// <summary>What answers show in place of every value; sent back for a stored name it means "as it is".</summary>
    public const string Mask = "********";

    public const int MaxCount = 256;
    public const int MaxNameLength = 128;

    // Linux refuses a single variable above 128 KiB (execve(2), MAX_ARG_STRLEN), and a quarter of the stack, 2 MiB, for all of them together.
    public const int MaxValueBytes = 64 * 1024;
    public const int MaxTotalBytes = 512 * 1024;

    public static void Check(IReadOnlyList<Secret> secrets, Refusals refusals)
    {
        if (secrets.Count > MaxCount) refusals.Add($"secrets has {secrets.Count} entries; at most {MaxCount} are possible.");
        for (var at = 0; at < secrets.Count; at++)
        {
            CheckName(secrets[at].Name, $"secrets[{at}].name", refusals);
            if (secrets[at].Value.Contains('\0', StringComparison.Ordinal))
                refusals.Add($"secrets[{at}].value contains a NUL character, which no environment variable can.");
            if (BytesOf(secrets[at].Value) > MaxValueBytes) refusals.Add($"secrets[{at}].value is larger than {MaxValueBytes} bytes.");
        }

        if (secrets.Sum(secret => (long)BytesOf(secret.Name) + BytesOf(secret.Value)) > MaxTotalBytes)
            refusals.Add($"secrets are larger than {MaxTotalBytes} bytes together.");
        CheckOnce(secrets.Select(secret => secret.Name), "secrets", refusals);
    }

    public static void Check(IReadOnlyList<SecretReference> references, Refusals refusals)
    {
        if (references.Count > MaxCount) refusals.Add($"secret_references has {references.Count} entries; at most {MaxCount} are possible.");
        for (var at = 0; at < references.Count; at++)
        {
            CheckName(references[at].Name, $"secret_references[{at}].name", refusals);
            if (references[at].SecretName.Length > 253 || !KubernetesName().IsMatch(references[at].SecretName))
                refusals.Add($"secret_references[{at}].secret_name is not the name of a Kubernetes Secret (RFC 1123 subdomain).");
            if (references[at].SecretKey.Length > 253 || !KubernetesKey().IsMatch(references[at].SecretKey))
                refusals.Add($"secret_references[{at}].secret_key is not a key of a Kubernetes Secret (letters, digits, '-', '_', '.').");
        }

        CheckOnce(references.Select(reference => reference.Name), "secret_references", refusals);
    }

    /// <summary>One variable cannot have two origins.</summary>
    public static void CheckApart(IEnumerable<string> secrets, IEnumerable<string> references, Refusals refusals)
    {
        foreach (var name in secrets.Intersect(references, StringComparer.Ordinal).Where(IsName))
            refusals.Add($"'{name}' is in secrets and in secret_references; it can be in one of them.");
    }

    private static void CheckName(string name, string field, Refusals refusals)
    {
        if (ReservedNames.Contains(name)) refusals.Add($"'{name}' is reserved", Codes.ReservedName);
        else if (!IsName(name))
            refusals.Add($"{field} is not the name of an environment variable: letters, digits and '_', not first a digit, at most {MaxNameLength} characters.");
    }

    private static void CheckOnce(IEnumerable<string> names, string field, Refusals refusals)
    {
        foreach (var twice in names.GroupBy(name => name, StringComparer.Ordinal).Where(group => group.Skip(1).Any() && IsName(group.Key)))
            refusals.Add($"{field} has '{twice.Key}' more than once.");
    }

    private static bool IsName(string name) => name.Length <= MaxNameLength && VariableName().IsMatch(name);

    private static int BytesOf(string text) => System.Text.Encoding.UTF8.GetByteCount(text);

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*\z")]
    private static partial Regex VariableName();

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\z")]
    private static partial Regex KubernetesName();

    [GeneratedRegex(@"\A[A-Za-z0-9._-]+\z")]
    private static partial Regex KubernetesKey();
}
