using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Pilothouse.Control.Tests.World;

/// <summary>What one meter of one control plane says now, summed over labels.</summary>
internal sealed class Numbers : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, double> _now = new(StringComparer.Ordinal);

    public Numbers(IServiceProvider services, string meter)
    {
        var scope = services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == meter && ReferenceEquals(instrument.Meter.Scope, scope)) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => Add(instrument, value));
        _listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => Add(instrument, value));
        _listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => Add(instrument, value));
        _listener.Start();
    }

    /// <summary>Of an observable instrument.</summary>
    public double Now(string instrument)
    {
        _now.Clear();
        _listener.RecordObservableInstruments();
        return _now.GetValueOrDefault(instrument);
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value) => _now.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value);
}
