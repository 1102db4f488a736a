using System.CommandLine;
using Pilothouse.Client;
using Pilothouse.Contracts.Deployments;

namespace Pilothouse.Cli.Connecting;

/// <summary>The options that say which control plane, and as whom.</summary>
internal sealed class Connection
{
    public const string DefaultUrl = "http://127.0.0.1:8787";

    private readonly Option<string?> _url = new("--url") { Description = $"Address of the control plane; else PILOTHOUSE_URL. [default: {DefaultUrl}]", HelpName = "URL" };

    private readonly Option<string?> _key = new("--api-key")
    {
        Description = "API key; else PILOTHOUSE_API_KEY, for a control plane on this machine ./.pilothouse/bootstrap-key, or LANGSMITH_API_KEY.",
        HelpName = "KEY",
    };

    private readonly Option<string?> _workspace = new("--workspace") { Description = "Workspace id, for keys that reach several; else PILOTHOUSE_WORKSPACE.", HelpName = "ID" };

    public Option<bool> Json { get; } = new("--json") { Description = "Print JSON." };

    public void AddTo(Command command)
    {
        command.Add(_url);
        command.Add(_key);
        command.Add(_workspace);
        command.Add(Json);
    }

    public PilothouseClient Open(ParseResult parsed)
    {
        var text = parsed.GetValue(_url) ?? Variable("PILOTHOUSE_URL") ?? DefaultUrl;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            throw new MisuseException($"'{text}' is no address of a control plane; give one like {DefaultUrl}.");
        var key = parsed.GetValue(_key) ?? Variable("PILOTHOUSE_API_KEY") ?? OwnKey(url) ?? Variable("LANGSMITH_API_KEY")
            ?? throw new MisuseException("No API key: give --api-key or set PILOTHOUSE_API_KEY.");
        if (key.Any(letter => letter is <= ' ' or > '~')) throw new MisuseException("The API key holds a space, a line's end or a letter that no key has; was it copied whole?");
        return new PilothouseClient(new ClientOptions { Address = url, ApiKey = key, Workspace = parsed.GetValue(_workspace) ?? Variable("PILOTHOUSE_WORKSPACE") });
    }

    /// <summary>By id, or by exact name.</summary>
    public static async Task<Deployment> FindAsync(PilothouseClient client, string nameOrId, CancellationToken cancellationToken) =>
        Guid.TryParse(nameOrId, out var id)
            ? await client.GetDeploymentAsync(id, cancellationToken)
            : await client.FindDeploymentAsync(nameOrId, cancellationToken)
                ?? throw new MisuseException($"There is no deployment named '{nameOrId}'; 'pilothouse list' shows those that are there.");

    public static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    /// <summary>The first key of a control plane that this user runs on this machine.</summary>
    private static string? OwnKey(Uri url)
    {
        var file = Path.Combine(Variable("PILOTHOUSE_DATA") ?? Variable("PILOTHOUSE_Data") ?? ".pilothouse", "bootstrap-key");
        return url.IsLoopback && File.Exists(file) ? File.ReadAllText(file).Trim() : null;
    }
}
