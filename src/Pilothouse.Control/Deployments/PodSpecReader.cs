using System.Text.Json.Nodes;
using Pilothouse.Control.Errors;

namespace Pilothouse.Control.Deployments;

/// <summary>The Kubernetes part of <c>resource_spec</c>, in the contract's shapes; what a cluster makes of it is the cluster's to judge.</summary>
internal static class PodSpecReader
{
    private static readonly string[] s_volumeKinds =
        ["configMap", "secret", "emptyDir", "persistentVolumeClaim", "nfs", "projected", "downwardAPI", "csi"];

    public static void ReadInto(BodyReader body, JsonObject spec)
    {
        spec["labels"] = Map(body.OptionalTextMap("labels"));
        spec["annotations"] = Map(body.OptionalTextMap("annotations"));
        spec["service_account_name"] = body.OptionalText("service_account_name");
        spec["image_pull_secrets"] = List(body.OptionalObjects("image_pull_secrets"), item => new JsonObject { ["name"] = item.Text("name") });
        spec["volumes"] = List(body.OptionalObjects("volumes"), Volume);
        spec["volume_mounts"] = List(body.OptionalObjects("volume_mounts"), VolumeMount);
        spec["init_containers"] = List(body.OptionalObjects("init_containers"), Container);
        spec["sidecars"] = List(body.OptionalObjects("sidecars"), Container);
    }

    private static JsonObject Volume(BodyReader body)
    {
        var volume = Named(body, "name");
        foreach (var kind in s_volumeKinds) volume[kind] = AnyObject(body, kind);
        return volume;
    }

    private static JsonObject VolumeMount(BodyReader body)
    {
        var mount = Named(body, "name", "mountPath");
        mount["subPath"] = body.OptionalText("subPath");
        mount["mountPropagation"] = body.OptionalText("mountPropagation");
        mount["readOnly"] = body.OptionalBool("readOnly");
        mount["subPathExpr"] = body.OptionalText("subPathExpr");
        return mount;
    }

    private static JsonObject Container(BodyReader body) => new()
    {
        ["name"] = body.Text("name"),
        ["image"] = body.Text("image"),
        ["imagePullPolicy"] = body.OptionalText("imagePullPolicy"),
        ["command"] = Texts(body.OptionalTexts("command")),
        ["args"] = Texts(body.OptionalTexts("args")),
        ["workingDir"] = body.OptionalText("workingDir"),
        ["env"] = List(body.OptionalObjects("env"), item => new JsonObject
        {
            ["name"] = item.Text("name"),
            ["value"] = item.OptionalText("value"),
            ["valueFrom"] = AnyObject(item, "valueFrom"),
        }),
        ["envFrom"] = AnyObjects(body, "envFrom"),
        ["resources"] = body.OptionalObject("resources") is { } resources
            ? new JsonObject { ["limits"] = Map(resources.OptionalTextMap("limits")), ["requests"] = Map(resources.OptionalTextMap("requests")) }
            : null,
        ["volumeMounts"] = List(body.OptionalObjects("volumeMounts"), VolumeMount),
        ["securityContext"] = AnyObject(body, "securityContext"),
        ["restartPolicy"] = body.OptionalText("restartPolicy"),
    };

    /// <summary>The contract lets these names be absent, but not null.</summary>
    private static JsonObject Named(BodyReader body, params string[] fields)
    {
        var named = new JsonObject();
        foreach (var field in fields.Where(body.Has)) named[field] = body.Text(field);
        return named;
    }

    private static JsonNode? AnyObject(BodyReader body, string field) =>
        body.OptionalAnyObject(field) is { } value ? JsonNode.Parse(value.GetRawText()) : null;

    private static JsonArray? AnyObjects(BodyReader body, string field) => body.OptionalAnyObjects(field) is { } values
        ? new JsonArray([.. values.Select(value => JsonNode.Parse(value.GetRawText()))])
        : null;

    private static JsonObject? Map(IReadOnlyDictionary<string, string>? values)
    {
        if (values is null) return null;
        var map = new JsonObject();
        foreach (var (name, value) in values) map[name] = value;
        return map;
    }

    private static JsonArray? Texts(IReadOnlyList<string>? values) =>
        values is null ? null : new JsonArray([.. values.Select(value => (JsonNode)value)]);

    private static JsonArray? List(IReadOnlyList<BodyReader>? items, Func<BodyReader, JsonObject> read) =>
        items is null ? null : new JsonArray([.. items.Select(item => (JsonNode)read(item))]);
}
