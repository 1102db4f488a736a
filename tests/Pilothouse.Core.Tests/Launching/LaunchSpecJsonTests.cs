using System.Text.Json;
using Pilothouse.Core.Launching;
using Xunit;

namespace Pilothouse.Core.Tests.Launching;

public sealed class LaunchSpecJsonTests
{
    private static readonly LaunchSpec Full = new()
    {
        Arguments = ["${toolchain}/bin/node", "--port", "${port}"],
        Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["PORT"] = "${port}" },
        ProjectEnvironment = new Dictionary<string, string>(StringComparer.Ordinal) { ["lowerCase"] = "$HOME" },
        WorkingDirectory = "${state}",
        HealthPath = "/ok",
        Busy = new BusyProbe("POST", "/threads/search", """{"status":"busy"}""", BusyReading.ThreadArray),
        State = StateLocation.Files,
        StopLimit = TimeSpan.FromSeconds(7),
        BringsOwnAuth = true,
        ScratchEnvironment = new Dictionary<string, string>(StringComparer.Ordinal) { ["DRY"] = "1" },
    };

    [Fact]
    public void Every_member_survives_the_way_there_and_back()
    {
        var read = LaunchSpecJson.Read(LaunchSpecJson.Write(Full));

        Assert.Equivalent(Full, read, strict: true);
        Assert.Equivalent(Full, LaunchSpecJson.Read(LaunchSpecJson.WriteElement(Full)), strict: true);
    }

    [Fact]
    public void Text_is_snake_case_and_keeps_the_users_names()
    {
        var json = LaunchSpecJson.Write(Full);

        Assert.Contains("\"state\":\"files\"", json, StringComparison.Ordinal);
        Assert.Contains("\"reading\":\"thread_array\"", json, StringComparison.Ordinal);
        Assert.Contains("\"stop_limit\":\"00:00:07\"", json, StringComparison.Ordinal);
        Assert.Contains("\"lowerCase\":\"$HOME\"", json, StringComparison.Ordinal);
    }

    [Fact]
    public void Reader_takes_any_case_ignores_what_it_does_not_know_and_fills_in_defaults()
    {
        const string json = """
            {"ARGUMENTS":["a"],"working_Directory":"/x","health_path":"/ok","state":"Database","colour":"blue"}
            """;

        var read = LaunchSpecJson.Read(json);

        Assert.Equal(["a"], read.Arguments);
        Assert.Equal(StateLocation.Database, read.State);
        Assert.Equal(TimeSpan.FromSeconds(10), read.StopLimit);
        Assert.Empty(read.ScratchEnvironment);
        Assert.Null(read.Busy);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"arguments":["a"],"working_directory":"/x","health_path":"/ok","state":"cloud"}""")]
    [InlineData("""{"arguments":null,"working_directory":"/x","health_path":"/ok","state":"none"}""")]
    public void What_is_no_launch_spec_is_refused(string json) =>
        Assert.Throws<JsonException>(() => LaunchSpecJson.Read(json));
}
