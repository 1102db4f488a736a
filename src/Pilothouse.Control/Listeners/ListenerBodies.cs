using System.Text.RegularExpressions;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.Listeners;

/// <summary>A PATCH, and what it may repeat of the fields that cannot change.</summary>
internal sealed record PatchListenerRequest(ListenerPatch Patch, string? ComputeType = null, string? ComputeId = null);

/// <summary>Takes the shape of requests; ask <see cref="RequestFaults.Any"/> before using what came out.</summary>
internal static partial class ListenerBodies
{
    private const int MaxVersionLength = 128;
    private const int MaxNamespaces = 100;
    private const string Namespaces = "k8s_namespaces";

    /// <summary>As long as a host name, which is what most clusters are called by.</summary>
    private const int MaxComputeIdLength = 253;

    private static readonly string[] s_computeTypes = [ComputeTypes.Kubernetes, ComputeTypes.Process];

    public static ListenerCreate ReadCreate(BodyReader body, RequestFaults faults)
    {
        var type = body.Choice("compute_type", s_computeTypes);
        return new ListenerCreate
        {
            Version = body.OptionalText("version", MaxVersionLength),
            ComputeType = type,
            ComputeId = ReadComputeId(body, faults),
            ComputeConfig = type is ComputeTypes.Process
                ? ReadProcessConfig(body.OptionalObject("compute_config"))
                : ReadConfig(body.Object("compute_config"), faults, isRequired: true),
        };
    }

    public static PatchListenerRequest ReadPatch(BodyReader body, RequestFaults faults) => new(
        new ListenerPatch
        {
            Version = body.OptionalText("version", MaxVersionLength),
            ComputeConfig = body.OptionalObject("compute_config") is { } config ? ReadConfig(config, faults, isRequired: false) : null,
        },
        body.OptionalText("compute_type"),
        body.OptionalText("compute_id"));

    private static string ReadComputeId(BodyReader body, RequestFaults faults)
    {
        var found = faults.List.Count;
        var id = body.Text("compute_id", MaxComputeIdLength);
        if (!body.IsPresent || faults.List.Count > found || (!string.IsNullOrWhiteSpace(id) && !id.Any(char.IsControl))) return id;
        body.Refuse("compute_id", "it must have 1 to 253 characters, not only spaces, and no control characters");
        return id;
    }

    private static ListenerComputeConfig ReadProcessConfig(BodyReader? config)
    {
        if (config?.OptionalTexts(Namespaces) is { Count: > 0 }) config.Refuse(Namespaces, "the compute_type 'process' has none");
        return new ListenerComputeConfig();
    }

    /// <param name="isRequired">Nothing could ever be placed on a listener without a namespace.</param>
    private static ListenerComputeConfig ReadConfig(BodyReader config, RequestFaults faults, bool isRequired)
    {
        var found = faults.List.Count;
        var names = config.OptionalTexts(Namespaces);
        if (names is null)
        {
            if (isRequired && config.IsPresent) config.Refuse(Namespaces, "the compute_type 'k8s' needs at least one namespace");
            return new ListenerComputeConfig();
        }

        // One fault per field: what stands in for a malformed list breaks rules too.
        if (faults.List.Count > found) return new ListenerComputeConfig { K8sNamespaces = names };
        if (names.Count is 0 or > MaxNamespaces)
            config.Refuse(Namespaces, $"it must name 1 to {MaxNamespaces} namespaces, not {names.Count}");
        else if (names.FirstOrDefault(name => !Label().IsMatch(name)) is { } wrong)
            config.Refuse(Namespaces, $"'{Shown(wrong)}' is not the name of a namespace: lower-case letters, digits and inner dashes, at most 63");
        else if (names.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
            config.Refuse(Namespaces, $"'{twice.Key}' is named twice");
        return new ListenerComputeConfig { K8sNamespaces = names };
    }

    private static string Shown(string name) => name.Length <= 63 ? name : $"{name[..63]}…";

    /// <summary>RFC 1123, as Kubernetes takes it.</summary>
    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z")]
    private static partial Regex Label();
}
