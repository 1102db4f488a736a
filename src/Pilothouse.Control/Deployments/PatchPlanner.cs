using Pilothouse.Contracts;
using Pilothouse.Contracts.Deployments;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.Deployments;

/// <summary>What a PATCH comes to; its secrets are the use case's.</summary>
/// <param name="RevisionSource">Null: no revision follows.</param>
/// <param name="Config">Of that revision.</param>
internal sealed record PatchPlan(SourceConfig SourceConfig, string? RevisionSource, SourceRevisionConfig Config);

/// <summary>Which fields make a revision, and what it carries (behaviour reference 1.6, 1.7). Pure.</summary>
internal static class PatchPlanner
{
    /// <param name="source">The deployment's.</param>
    /// <param name="latestSource">Null before the first revision.</param>
    /// <param name="isAlways">A revision is asked for outright.</param>
    /// <param name="refusals">Gets what is wrong with the source, beside what is wrong with the values.</param>
    public static PatchPlan Plan(
        string source, DeploymentSpec current, string? latestSource, DeploymentPatch patch, bool isAlways, Refusals refusals)
    {
        var sourceConfig = Merge(current.SourceConfig, patch.SourceConfig);
        var sent = patch.SourceRevisionConfig ?? new SourceRevisionConfig();
        var isOfSource = patch.RevisionSource is not null || sent != new SourceRevisionConfig();
        var of = patch.RevisionSource ?? (isOfSource ? source : latestSource ?? source);

        var before = refusals.Count;
        SourceRules.CheckApplicable(of, sent, refusals);

        // Who sends another source's fields need not read what this one lacks.
        if (refusals.Count > before) return new PatchPlan(sourceConfig, RevisionSource: null, current.SourceRevisionConfig);

        // What another source carried means nothing to this one.
        var carried = string.Equals(latestSource ?? source, of, StringComparison.Ordinal) ? current.SourceRevisionConfig : new SourceRevisionConfig();
        var config = Merge(carried, sent);
        if (!isAlways && !Triggers(patch, sent)) return new PatchPlan(sourceConfig, RevisionSource: null, current.SourceRevisionConfig);

        var missing = SourceRules.Missing(of, config);
        if (missing.Count == 0) return new PatchPlan(sourceConfig, of, config);

        // Secrets of a deployment that has nothing to run yet are kept for its first revision.
        if (!isAlways && !isOfSource) return new PatchPlan(sourceConfig, RevisionSource: null, current.SourceRevisionConfig);
        foreach (var text in missing) refusals.Add(text, Codes.SourceConfiguration);
        return new PatchPlan(sourceConfig, of, config);
    }

    /// <summary>
    /// Clients send an empty list whenever they find no env file, so that beside new source it means nothing; alone it clears the set.
    /// </summary>
    public static bool KeepsSecrets(DeploymentPatch patch) => patch.Secrets is null || IsEmptyBesideNewSource(patch);

    public static bool IsEmptyBesideNewSource(DeploymentPatch patch) => patch.Secrets is { Count: 0 }
        && (patch.RevisionSource is not null
            || patch.SourceRevisionConfig?.ImageUri is not null
            || patch.SourceRevisionConfig?.SourceTarballPath is not null);

    /// <summary>It says what shall be deployed, rather than how.</summary>
    public static bool NamesSource(DeploymentPatch patch) =>
        patch.RevisionSource is not null || (patch.SourceRevisionConfig is { } sent && sent != new SourceRevisionConfig());

    private static bool Triggers(DeploymentPatch patch, SourceRevisionConfig sent) =>
        sent != new SourceRevisionConfig() || patch.Secrets is not null || patch.SourceConfig?.ResourceSpec is not null;

    private static SourceConfig Merge(SourceConfig stored, SourceConfig? sent) => sent is null
        ? stored
        : stored with
        {
            RepoUrl = sent.RepoUrl ?? stored.RepoUrl,
            BuildOnPush = sent.BuildOnPush ?? stored.BuildOnPush,
            CustomUrl = Text(sent.CustomUrl, stored.CustomUrl),
            ResourceSpec = sent.ResourceSpec ?? stored.ResourceSpec,
            InstallCommand = Text(sent.InstallCommand, stored.InstallCommand),
            BuildCommand = Text(sent.BuildCommand, stored.BuildCommand),
        };

    /// <summary>The commit is found out anew by whoever resolves the ref.</summary>
    private static SourceRevisionConfig Merge(SourceRevisionConfig carried, SourceRevisionConfig sent) => new()
    {
        RepoRef = sent.RepoRef ?? carried.RepoRef,
        LanggraphConfigPath = sent.LanggraphConfigPath ?? carried.LanggraphConfigPath,
        ImageUri = sent.ImageUri ?? carried.ImageUri,
        SourceTarballPath = sent.SourceTarballPath ?? carried.SourceTarballPath,
    };

    /// <summary>Null keeps, and an empty text takes away.</summary>
    private static string? Text(string? sent, string? stored) => sent switch
    {
        null => stored,
        "" => null,
        _ => sent,
    };
}
