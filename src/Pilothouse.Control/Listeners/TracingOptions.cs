namespace Pilothouse.Control.Listeners;

/// <summary>Where agents send their traces. Off unless an endpoint is set; a deployment's own variables win.</summary>
public sealed class TracingOptions
{
    public const string Section = "Tracing";

    /// <summary>Of a LangSmith API, e.g. <c>https://smith.example.com/api</c>; null: no tracing.</summary>
    public string? Endpoint { get; set; }

    /// <summary>Name of the environment variable of the control plane that holds its API key; null: none is needed.</summary>
    public string? ApiKeyVariable { get; set; }
}
