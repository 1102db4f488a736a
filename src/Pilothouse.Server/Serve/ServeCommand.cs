using System.CommandLine;

namespace Pilothouse.Server.Serve;

/// <summary><c>pilothouse-server serve</c>: control plane, listener, process runtime and gateway in one process.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var data = ForData();
        var urls = new Option<string?>("--urls")
        {
            Description = "Addresses to listen on, separated by semicolons. [default: http://127.0.0.1:8787]",
            HelpName = "URL",
        };
        var publicUrl = new Option<string?>("--public-url")
        {
            Description = "Where callers reach this server, when that is not the first of --urls (a proxy in front).",
            HelpName = "URL",
        };
        var domain = new Option<string?>("--domain")
        {
            Description = "Wildcard domain: agents also answer at {name}-{hash}.DOMAIN.",
            HelpName = "DOMAIN",
        };

        var command = new Command("serve", "Starts the control plane; ends on SIGTERM or Ctrl-C.") { data, urls, publicUrl, domain };
        command.SetAction((parsed, cancellationToken) => ServeProgram.RunAsync(
            new ServeFlags(parsed.GetValue(data), parsed.GetValue(urls), parsed.GetValue(publicUrl), parsed.GetValue(domain)), cancellationToken));
        return command;
    }

    public static Option<string?> ForData() => new("--data")
    {
        Description = "Directory that holds everything which must survive. [default: ./.pilothouse]",
        HelpName = "DIR",
    };
}

/// <summary>What the command line says; null: not said.</summary>
internal sealed record ServeFlags(string? Data, string? Urls, string? PublicUrl, string? Domain);
