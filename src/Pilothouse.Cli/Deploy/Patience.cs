using System.Net;
using Pilothouse.Client;

namespace Pilothouse.Cli.Deploy;

/// <summary>A control plane that restarts finishes what it began, so it is waited for: a minute at most for each call.</summary>
internal sealed class Patience(DeployReport report)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(3);

    /// <summary>For what changes nothing: repeated whatever became of it.</summary>
    public Task<T> ReadAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken) => RepeatAsync(call, IsAway, cancellationToken);

    /// <summary>For what changes something: repeated only while nobody takes the connection, so that nothing was sent.</summary>
    public async Task<T> WriteAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await RepeatAsync(call, failure => failure is UnreachableException { IsRefused: true }, cancellationToken);
        }
        catch (UnreachableException failure) when (!failure.IsRefused)
        {
            report.Step("the connection broke after the call was sent; whether it was done is not known, so it is not repeated: look with 'pilothouse list' and 'pilothouse revisions'");
            throw;
        }
    }

    private async Task<T> RepeatAsync<T>(Func<Task<T>> call, Func<Exception, bool> mayRepeat, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        for (var pause = s_firstPause; ; pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause)
        {
            try
            {
                var answer = await call();
                if (pause > s_firstPause) report.Step("the control plane answers again");
                return answer;
            }
            catch (Exception failure) when (mayRepeat(failure) && TimeProvider.System.GetElapsedTime(began) < s_limit)
            {
                if (pause == s_firstPause) report.Step($"the control plane does not answer; waiting for it, {s_limit.TotalSeconds:0} s at most");
            }

            await Task.Delay(pause, TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>Also when a proxy in front says so.</summary>
    private static bool IsAway(Exception failure) => failure is UnreachableException
        or ApiException { Status: HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout };
}
