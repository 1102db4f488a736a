namespace Pilothouse.Client;

/// <summary>Which control plane, and as whom.</summary>
public sealed record ClientOptions
{
    /// <summary>E.g. <c>http://127.0.0.1:8787</c>; a path (<c>…/api-host</c>) is kept.</summary>
    public required Uri Address { get; init; }

    public required string ApiKey { get; init; }

    /// <summary>Workspace id for keys that reach several; else null.</summary>
    public string? Workspace { get; init; }

    /// <summary>PEM file with certificate authorities to trust besides the system's.</summary>
    public string? CaFile { get; init; }

    /// <summary>For one call but uploads.</summary>
    public TimeSpan CallLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For one upload, at most 200 MiB.</summary>
    public TimeSpan UploadLimit { get; init; } = TimeSpan.FromMinutes(30);
}
