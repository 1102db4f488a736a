using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Pilothouse.Control.Access;
using Pilothouse.Control.Logs;
using Pilothouse.Control.Tests.World;
using Pilothouse.Core.Revisions;
using Xunit;

namespace Pilothouse.Control.Tests.Logs;

public sealed class LogEndpointTests : IAsyncLifetime
{
    private static readonly DateTimeOffset s_begin = new(2026, 10, 1, 12, 0, 0, TimeSpan.Zero);
    private ControlWorld _world = null!;
    private Guid _deployment;
    private Guid _revision;
    private int _added;

    private static CancellationToken Cancel => ControlHost.Cancel;

    public async ValueTask InitializeAsync()
    {
        // The lines of these tests are older than what is kept otherwise.
        _world = await ControlWorld.StartAsync(settings: new() { ["Logs:Retention"] = "3650.00:00:00" });
        _deployment = await _world.DeploymentAsync();
        _revision = await _world.AddRevisionAsync(_deployment, row => row.Status = RevisionStatus.Deployed);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Theory]
    [InlineData("asc")]
    [InlineData("desc")]
    public async Task Pages_follow_one_another_without_gap_or_repetition_while_lines_are_appended(string order)
    {
        await AddAsync(25);
        var seen = new List<string>();
        string? offset = null;
        while (true)
        {
            var page = await PostAsync(BuildLogs, $$"""{"order":"{{order}}","limit":10{{(offset is null ? "" : $",\"offset\":\"{offset}\"")}}}""");
            if (page.Messages.Count == 0)
            {
                Assert.Null(page.NextOffset);
                break;
            }

            seen.AddRange(page.Messages);
            offset = page.NextOffset;
            if (seen.Count < 30) await AddAsync(2);
        }

        var expected = order == "asc"
            ? Enumerable.Range(0, _added).Select(Name)
            : Enumerable.Range(0, 25).Reverse().Select(Name);
        Assert.Equal(expected, seen);
    }

    [Fact]
    public async Task A8_22_offset_of_the_last_page_leads_to_what_comes_later()
    {
        await AddAsync(3);
        var first = await PostAsync(BuildLogs, """{"order":"asc","limit":50}""");
        var nothing = await PostAsync(BuildLogs, $$"""{"order":"asc","limit":50,"offset":"{{first.NextOffset}}"}""");
        await AddAsync(2);

        var later = await PostAsync(BuildLogs, $$"""{"order":"asc","limit":50,"offset":"{{first.NextOffset}}"}""");

        Assert.Empty(nothing.Messages);
        Assert.Equal([Name(3), Name(4)], later.Messages);
    }

    [Fact]
    public async Task A8_23_follower_by_newest_time_sees_every_line_once()
    {
        var seen = new Dictionary<string, string>();
        string? newest = null;
        for (var round = 0; round < 30; round++)
        {
            if (round < 10) await AddAsync(37, apart: TimeSpan.Zero);
            var start = newest is null ? "" : $",\"start_time\":\"{newest}\"";
            var page = await PostAsync(DeployLogs, $$"""{"order":"asc","limit":20{{start}}}""");
            foreach (var (id, time, message) in page.Entries)
            {
                seen.TryAdd(id, message);
                newest = DateTimeOffset.FromUnixTimeMilliseconds(time).ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'+00:00'");
            }
        }

        Assert.Equal(Enumerable.Range(0, 370).Select(Name), seen.Values);
    }

    [Fact]
    public async Task Times_are_inclusive_in_any_spelling()
    {
        await AddAsync(5);
        var third = s_begin.AddSeconds(2);

        var from = await PostAsync(BuildLogs, $$"""{"order":"asc","start_time":"{{third:yyyy-MM-dd'T'HH:mm:ss}}Z"}""");
        var until = await PostAsync(BuildLogs, $$"""{"order":"asc","end_time":"{{third:yyyy-MM-dd'T'HH:mm:ss}}.000000 00:00"}""");
        var shifted = await PostAsync(BuildLogs, $$"""{"order":"asc","start_time":"{{third.AddHours(2):yyyy-MM-dd'T'HH:mm:ss}}+02:00","end_time":"{{third:yyyy-MM-dd'T'HH:mm:ss}}"}""");

        Assert.Equal([Name(2), Name(3), Name(4)], from.Messages);
        Assert.Equal([Name(0), Name(1), Name(2)], until.Messages);
        Assert.Equal([Name(2)], shifted.Messages);
        Assert.Equal(third.ToUnixTimeMilliseconds(), shifted.Entries[0].Time);
    }

    [Theory]
    [InlineData("DEBUG", 5)]
    [InlineData("info", 4)]
    [InlineData("WARNING", 3)]
    [InlineData("ERROR", 2)]
    [InlineData("CRITICAL", 1)]
    public async Task Level_means_this_and_those_above(string level, int expected)
    {
        foreach (var one in LogLevels.Names) await AddAsync(1, level: LogLevels.Find(one)!.Value);

        var page = await PostAsync(DeployLogs, $$"""{"order":"desc","level":"{{level}}"}""");

        Assert.Equal(expected, page.Messages.Count);
    }

    [Theory]
    [InlineData("NEEDLE", 1)]
    [InlineData("100%", 1)]
    [InlineData("a_b", 1)]
    [InlineData("back\\\\slash", 1)]
    [InlineData("'; DROP TABLE logs; --", 0)]
    [InlineData("", 5)]
    public async Task Query_finds_text_as_it_is_in_any_case(string query, int expected)
    {
        foreach (var message in new[] { "a needle here", "it is 100% done", "a_b", "back\\slash", "axb 100 done" }) await AddAsync(1, message: message);

        var page = await PostAsync(DeployLogs, $$"""{"order":"asc","query":"{{query}}"}""");

        Assert.Equal(expected, page.Messages.Count);
    }

    [Fact]
    public async Task Build_and_deploy_logs_are_two_and_deploy_logs_are_read_by_revision_or_for_all()
    {
        var other = await _world.AddRevisionAsync(_deployment, row => row.Status = RevisionStatus.Deployed);
        await AddAsync(1, isBuild: true, message: "build");
        await AddAsync(1, isBuild: false, message: "first");
        await AddAsync(1, isBuild: false, message: "second", revision: other);

        Assert.Equal(["build"], (await PostAsync(BuildLogs, "{}")).Messages);
        Assert.Equal(["first", "second"], (await PostAsync(DeployLogs, "{}")).Messages);
        Assert.Equal(["first"], (await PostAsync($"/v1/projects/{_deployment}/revisions/{_revision}/deploy_logs", "{}")).Messages);
        Assert.Equal(["second"], (await PostAsync($"/v1/projects/{_deployment}/revisions/{other}/deploy_logs", body: null)).Messages);
    }

    [Fact]
    public async Task Second_version_reads_the_same_from_the_query_string()
    {
        await AddAsync(5, message: "run 01a2 step");
        await AddAsync(2, message: "other");
        var path = $"/v2/deployments/{_deployment}/revisions/{_revision}/logs";

        var (status, body) = await GetAsync($"{path}?type=build&limit=2&order=asc&run_id=01a2&query=STEP&start_time={s_begin:yyyy-MM-dd'T'HH:mm:ss}+00:00");
        var page = Page.Of(body);
        var (_, rest) = await GetAsync($"{path}?type=build&run_id=01a2&offset={page.NextOffset}");
        var (_, none) = await GetAsync($"{path}?type=deploy&run_id=none");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(2, page.Messages.Count);
        Assert.Equal(3, Page.Of(rest).Messages.Count);
        Assert.Empty(Page.Of(none).Messages);
        Assert.Equal("""{"logs":[],"next_offset":null}""", none);
    }

    [Theory]
    [InlineData("""{"order":"up"}""", "body.order")]
    [InlineData("""{"limit":0}""", "body.limit")]
    [InlineData("""{"limit":10001}""", "body.limit")]
    [InlineData("""{"offset":"rubbish"}""", "body.offset")]
    [InlineData("""{"offset":"99999999999999999-1"}""", "body.offset")]
    [InlineData("""{"level":"LOUD"}""", "body.level")]
    [InlineData("""{"start_time":"yesterday"}""", "body.start_time")]
    [InlineData("""{"end_time":5}""", "body.end_time")]
    [InlineData("[1]", "body")]
    [InlineData("{", "body.1")]
    public async Task Malformed_wishes_are_422(string body, string location)
    {
        using var client = _world.Host.Client();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(DeployLogs, content, Cancel);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Equal(location, string.Join('.', json.RootElement.GetProperty("detail")[0].GetProperty("loc").EnumerateArray()));
    }

    [Fact]
    public async Task Logs_of_others_and_of_nobody_are_404_and_need_a_key()
    {
        var foreign = await _world.DeploymentAsync(workspace: Guid.NewGuid());
        var sibling = await _world.DeploymentAsync();

        foreach (var path in new[]
        {
            $"/v1/projects/{foreign}/deploy_logs",
            $"/v1/projects/{Guid.NewGuid()}/deploy_logs",
            $"/v1/projects/{sibling}/revisions/{_revision}/build_logs",
            $"/v1/projects/{_deployment}/revisions/{Guid.NewGuid()}/deploy_logs",
        })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await PostAsync(path, "{}")).Status);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync($"/v2/deployments/{sibling}/revisions/{_revision}/logs?type=build")).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await GetAsync($"/v2/deployments/{_deployment}/revisions/{_revision}/logs")).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync("/v1/projects/mine/deploy_logs", "{}")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(DeployLogs, "{}", key: "lsv2_sk_not_one_of_ours")).Status);
        var viewer = await _world.Host.AddKeyAsync((await _world.Host.WorkspaceAsync()).Value, Roles.Viewer);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(DeployLogs, "{}", viewer)).Status);
    }

    [Fact]
    public async Task Page_of_giant_lines_ends_early_and_leads_on()
    {
        await AddAsync(900, message: new string('x', 8_000));

        var page = await PostAsync(BuildLogs, """{"order":"asc","limit":1000}""");
        var rest = await PostAsync(BuildLogs, $$"""{"order":"asc","limit":1000,"offset":"{{page.NextOffset}}"}""");

        Assert.InRange(page.Messages.Count, 100, 800);
        Assert.Equal(900, page.Messages.Count + rest.Messages.Count);
    }

    private string BuildLogs => $"/v1/projects/{_deployment}/revisions/{_revision}/build_logs";

    private string DeployLogs => $"/v1/projects/{_deployment}/deploy_logs";

    private static string Name(int number) => $"line {number}";

    /// <summary>Adds to both logs unless told which.</summary>
    private async Task AddAsync(
        int count, TimeSpan? apart = null, int level = 1, string? message = null, bool? isBuild = null, Guid? revision = null)
    {
        var workspace = (await _world.Host.WorkspaceAsync()).Value;
        var lines = new List<LogLine>();
        for (var number = 0; number < count; number++, _added++)
        {
            var at = s_begin + ((apart ?? TimeSpan.FromSeconds(1)) * _added);
            foreach (var build in isBuild is { } one ? [one] : new[] { true, false })
                lines.Add(new LogLine(workspace, _deployment, revision ?? _revision, build, at, level, message ?? Name(_added)));
        }

        await _world.Host.WithDbAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(Cancel);
            await _world.Host.Services.GetRequiredService<LogTable>().InsertAsync(db, lines, Cancel);
            await transaction.CommitAsync(Cancel);
            return 0;
        });
    }

    private async Task<Page> PostAsync(string path, string? body, string? key = null)
    {
        using var client = key is null ? _world.Host.Client() : _world.Host.Client(key);
        using var content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(path, content, Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        return answer.IsSuccessStatusCode ? Page.Of(text) : new Page(answer.StatusCode, [], null);
    }

    private async Task<(HttpStatusCode Status, string Body)> GetAsync(string path)
    {
        using var client = _world.Host.Client();
        using var answer = await client.GetAsync(path, Cancel);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }

    private sealed record Page(HttpStatusCode Status, IReadOnlyList<(string Id, long Time, string Message)> Entries, string? NextOffset)
    {
        public IReadOnlyList<string> Messages { get; } = [.. Entries.Select(entry => entry.Message)];

        public static Page Of(string json)
        {
            using var document = JsonDocument.Parse(json);
            var entries = document.RootElement.GetProperty("logs").EnumerateArray()
                .Select(entry => (entry.GetProperty("id").GetString()!, entry.GetProperty("timestamp").GetInt64(), entry.GetProperty("message").GetString()!))
                .ToList();
            Assert.Distinct(entries.Select(entry => entry.Item1));
            return new Page(HttpStatusCode.OK, entries, document.RootElement.GetProperty("next_offset").GetString());
        }
    }
}
