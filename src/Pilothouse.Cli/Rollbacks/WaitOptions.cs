using System.CommandLine;
using Pilothouse.Cli.Deploy;
using Pilothouse.Client;

namespace Pilothouse.Cli.Rollbacks;

/// <summary>Of commands that make a revision and can follow it.</summary>
internal sealed class WaitOptions
{
    /// <summary>A day.</summary>
    private const int MaxTimeout = 24 * 60 * 60;

    private readonly Option<bool> _wait = new("--wait") { Description = "Follow the revision until it serves or has failed." };

    private readonly Option<int> _timeout = new("--timeout")
    {
        Description = "Seconds to wait at most; the deployment goes on without.",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => 1800,
    };

    public void AddTo(Command command)
    {
        _timeout.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > MaxTimeout) result.AddError($"--timeout must be 1 to {MaxTimeout} seconds.");
        });
        command.Add(_wait);
        command.Add(_timeout);
    }

    public bool Waits(ParseResult parsed) => parsed.GetValue(_wait);

    /// <returns>The exit code.</returns>
    public Task<int> RunAsync(
        ParseResult parsed, PilothouseClient client, DeployReport report, Guid deployment, Guid revision, CancellationToken cancellationToken) =>
        new DeployWatch(client, report, deployment, revision).RunAsync(TimeSpan.FromSeconds(parsed.GetValue(_timeout)), cancellationToken);
}
