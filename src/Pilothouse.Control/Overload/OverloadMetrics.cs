using System.Diagnostics.Metrics;

namespace Pilothouse.Control.Overload;

/// <summary>The meter <c>Pilothouse.Overload</c>: what was turned away, by the limit that it met.</summary>
internal sealed class OverloadMetrics
{
    public const string MeterName = "Pilothouse.Overload";

    private readonly Counter<long> _refused;

    public OverloadMetrics(IMeterFactory meters) => _refused = meters.Create(MeterName).CreateCounter<long>(
        "pilothouse.requests.refused", "{request}", "Requests of the API that met a limit of the section Overload.");

    /// <param name="limit">Name of the option.</param>
    public void Refused(string limit) => _refused.Add(1, new KeyValuePair<string, object?>("limit", limit));
}
