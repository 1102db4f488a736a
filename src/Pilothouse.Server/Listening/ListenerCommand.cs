using System.CommandLine;
using Pilothouse.Server.Listening.Doctor;

namespace Pilothouse.Server.Listening;

/// <summary><c>pilothouse-server listener</c>: runs the agents of a control plane elsewhere on this machine; it only ever calls out.</summary>
internal static class ListenerCommand
{
    public static Command Create()
    {
        var flags = new ListenerOptionsOfCommand();
        var command = new Command("listener", "Runs agents on this machine for a control plane elsewhere; ends on SIGTERM or Ctrl-C.") { DoctorCommand.Create() };
        flags.AddTo(command);
        command.SetAction((parsed, cancellationToken) => ListenerProgram.RunAsync(flags.Read(parsed), cancellationToken));
        return command;
    }
}

/// <summary>What the command line says; null: not said.</summary>
internal sealed record ListenerFlags(
    string? ControlPlane, string? Key, string? KeyFile, string? ListenerId, string? ComputeId, string? Data, string? Urls, string? GatewayUrl, string? Ca);

internal sealed class ListenerOptionsOfCommand
{
    private readonly Option<string?> _controlPlane = new("--control-plane") { Description = "The control plane's address, e.g. https://pilothouse.corp.", HelpName = "URL" };

    private readonly Option<string?> _key = new("--key")
    {
        Description = "A key of the listener, or of its workspace; better as PILOTHOUSE_ControlPlane__Key or with --key-file, since others on this machine see arguments.",
        HelpName = "KEY",
    };

    private readonly Option<string?> _keyFile = new("--key-file") { Description = "File that holds the key; read again when it changes.", HelpName = "FILE" };
    private readonly Option<string?> _listenerId = new("--listener-id") { Description = "Which listener this is, by its id.", HelpName = "ID" };

    private readonly Option<string?> _computeId = new("--compute-id")
    {
        Description = "Which listener this is, by the name of this machine or site; made when the workspace has none of that name.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _data = new("--data") { Description = "Directory that holds everything which must survive. [default: ./.pilothouse-listener]", HelpName = "DIR" };

    private readonly Option<string?> _urls = new("--urls")
    {
        Description = "Addresses at which agents answer, separated by semicolons. [default: http://127.0.0.1:8788]",
        HelpName = "URL",
    };

    private readonly Option<string?> _gatewayUrl = new("--gateway-url")
    {
        Description = "Where callers reach this machine's agents, when that is not the first of --urls.",
        HelpName = "URL",
    };

    private readonly Option<string?> _ca = new("--ca") { Description = "PEM file with certificate authorities to trust besides the system's.", HelpName = "FILE" };

    public void AddTo(Command command)
    {
        foreach (var option in (Option<string?>[])[_controlPlane, _key, _keyFile, _listenerId, _computeId, _data, _urls, _gatewayUrl, _ca]) command.Options.Add(option);
    }

    public ListenerFlags Read(ParseResult parsed) => new(
        parsed.GetValue(_controlPlane), parsed.GetValue(_key), parsed.GetValue(_keyFile), parsed.GetValue(_listenerId), parsed.GetValue(_computeId),
        parsed.GetValue(_data), parsed.GetValue(_urls), parsed.GetValue(_gatewayUrl), parsed.GetValue(_ca));
}
