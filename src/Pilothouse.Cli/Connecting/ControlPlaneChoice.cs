namespace Pilothouse.Cli.Connecting;

/// <summary>Which control plane, and as whom.</summary>
internal sealed record ControlPlaneChoice(Uri Address, string Key, string? Workspace)
{
    public const string DefaultUrl = "http://127.0.0.1:8787";

    private const string VendorDomain = "langchain.com";
    private const string ControlPlanePath = "/api-host";
    private static readonly string[] s_apiPaths = ["/api/v1", "/api"];

    /// <summary>
    /// Options first, then Pilothouse's own variables, then those of the official CLI in its order. <c>LANGSMITH_ENDPOINT</c> and <c>LANGSMITH_TENANT_ID</c> say
    /// where traces go as well: with a key of Pilothouse's own they are only that, and the vendor's cloud is never meant.
    /// </summary>
    /// <param name="ownKey">The first key of a control plane on this machine, or null.</param>
    /// <exception cref="MisuseException">No key, or no address.</exception>
    public static ControlPlaneChoice Of(string? url, string? key, string? workspace, Surroundings around, Func<string?> ownKey)
    {
        var ours = key is null ? around.Process("PILOTHOUSE_API_KEY") : null;
        var hosts = key ?? ours ?? around.ProcessFirst("LANGGRAPH_HOST_API_KEY");
        var own = hosts is null ? ownKey() : null;
        var address = AddressOf(
            (url, "--url"), (around.Process("PILOTHOUSE_URL"), "PILOTHOUSE_URL"), (around.Process("LANGGRAPH_HOST_URL"), "LANGGRAPH_HOST_URL"),
            (ours is not null || own is not null ? null : OfEndpoint(around.FileFirst("LANGSMITH_ENDPOINT")), "LANGSMITH_ENDPOINT"), (DefaultUrl, ""));

        var chosen = hosts ?? (address.IsLoopback ? own : null) ?? around.FileFirst("LANGSMITH_API_KEY") ?? around.FileFirst("LANGCHAIN_API_KEY")
            ?? throw new MisuseException($"No API key for {address}: give --api-key or set PILOTHOUSE_API_KEY.");
        if (chosen.Any(letter => letter is <= ' ' or > '~')) throw new MisuseException("The API key holds a space, a line's end or a letter that no key has; was it copied whole?");
        var isOurs = string.Equals(chosen, ours ?? own, StringComparison.Ordinal);
        return new ControlPlaneChoice(address, chosen, workspace ?? around.Process("PILOTHOUSE_WORKSPACE") ?? (isOurs ? null : around.FileFirst("LANGSMITH_TENANT_ID")));
    }

    private static Uri AddressOf(params IEnumerable<(string? Text, string Origin)> candidates)
    {
        var (text, origin) = candidates.First(one => one.Text is not null);
        return Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new MisuseException($"'{text}' (from {origin}) is no address of a control plane; give one like {DefaultUrl}.");
    }

    /// <summary><c>https://host/api/v1</c>, where traces go, has its control plane at <c>https://host/api-host</c>.</summary>
    private static string? OfEndpoint(string? endpoint)
    {
        if (endpoint is null || !Uri.TryCreate(endpoint.TrimEnd('/'), UriKind.Absolute, out var address)) return endpoint;
        if (address.Host is VendorDomain || address.Host.EndsWith($".{VendorDomain}", StringComparison.Ordinal)) return null;
        var path = address.AbsolutePath.TrimEnd('/');
        var api = s_apiPaths.FirstOrDefault(one => path.EndsWith(one, StringComparison.Ordinal)) ?? "";
        return $"{address.GetLeftPart(UriPartial.Authority)}{path[..^api.Length]}{ControlPlanePath}";
    }
}
