namespace Pilothouse.Control.Tests.Deployments;

/// <summary>
/// Which field goes with which source, written down from the behaviour reference (1.6 to 1.8) and not from the code; beyond it,
/// what is built goes to listeners that run processes. <c>+</c> taken,
/// <c>0</c> must be null, <c>!</c> cannot be changed, <c>?</c> taken, and another field is missing, <c>p</c> comes with a PATCH only.
/// </summary>
internal static class SourceMatrix
{
    public static IReadOnlyList<string> Sources { get; } = ["github", "external_docker", "internal_docker", "internal_source"];

    private const string Create = """
        integration_id         + 0 0 0
        repo_url               + 0 0 0
        build_on_push          + 0 0 0
        deployment_type        + 0 + +
        custom_url             0 + 0 0
        resource_spec          0 + 0 0
        listener_id            + + 0 +
        listener_config        0 + 0 0
        install_command        + 0 + +
        build_command          + 0 + +
        repo_ref               + 0 0 0
        langgraph_config_path  + 0 0 +
        image_uri              0 + p 0
        source_tarball_path    0 0 0 p
        """;

    private const string Patch = """
        integration_id         ! ! ! !
        repo_url               + ! ! !
        build_on_push          + 0 0 0
        deployment_type        ! ! ! !
        custom_url             ! + ! !
        resource_spec          0 + 0 0
        listener_id            ! ! ! !
        listener_config        ! ! ! !
        install_command        + 0 + +
        build_command          + 0 + +
        repo_ref               + 0 0 0
        langgraph_config_path  + 0 0 ?
        image_uri              0 + + 0
        source_tarball_path    0 0 0 ?
        """;

    private static readonly string[] s_revisionFields = ["repo_ref", "langgraph_config_path", "image_uri", "source_tarball_path"];

    public static IEnumerable<(string Source, string Field, char Rule)> OfCreate => Cells(Create);

    public static IEnumerable<(string Source, string Field, char Rule)> OfPatch => Cells(Patch);

    /// <summary>As refusals name it.</summary>
    public static string PathOf(string field) =>
        s_revisionFields.Contains(field, StringComparer.Ordinal) ? $"source_revision_config.{field}" : $"source_config.{field}";

    public static bool IsOfRevision(string field) => s_revisionFields.Contains(field, StringComparer.Ordinal);

    private static IEnumerable<(string Source, string Field, char Rule)> Cells(string table)
    {
        foreach (var line in table.Split('\n'))
        {
            var cells = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            for (var at = 0; at < Sources.Count; at++) yield return (Sources[at], cells[0], cells[at + 1][0]);
        }
    }
}
