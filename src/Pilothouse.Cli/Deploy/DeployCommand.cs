using System.CommandLine;
using Pilothouse.Cli.Connecting;
using Pilothouse.Cli.Output;

namespace Pilothouse.Cli.Deploy;

internal static class DeployCommand
{
    /// <summary>A day.</summary>
    private const int MaxTimeout = 24 * 60 * 60;

    private static readonly string[] s_types = ["dev", "prod", "serverless", "dedicated"];

    public static Command Create(Terminal terminal)
    {
        var connection = new Connection();
        var folder = new Argument<string>("DIR") { Description = "The project's folder; all of it is sent, but for what .gitignore and .dockerignore name.", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => "." };
        var name = new Option<string?>("--name") { Description = "Name of the deployment; else PILOTHOUSE_NAME, LANGSMITH_DEPLOYMENT_NAME, else the folder's.", HelpName = "NAME" };
        var id = new Option<Guid?>("--deployment-id") { Description = "Update this deployment, whatever its name.", HelpName = "ID" };
        var agent = new Option<string?>("--agent-id") { Description = "With --agent-environment instead of a name; else LANGSMITH_AGENT_ID.", HelpName = "ID" };
        var stage = new Option<string?>("--agent-environment") { Description = "development, staging or production; else LANGSMITH_AGENT_ENVIRONMENT.", HelpName = "NAME" };
        var config = new Option<string>("--config") { Description = "The configuration file in DIR; in a monorepo e.g. apps/agent/langgraph.json.", HelpName = "FILE", DefaultValueFactory = _ => "langgraph.json" };
        var type = new Option<string>("--type") { Description = "For a new deployment: dev or prod (more CPU and memory).", HelpName = "TYPE", DefaultValueFactory = _ => "dev" };
        type.AcceptOnlyFromAmong(s_types);
        var listener = new Option<string?>("--listener") { Description = "For a new deployment: the listener whose machine runs it, by its name or id; else the control plane's own.", HelpName = "NAME" };
        var env = new Option<string?>("--env-file") { Description = "Variables for the agent; else the file that langgraph.json names, else .env.", HelpName = "FILE" };
        var install = new Option<string?>("--install-command") { Description = "JavaScript: how to install packages; else by lock file.", HelpName = "COMMAND" };
        var build = new Option<string?>("--build-command") { Description = "JavaScript: what to run after the install.", HelpName = "COMMAND" };
        var noWait = new Option<bool>("--no-wait") { Description = "Return once the revision is recorded." };
        var timeout = new Option<int>("--timeout") { Description = "Seconds to wait at most; the deployment goes on without.", HelpName = "SECONDS", DefaultValueFactory = _ => 1800 };
        timeout.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > MaxTimeout) result.AddError($"--timeout must be 1 to {MaxTimeout} seconds; --no-wait does not wait at all.");
        });

        var command = new Command("deploy", "Deploys a project: packs it, sends it, follows the build, prints the agent's URL.")
        {
            folder, name, id, agent, stage, config, type, listener, env, install, build, noWait, timeout,
        };
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var project = Project.Read(parsed.GetValue(folder)!, parsed.GetValue(config)!);
            var secrets = ProjectSecrets.Read(project, parsed.GetValue(env));
            var around = Surroundings.Of(secrets.Variables);
            var order = new DeployOrder(
                project.Name(parsed.GetValue(name), around), AgentChoice.Of(parsed.GetValue(agent), parsed.GetValue(stage), parsed.GetValue(name), parsed.GetValue(id), around), parsed.GetValue(id), parsed.GetValue(type)!, parsed.GetValue(listener), secrets, project.Files(parsed.GetValue(env)), project.ConfigPath,
                parsed.GetValue(install), parsed.GetValue(build), Waits: !parsed.GetValue(noWait), TimeSpan.FromSeconds(parsed.GetValue(timeout)));
            using var client = connection.Open(parsed, around);
            return await new DeployFlow(client, new DeployReport(terminal, parsed.GetValue(connection.Json))).RunAsync(order, cancellationToken);
        });
        return command;
    }
}
