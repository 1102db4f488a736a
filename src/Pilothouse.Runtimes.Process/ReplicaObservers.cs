using Microsoft.Extensions.Logging;
using Pilothouse.Core.Runtimes;

namespace Pilothouse.Runtimes.Process;

/// <summary>All observers of one runtime. One that throws, which it must not, costs no replica its supervision and no other observer its news.</summary>
internal sealed class ReplicaObservers(IReadOnlyList<IReplicaObserver> observers, ILogger logger)
{
    public void Changed(ReplicaSpec spec) => Tell(spec, observer => observer.Changed(spec.Deployment));

    public void Logged(ReplicaSpec spec, ReplicaLogLine line) => Tell(spec, observer => observer.Logged(line));

    private void Tell(ReplicaSpec spec, Action<IReplicaObserver> news)
    {
        foreach (var observer in observers)
        {
            try
            {
                news(observer);
            }
            catch (Exception exception)
            {
                logger.ObserverFailed(exception, spec.Name);
            }
        }
    }
}
