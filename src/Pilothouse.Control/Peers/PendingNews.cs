using System.Threading.Channels;
using Pilothouse.Core;

namespace Pilothouse.Control.Peers;

/// <summary>What the other control planes have not been told yet: each thing once, however often it changed.</summary>
internal sealed class PendingNews
{
    /// <summary>Beyond it, telling them one by one is more work than looking at everything.</summary>
    private const int MaxDeployments = 5_000;

    private readonly Lock _lock = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private Dictionary<DeploymentId, bool> _deployments = [];
    private bool _isAccessChanged;
    private bool _isAnything;

    /// <param name="isChange">False: its events alone.</param>
    public void Add(DeploymentId deployment, bool isChange)
    {
        lock (_lock)
        {
            if (_deployments.Count >= MaxDeployments) _isAnything = true;
            else _deployments[deployment] = isChange || _deployments.GetValueOrDefault(deployment);
            _wake.Writer.TryWrite(true);
        }
    }

    public void AddAccess()
    {
        lock (_lock)
        {
            _isAccessChanged = true;
            _wake.Writer.TryWrite(true);
        }
    }

    /// <summary>Returns when there is something to tell.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken) => await _wake.Reader.ReadAsync(cancellationToken);

    public News Take()
    {
        lock (_lock)
        {
            var news = new News(_isAnything ? [] : _deployments, _isAccessChanged, _isAnything);
            (_deployments, _isAccessChanged, _isAnything) = ([], false, false);
            return news;
        }
    }

    /// <summary>They could not be told: again later, with what came since.</summary>
    public void PutBack(News news)
    {
        lock (_lock)
        {
            _isAnything |= news.IsAnything;
            _wake.Writer.TryWrite(true);
        }

        foreach (var (deployment, isChange) in news.Deployments) Add(deployment, isChange);
        if (news.IsAccessChanged) AddAccess();
    }
}

/// <param name="Deployments">True: changed; false: told of.</param>
/// <param name="IsAnything">Whoever hears it takes it that everything changed.</param>
internal sealed record News(IReadOnlyDictionary<DeploymentId, bool> Deployments, bool IsAccessChanged, bool IsAnything);
