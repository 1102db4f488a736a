using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Pilothouse.Core.Reconciling;
using Pilothouse.Core.Routing;
using Pilothouse.Core.Runtimes;
using Pilothouse.Listener.Pulling;
using Pilothouse.Listener.Reconciling;
using Pilothouse.Listener.Replicas;
using Pilothouse.Listener.Reporting;
using Pilothouse.Listener.State;
using Pilothouse.Listener.Switching;

namespace Pilothouse.Listener;

public static class ListenerFeature
{
    /// <summary>
    /// The data-plane loop as a hosted service. Needs an <see cref="IRuntime"/>, an <c>IGateway</c> and an <c>IListenerProtocol</c>; brings the
    /// <see cref="IReplicaObserver"/> that the runtime reports to.
    /// </summary>
    public static IServiceCollection AddListener(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ListenerOptions>().Bind(configuration.GetSection(ListenerOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ListenerOptions>, ListenerOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);

        services.TryAddSingleton<IAgentsLease, SoleProcess>();
        services.TryAddSingleton<IWantedMemory, NoMemory>();
        services.AddMetrics();
        services.TryAddSingleton<LoopMetrics>();
        services.AddSingleton<ListenerMetrics>();
        services.AddSingleton<LogBuffer>();
        services.AddSingleton<ReplicaWatch>();
        services.AddSingleton<IReplicaObserver>(provider => provider.GetRequiredService<ReplicaWatch>());
        services.AddSingleton<WantedDeployments>();
        services.AddSingleton<Puller>();
        services.AddSingleton(provider => new ListenerState(
            provider.GetRequiredService<WantedDeployments>(), provider.GetRequiredService<Puller>(), provider.GetRequiredService<IGateway>()));
        services.AddSingleton<ReportOutbox>();
        services.AddSingleton<ReportSender>();
        services.AddSingleton<RevisionEvents>();
        services.AddSingleton<LogShipper>();
        services.AddSingleton<DataFolders>();
        services.AddSingleton<StateCopies>();
        services.AddSingleton<SwitchJournal>();
        services.AddSingleton<StateKeeper>();
        services.AddSingleton<ReplicaStarter>();
        // Replicas are beside us: the proxy of the environment is for the world. One client for all, for as long as the process.
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<WorkUnderWay>(
            provider, new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })));
        services.AddSingleton<DrainWait>();
        services.AddSingleton<HeldSwitch>();
        services.AddSingleton<RunnableRevisions>();
        services.AddSingleton<SituationReader>();
        services.AddSingleton<SwitchSteps>();
        services.AddSingleton<StepRunner>();
        services.AddSingleton<DeploymentReconciler>();
        services.AddSingleton<ListenerParts>();
        services.AddHostedService<ListenerService>();
        return services;
    }
}
