using Pilothouse.Builds.AgentServers.JavaScript;

namespace Pilothouse.Builds.AgentServers.Python;

/// <summary>Which version of <c>langgraph-api</c> runs a project, and what that needs.</summary>
/// <param name="Wanted">Exactly one version, or a range out of which the index decides once.</param>
/// <param name="Reason">For the build log.</param>
internal sealed record ServerVersion(VersionSpecifier Wanted, string Reason)
{
    public const string Package = "langgraph-api";
    public const string Runtime = "langgraph-runtime-inmem";

    /// <summary>Changed only on purpose, together with <c>Server/requirements.txt</c> and <see cref="s_needs"/>.</summary>
    public static PackageVersion Default { get; } = PackageVersion.Parse("0.16.7");

    /// <summary>Those whose storage our start script knows (seen: 0.11.1 and 0.16.7, the ends).</summary>
    public static VersionSpecifier Supported { get; } = VersionSpecifier.Parse(">=0.11.1,<0.17");

    /// <summary>What the default version's own metadata ask for, of packages that projects pin.</summary>
    private static readonly Dictionary<string, VersionSpecifier> s_needs = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["langgraph"] = ">=0.4.10,<2",
        ["langgraph-checkpoint"] = ">=3.0.1,<5",
        ["langgraph-sdk"] = ">=0.4.4",
        ["langchain-core"] = ">=0.3.64",
        ["langsmith"] = ">=0.6.3",
        ["anyio"] = ">=4.14.2",
        ["cryptography"] = ">=50.0.0",
        ["grpcio"] = ">=1.81.0,<1.82.0",
        ["httpx"] = ">=0.25.0",
        ["jsonschema-rs"] = ">=0.20.0,<0.45",
        ["orjson"] = ">=3.9.7",
        ["protobuf"] = ">=6.32.1,<7",
        ["pyjwt"] = ">=2.15.0",
        ["sse-starlette"] = ">=2.1.3,<4",
        ["starlette"] = ">=1.3.1",
        ["structlog"] = ">=24.1.0,<26",
        ["tenacity"] = ">=8.0.0",
        ["uvicorn"] = ">=0.26.0",
        ["websockets"] = ">=13.0",
    }.ToDictionary(need => need.Key, need => VersionSpecifier.Parse(need.Value), StringComparer.Ordinal);

    public bool IsDefault => Wanted.Exact?.ComparedTo(Default) == 0;

    /// <summary>The project's own version where its requirements, its lock file or <c>api_version</c> name one that works here.</summary>
    public static ServerVersion Of(PythonProject project)
    {
        foreach (var (named, where) in Named(project))
        {
            if (named.Contains(Default)) return new ServerVersion(Exactly(Default), $"the default, within {where}'s {named}");
            if (named.Overlaps(Supported)) return new ServerVersion(named.Exact is null ? VersionSpecifier.Parse($"{named},{Supported}") : named, $"named by {where}");
        }

        return Named(project).FirstOrDefault() is { Wanted: { } other }
            ? new ServerVersion(Exactly(Default), $"the default, because the project's {other} cannot be run here (supported: {Supported})")
            : new ServerVersion(Exactly(Default), "the default");
    }

    /// <summary>Faults that the project's files already tell; empty when they tell none.</summary>
    public static IEnumerable<string> Faults(PythonProject project)
    {
        var file = project.Agent.ConfigPath;
        if (project.Agent.Config.Member("api_version") is { ValueKind: not System.Text.Json.JsonValueKind.Undefined } api)
        {
            if (ApiVersion(project.Agent) is not { } wanted)
            {
                yield return $"{file}: api_version is {api.GetRawText()}; it must be a version of {Package} like \"0.16\" or \"0.16.7\".";
                yield break;
            }

            if (!wanted.Overlaps(Supported)) yield return $"{file}: api_version is {api.GetRawText()}, which cannot be run here; supported is {Package} {Supported}.";
        }

        foreach (var requirement in project.Requirements().Where(requirement => requirement.Wanted is not null).Distinct())
        {
            if (requirement.Name is Package)
            {
                if (!requirement.Wanted!.Overlaps(Supported)) yield return $"The project has {Package} {requirement.Wanted} ({requirement.Where}), which cannot be run here; it needs {Supported}. Change the requirement or leave it out: the agent server is no package of the project.";
            }
            else if (Conflict(project, requirement) is { } conflict)
            {
                yield return conflict;
            }
        }

        // Of a lock file only what every agent runs with: the rest may be there for development.
        foreach (var locked in (project.Uv?.Locked() ?? []).Where(locked => locked.Name is "langgraph" or "langgraph-checkpoint" or "langchain-core" or "langgraph-sdk"))
            if (Conflict(project, locked) is { } conflict)
                yield return conflict;
    }

    private static string? Conflict(PythonProject project, Requirement requirement) =>
        Of(project).IsDefault && s_needs.TryGetValue(requirement.Name, out var needed) && !requirement.Wanted!.Overlaps(needed)
            ? $"The project has {requirement.Name} {requirement.Wanted} ({requirement.Where}); the agent server {Package} {Default} needs {needed}. Change the requirement and deploy again."
            : null;

    private static IEnumerable<(VersionSpecifier Wanted, string Where)> Named(PythonProject project)
    {
        if (ApiVersion(project.Agent) is { } api) yield return (api, "api_version");
        foreach (var requirement in project.Requirements().Concat(project.Uv?.Locked() ?? []))
            if (requirement is { Name: Package, Wanted: { Text.Length: > 0 } wanted })
                yield return (wanted, requirement.Where);
    }

    /// <summary><c>0.16.7</c>, <c>0.16</c> (any of these), <c>~=0.16.2</c>, or <c>&gt;~=0.16</c> (this or newer).</summary>
    private static VersionSpecifier? ApiVersion(AgentProject project) => project.Config.Text("api_version")?.Trim() switch
    {
        null or "" => null,
        ['>', '~', '=', .. var from] => VersionSpecifier.TryParse($">={from}"),
        ['~', '=', ..] compatible => VersionSpecifier.TryParse(compatible),
        var text when PackageVersion.TryParse(text) is { } version => VersionSpecifier.TryParse(version.Numbers.Count > 2 ? $"=={text}" : $"=={text}.*"),
        _ => null,
    };

    private static VersionSpecifier Exactly(PackageVersion version) => VersionSpecifier.Parse($"=={version}");
}
