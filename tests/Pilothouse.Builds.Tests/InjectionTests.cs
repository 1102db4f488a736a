using Pilothouse.Builds.Tests.Sources;
using Pilothouse.Core.Builds;
using Xunit;

namespace Pilothouse.Builds.Tests;

/// <summary>T1 for all that users write and that flows through a build.</summary>
public sealed class InjectionTests
{
    private const string Canary = "canary-of-injection";

    private static readonly string[] s_payloads =
    [
        $";touch {Canary}", $"&& touch {Canary}", $"& touch {Canary}", $"| touch {Canary}", $"|| touch {Canary}", $"$(touch {Canary})", $"`touch {Canary}`", $"\ntouch {Canary}", $"\rtouch {Canary}",
        $"\0touch {Canary}", $"> {Canary}", $">> {Canary}", $"< {Canary}", $"'; touch {Canary}; '", $"\"; touch {Canary}; \"", $"\\\"; touch {Canary}", $"${{IFS}}touch${{IFS}}{Canary}", $"{{touch,{Canary}}}",
        $"--upload-pack=touch {Canary}", $"-oProxyCommand=touch {Canary}", $"--config=touch {Canary}", $"-c touch {Canary}", $"ext::sh -c touch% {Canary}", $"!touch {Canary}", $"#{{touch {Canary}}}", $"%0atouch {Canary}",
        $"*;touch {Canary}", $"~;touch {Canary}", $"$IFS$9touch$IFS$9{Canary}", $"\ttouch\t{Canary}", $"\u001b]0;touch {Canary}\u0007", $"\u2028touch {Canary}", $"${{jndi:touch {Canary}}}", $"{{{{touch {Canary}}}}}",
        $"<!--#exec cmd=\"touch {Canary}\"-->", $"../../{Canary}", $"/tmp/{Canary}", $"..\\..\\{Canary}", $"file:///tmp/{Canary}", $"`touch\u00a0{Canary}`", "$((1/0))", "--", "-", "-rf",
    ];

    public static TheoryData<string> Sandboxes() => ["Auto", "Off"];

    [Theory]
    [MemberData(nameof(Sandboxes))]
    public async Task T1_no_text_of_a_user_is_ever_run(string sandbox)
    {
        await using var host = EngineHost.Scripted(("Sandbox", sandbox));
        foreach (var payload in s_payloads)
        {
            var asJson = System.Text.Json.JsonSerializer.Serialize(payload);
            var name = payload.Replace("/", "_", StringComparison.Ordinal).Replace("\0", "_", StringComparison.Ordinal);
            var config = $"{{\"graphs\":{{\"agent\":\"./agent.py:graph\",{asJson}:\"./agent.py:graph\"}},\"env\":{{\"A\":{asJson}}},\"dependencies\":[{asJson}],\"node_version\":{asJson},\"auth\":{{\"path\":{asJson}}}}}";
            var plain = TarText.Of(tar => tar.File("langgraph.json", "{\"graphs\":{\"agent\":\"./agent.py:graph\"}}"), tar => tar.File("agent.py"));

            // Its own outcome is either of the two; what counts is that nothing runs.
            await host.BuildAsync(TarText.Of(tar => tar.File("langgraph.json", config), tar => tar.File("agent.py")));
            await host.BuildAsync(TarText.Of(tar => tar.File(name, "x"), tar => tar.File($"{name}/langgraph.json", "{}"), tar => tar.File("langgraph.json", "{\"graphs\":{\"agent\":\"./agent.py:graph\"}}")));
            await host.BuildAsync(plain, configPath: payload);
            await host.BuildAsync(plain, install: payload.StartsWith("&&", StringComparison.Ordinal) ? $"&{payload}" : payload, build: payload);
            Assert.IsType<BuildOutcome.Refused>(await host.BuildAsync(plain, install: $"true {payload}&"));
            Assert.True(Canaries(host).Length == 0, payload);
        }

        Assert.Empty(Canaries(host));
        Assert.Empty(host.WorkDirectories());
    }

    private static string[] Canaries(EngineHost host) =>
    [
        .. ((string[])[host.Data, Path.GetTempPath(), Directory.GetCurrentDirectory(), "/"])
            .SelectMany(folder => Directory.GetFileSystemEntries(folder, $"*{Canary}*", folder == host.Data ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly))
            // Files that are named so because the archive names them so.
            .Where(path => Path.GetFileName(path) == Canary),
    ];
}
