namespace Pilothouse.Control.Secrets;

public sealed class SecretsOptions
{
    public const string Section = "Secrets";

    /// <summary>
    /// Where the master keys are: <c>env:NAME</c> or <c>file:/path</c>; null means <c>master-key</c> in the data directory, created at first start.
    /// The content is one line per version, <c>{version}:{32 bytes in base64}</c>; the highest version wraps, the others still open.
    /// </summary>
    public string? MasterKey { get; set; }
}
