using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Quotas;

/// <summary>What one workspace may hold; beyond it 400. Several control planes that add at the same moment may go over by a few.</summary>
public sealed class QuotaOptions
{
    public const string Section = "Quotas";

    /// <summary>Deployments of a workspace, those being deleted among them.</summary>
    [Range(0, int.MaxValue)]
    public int Deployments { get; set; } = 50_000;

    /// <summary>Uploaded archives of a workspace that are kept.</summary>
    [Range(0, long.MaxValue)]
    public long UploadBytes { get; set; } = 1L << 40;

    /// <summary>For single workspaces instead, by their id, e.g. <c>Quotas:Workspaces:0193…:Deployments</c>.</summary>
    public IDictionary<string, WorkspaceQuota> Workspaces { get; } = new Dictionary<string, WorkspaceQuota>(StringComparer.OrdinalIgnoreCase);

    internal int DeploymentsOf(Guid workspace) => Own(workspace)?.Deployments ?? Deployments;

    internal long UploadBytesOf(Guid workspace) => Own(workspace)?.UploadBytes ?? UploadBytes;

    private WorkspaceQuota? Own(Guid workspace) => Workspaces.Count == 0 ? null : Workspaces.TryGetValue($"{workspace:D}", out var own) ? own : null;
}

/// <summary>Of one workspace; null: as for all.</summary>
public sealed class WorkspaceQuota
{
    [Range(0, int.MaxValue)]
    public int? Deployments { get; set; }

    [Range(0, long.MaxValue)]
    public long? UploadBytes { get; set; }
}

[OptionsValidator]
internal sealed partial class QuotaOptionsValidator : IValidateOptions<QuotaOptions>;
