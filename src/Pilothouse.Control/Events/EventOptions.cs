using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Pilothouse.Control.Events;

public sealed class EventOptions
{
    public const string Section = "Events";

    /// <summary>Event streams that one service key, or one user with all keys, may follow at a time; beyond it 429.</summary>
    [Range(1, 100_000)]
    public int MaxStreamsPerKey { get; set; } = 50;

    /// <summary>Event streams of one workspace at a time; beyond it 429.</summary>
    [Range(1, 100_000)]
    public int MaxStreamsPerWorkspace { get; set; } = 200;

    /// <summary>Requests of one workspace that wait because of <c>Prefer: wait</c>; beyond it they are answered at once.</summary>
    [Range(1, 100_000)]
    public int MaxWaitsPerWorkspace { get; set; } = 200;

    /// <summary>A quiet stream carries a comment that often, so that nothing on the way takes it for dead.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:05:00")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The store is read that often although nothing of this process told of a change.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:05:00")]
    public TimeSpan ReadEvery { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>A stream's key and role are looked at again that often; keys are remembered for 3 seconds besides.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:05:00")]
    public TimeSpan AuthorizeEvery { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>A reader that takes nothing for so long is dropped.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:05:00")]
    public TimeSpan WriteLimit { get; set; } = TimeSpan.FromSeconds(15);
}

[OptionsValidator]
internal sealed partial class EventOptionsValidator : IValidateOptions<EventOptions>;
