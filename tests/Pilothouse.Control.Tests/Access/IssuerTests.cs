using System.Net;
using Pilothouse.Control.Access.Oidc;
using Pilothouse.Control.Tests.Deployments;
using Pilothouse.Testing;
using Xunit;

namespace Pilothouse.Control.Tests.Access;

/// <summary>An issuer that changes its keys, or is away.</summary>
public sealed class IssuerTests : IAsyncLifetime
{
    private readonly TokenFixture _fixture = new();

    public ValueTask InitializeAsync() => _fixture.InitializeAsync();

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _fixture.DisposeAsync();
    }

    [Fact]
    public async Task Rotated_key_is_found_with_its_first_token_and_the_old_one_is_not_taken_any_more()
    {
        var before = _fixture.Issuer.Token("ann", expires: TimeSpan.FromHours(1));
        (await MeAsync(before)).Expect(HttpStatusCode.OK);
        _fixture.Issuer.Rotate(FakeIssuer.NewRsa("second"));
        _fixture.Clock.Advance(IssuerKeys.Pause);

        (await MeAsync(_fixture.Issuer.Token("ann"))).Expect(HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.Unauthorized, (await MeAsync(before)).Status);
    }

    [Fact]
    public async Task Strange_key_ids_do_not_hammer_the_issuer_and_its_absence_stops_only_those()
    {
        (await MeAsync(_fixture.Issuer.Token("ann"))).Expect(HttpStatusCode.OK);
        _fixture.Clock.Advance(IssuerKeys.Pause);
        var before = _fixture.Issuer.Fetches;
        var stranger = FakeIssuer.NewRsa("stranger");
        for (var number = 0; number < 20; number++) Assert.Equal(HttpStatusCode.Unauthorized, (await MeAsync(_fixture.Issuer.Token("eve", key: FakeIssuer.Renamed(stranger, $"k{number}")))).Status);
        var asked = _fixture.Issuer.Fetches - before;
        _fixture.Issuer.IsAway = true;
        _fixture.Clock.Advance(TimeSpan.FromHours(2));

        (await MeAsync(_fixture.Issuer.Token("ann"))).Expect(HttpStatusCode.OK);
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task Issuer_that_never_answered_is_503_and_keys_go_on_working()
    {
        _fixture.Issuer.IsAway = true;

        var token = await MeAsync(_fixture.Issuer.Token("ann"));
        var key = await MeAsync(_fixture.Host.NewKey!);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, token.Status);
        key.Expect(HttpStatusCode.OK);
    }

    [Fact]
    public async Task T27_issuer_that_is_silent_holds_up_one_of_those_whose_key_is_known()
    {
        (await MeAsync(_fixture.Issuer.Token("ann"))).Expect(HttpStatusCode.OK);
        _fixture.Clock.Advance(TimeSpan.FromMinutes(61));
        var silence = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _fixture.Issuer.Pause = silence.Task;
        var fetches = _fixture.Issuer.Fetches;

        var answers = Enumerable.Range(0, 10).Select(_ => MeAsync(_fixture.Issuer.Token("ann"))).ToList();
        await Eventually.TrueAsync(() => answers.Count(answer => answer.IsCompletedSuccessfully) == 9);
        var asked = _fixture.Issuer.Fetches - fetches;
        silence.SetResult();

        Assert.All(await Task.WhenAll(answers), answer => answer.Expect(HttpStatusCode.OK));
        Assert.Equal(1, asked);
    }

    private Task<Reply> MeAsync(string bearer) => TokenFixture.MeAsync(bearer, _fixture.Host);
}
