using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Pilothouse.Client.Listeners;
using Pilothouse.Contracts;
using Pilothouse.Contracts.Listeners;
using Pilothouse.Core;
using Pilothouse.Core.Routing;
using Pilothouse.Listener.Remote;
using Xunit;

namespace Pilothouse.Listener.Tests.Remote;

/// <summary>Callers of agents on a machine whose control plane, which knows the keys, is elsewhere.</summary>
public sealed class RemoteCallersTests : IDisposable
{
    private const string Good = "lsv2_sk_good";
    private static readonly WorkspaceId s_workspace = WorkspaceId.New();

    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private readonly string _folder = Directory.CreateTempSubdirectory("pilothouse-callers-").FullName;
    private readonly Answers _answers = new();
    private RemoteCallers _callers;

    public RemoteCallersTests() => _callers = Make();

    public void Dispose()
    {
        _callers.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Key_goes_to_the_control_plane_as_its_hash_and_once_a_second()
    {
        for (var call = 0; call < 50; call++) Assert.True(await AskAsync(Good));

        var question = Assert.Single(_answers.Questions);
        Assert.Equal((Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Good))), null), (question.KeyHash, question.Token));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("lsv2_sk_bad")]
    public async Task Others_are_refused(string? key) => Assert.False(await AskAsync(key));

    [Fact]
    public async Task Bad_key_is_asked_for_once_a_second_however_often_it_is_tried()
    {
        for (var call = 0; call < 50; call++) Assert.False(await AskAsync("lsv2_sk_bad"));

        Assert.Single(_answers.Questions);
    }

    [Fact]
    public async Task Revoked_key_is_refused_within_two_seconds()
    {
        Assert.True(await AskAsync(Good));
        _answers.Keys.Clear();

        _clock.Advance(TimeSpan.FromSeconds(2));

        Assert.False(await AskAsync(Good));
    }

    [Fact]
    public async Task While_nobody_answers_a_good_key_stays_good_for_a_day_and_no_longer()
    {
        Assert.True(await AskAsync(Good));
        _answers.IsAway = true;

        for (var hour = 0; hour < 23; hour++)
        {
            _clock.Advance(TimeSpan.FromHours(1));
            Assert.True(await AskAsync(Good));
        }

        _clock.Advance(TimeSpan.FromHours(2));
        await Assert.ThrowsAsync<CallerUnknownException>(() => AskAsync(Good));
        await Assert.ThrowsAsync<CallerUnknownException>(() => AskAsync("lsv2_sk_never_seen"));
    }

    [Fact]
    public async Task And_over_a_restart()
    {
        Assert.True(await AskAsync(Good));
        _answers.IsAway = true;
        _callers.Dispose();
        _callers = Make();

        Assert.True(await AskAsync(Good));
        Assert.DoesNotContain(Good, await File.ReadAllTextAsync(Path.Combine(_folder, "callers"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task But_a_revoked_one_does_not_come_back_with_a_restart()
    {
        Assert.True(await AskAsync(Good));
        _answers.Keys.Clear();
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.False(await AskAsync(Good));
        _answers.IsAway = true;
        _callers.Dispose();
        _callers = Make();

        await Assert.ThrowsAsync<CallerUnknownException>(() => AskAsync(Good));
    }

    [Fact]
    public void Nobody_pushes_a_good_key_out_by_guessing()
    {
        var known = new KnownCallers(Options.Create(new ListenerOptions { DataDirectory = _folder }), _clock);
        var now = _clock.GetUtcNow();
        known.Keep("good", new KnownCaller(MayCall: true, now, now.AddDays(1)));

        for (var guess = 0; guess < 25_000; guess++) known.Keep($"guess {guess}", new KnownCaller(MayCall: false, now, now));

        Assert.True(known.Find("good")?.MayCall);
        Assert.Null(known.Find("guess 0"));
    }

    [Fact]
    public async Task But_not_past_the_keys_own_end()
    {
        _answers.Keys[Good] = _clock.GetUtcNow() + TimeSpan.FromHours(1);
        Assert.True(await AskAsync(Good));
        _answers.IsAway = true;

        _clock.Advance(TimeSpan.FromMinutes(59));
        Assert.True(await AskAsync(Good));
        _clock.Advance(TimeSpan.FromMinutes(2));
        await Assert.ThrowsAsync<CallerUnknownException>(() => AskAsync(Good));
    }

    [Fact]
    public async Task Token_of_a_user_goes_whole_and_stays_good_for_minutes()
    {
        const string token = "header.payload.signature";
        _answers.Tokens.Add(token);
        Assert.True(await AskAsync(token));
        Assert.Equal((null, token), (_answers.Questions[0].KeyHash, _answers.Questions[0].Token));
        _answers.IsAway = true;

        _clock.Advance(TimeSpan.FromMinutes(4));
        Assert.True(await AskAsync(token));
        _clock.Advance(TimeSpan.FromMinutes(2));
        await Assert.ThrowsAsync<CallerUnknownException>(() => AskAsync(token));
    }

    private Task<bool> AskAsync(string? key) => _callers.MayCallAsync(s_workspace, key, TestContext.Current.CancellationToken).AsTask();

    private RemoteCallers Make()
    {
        var connection = new ListenerConnection(
            new ListenerConnectionOptions { Address = new Uri("http://control.corp"), Listener = Guid.NewGuid(), Key = () => "key" }, new Handler(_answers));
        return new RemoteCallers(
            connection, new KnownCallers(Options.Create(new ListenerOptions { DataDirectory = _folder }), _clock), Options.Create(new ControlPlaneOptions()), _clock);
    }

    private sealed class Answers
    {
        public Dictionary<string, DateTimeOffset?> Keys { get; } = new(StringComparer.Ordinal) { [Good] = null };

        public HashSet<string> Tokens { get; } = [];

        public List<CallerQuestion> Questions { get; } = [];

        public bool IsAway { get; set; }
    }

    private sealed class Handler(Answers answers) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (answers.IsAway) throw new HttpRequestException("Nobody is there.");
            var question = (await request.Content!.ReadFromJsonAsync(ApiJson.Default.CallerQuestion, cancellationToken))!;
            answers.Questions.Add(question);
            var key = answers.Keys.FirstOrDefault(one => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(one.Key))) == question.KeyHash);
            var isGood = question.Token is null ? key.Key is not null : answers.Tokens.Contains(question.Token);
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = JsonContent.Create(new CallerAnswer(isGood, key.Value), ApiJson.Default.CallerAnswer) };
        }
    }
}
