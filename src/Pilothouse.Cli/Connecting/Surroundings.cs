using Pilothouse.Cli.Deploy;

namespace Pilothouse.Cli.Connecting;

/// <summary>Variables of the process, and those of the env file, where the official CLI lets people keep its settings too.</summary>
/// <param name="Process">Null for what is not set or empty.</param>
internal sealed record Surroundings(Func<string, string?> Process, IReadOnlyDictionary<string, string> File)
{
    /// <param name="file">Variables of the project; null: those of <c>./.env</c>.</param>
    public static Surroundings Of(IReadOnlyDictionary<string, string>? file = null) => new(Variable, file ?? Beside());

    public static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    public string? ProcessFirst(string name) => Process(name) ?? InFile(name);

    public string? FileFirst(string name) => InFile(name) ?? Process(name);

    private string? InFile(string name) => File.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;

    private static IReadOnlyDictionary<string, string> Beside() =>
        System.IO.File.Exists(".env") ? EnvFile.Parse(System.IO.File.ReadAllText(".env"), Variable) : new Dictionary<string, string>(StringComparer.Ordinal);
}
