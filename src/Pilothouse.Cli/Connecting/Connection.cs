using System.CommandLine;
using Pilothouse.Client;
using Pilothouse.Contracts.Deployments;

namespace Pilothouse.Cli.Connecting;

/// <summary>The options that say which control plane, and as whom.</summary>
internal sealed class Connection
{
    private readonly Option<string?> _url = new("--url")
    {
        Description = $"Address of the control plane; else PILOTHOUSE_URL, LANGGRAPH_HOST_URL, LANGSMITH_ENDPOINT. [default: {ControlPlaneChoice.DefaultUrl}]",
        HelpName = "URL",
    };

    private readonly Option<string?> _key = new("--api-key")
    {
        Description = "API key; else PILOTHOUSE_API_KEY, LANGGRAPH_HOST_API_KEY, for a control plane on this machine ./.pilothouse/bootstrap-key, LANGSMITH_API_KEY.",
        HelpName = "KEY",
    };

    private readonly Option<string?> _workspace = new("--workspace")
    {
        Description = "Workspace id, for keys that reach several; else PILOTHOUSE_WORKSPACE, LANGSMITH_TENANT_ID.",
        HelpName = "ID",
    };

    public Option<bool> Json { get; } = new("--json") { Description = "Print JSON, one object a line." };

    public void AddTo(Command command)
    {
        command.Add(_url);
        command.Add(_key);
        command.Add(_workspace);
        command.Add(Json);
    }

    /// <param name="around">Null: the process's variables and <c>./.env</c>.</param>
    public PilothouseClient Open(ParseResult parsed, Surroundings? around = null)
    {
        var chosen = ControlPlaneChoice.Of(parsed.GetValue(_url), parsed.GetValue(_key), parsed.GetValue(_workspace), around ?? Surroundings.Of(), OwnKey);
        return new PilothouseClient(new ClientOptions { Address = chosen.Address, ApiKey = chosen.Key, Workspace = chosen.Workspace });
    }

    /// <summary>By id, or by exact name.</summary>
    public static async Task<Deployment> FindAsync(PilothouseClient client, string nameOrId, CancellationToken cancellationToken) =>
        Guid.TryParse(nameOrId, out var id)
            ? await client.GetDeploymentAsync(id, cancellationToken)
            : await client.FindDeploymentAsync(nameOrId, cancellationToken)
                ?? throw new MisuseException($"There is no deployment named '{nameOrId}'; 'pilothouse list' shows those that are there.");

    /// <summary>As <see cref="FindAsync"/>; null: the only deployment of the workspace.</summary>
    public static async Task<Deployment> FindOrOnlyAsync(PilothouseClient client, string? nameOrId, CancellationToken cancellationToken)
    {
        if (nameOrId is not null) return await FindAsync(client, nameOrId, cancellationToken);
        Deployment? only = null;
        await foreach (var deployment in client.ListDeploymentsAsync(nameContains: null, cancellationToken))
        {
            if (only is not null) throw new MisuseException("There is more than one deployment: say which; 'pilothouse list' shows them.");
            only = deployment;
        }

        return only ?? throw new MisuseException("There is no deployment; 'pilothouse deploy' makes one.");
    }

    /// <summary>The first key of a control plane that this user runs on this machine.</summary>
    private static string? OwnKey()
    {
        var file = Path.Combine(Surroundings.Variable("PILOTHOUSE_DATA") ?? Surroundings.Variable("PILOTHOUSE_Data") ?? ".pilothouse", "bootstrap-key");
        return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
    }
}
