using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Pilothouse.Server.Listening.Doctor;

/// <summary><c>pilothouse-server listener doctor</c>: looks at every hop between this machine and the control plane, and says what to mend.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var flags = new ListenerOptionsOfCommand();
        var json = new Option<bool>("--json") { Description = "One JSON object for each thing that was looked at." };
        var command = new Command("doctor", "Looks at all that a listener needs, with the options that it would be started with, and says what to mend; changes nothing.") { json };
        flags.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(flags.Read(parsed), parsed.GetValue(json), cancellationToken));
        return command;
    }

    /// <summary>0: a listener would work here. 1: it would not.</summary>
    private static async Task<int> RunAsync(ListenerFlags flags, bool isJson, CancellationToken cancellationToken)
    {
        var configuration = new ConfigurationManager();
        configuration.AddListenerSettings(flags);
        var isBad = false;
        await foreach (var finding in LookAsync(configuration, cancellationToken))
        {
            isBad |= finding.Verdict == Verdict.Bad;
            await Console.Out.WriteLineAsync(isJson ? Json(finding) : Line(finding));
        }

        if (!isJson) await Console.Error.WriteLineAsync(isBad ? "A listener would not work here yet." : "A listener works here.");
        return isBad ? 1 : 0;
    }

    private static async IAsyncEnumerable<Finding> LookAsync(
        IConfiguration configuration, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (options, faults) = Settings(configuration);
        foreach (var fault in faults) yield return fault;
        if (options is not null)
        {
            await foreach (var finding in new ControlPlaneChecks(options.Value.Options, options.Value.Key).LookAsync(cancellationToken)) yield return finding;
        }

        foreach (var finding in await new MachineChecks(configuration).LookAsync(cancellationToken)) yield return finding;
    }

    private static ((Listener.Remote.ControlPlaneOptions Options, string Key)? Options, IReadOnlyList<Finding> Faults) Settings(IConfiguration configuration)
    {
        try
        {
            return ((ListenerProgram.Options(configuration), ListenerProgram.KeyOf(configuration)), [Finding.Good("settings", "The settings are complete.")]);
        }
        catch (OptionsValidationException invalid)
        {
            return (null, [.. invalid.Failures.Select(failure => Finding.Bad("settings", failure, "Give the listener's command line to doctor as it is."))]);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return (null, [Finding.Bad("settings", unreadable.Message, "Let the user that runs the listener read that file.")]);
        }
    }

    private static string Line(Finding finding)
    {
        var mark = finding.Verdict switch { Verdict.Good => "ok  ", Verdict.Note => "note", _ => "FAIL" };
        return $"{mark}  {finding.About,-14} {finding.Saw}{(finding.Do is null ? "" : $"\n      {"",-14} → {finding.Do}")}";
    }

    private static string Json(Finding finding) => JsonSerializer.Serialize(
        new { about = finding.About, verdict = finding.Verdict.ToString().ToLowerInvariant(), saw = finding.Saw, @do = finding.Do }, JsonSerializerOptions.Web);
}
