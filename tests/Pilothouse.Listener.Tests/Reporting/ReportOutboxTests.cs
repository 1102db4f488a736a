using Pilothouse.Contracts.Listeners;
using Pilothouse.Core;
using Pilothouse.Listener.Reporting;
using Xunit;

namespace Pilothouse.Listener.Tests.Reporting;

public sealed class ReportOutboxTests
{
    private readonly DeploymentId _deployment = DeploymentId.New();
    private readonly RevisionId _one = RevisionId.New();
    private readonly RevisionId _two = RevisionId.New();
    private readonly ReportOutbox _outbox = new();

    [Fact]
    public void Deploying_is_sent_before_deployed_however_quickly_they_follow_each_other()
    {
        Claim(_one, ClaimPhase.Deploying);
        Claim(_one, ClaimPhase.Deployed);

        Assert.Equal("deploying, deployed", Sent());
        Assert.Empty(_outbox.Pending());
    }

    [Fact]
    public void Deploying_goes_out_under_the_generation_of_what_follows_it()
    {
        Claim(_one, ClaimPhase.Deploying, generation: 3);
        Claim(_one, ClaimPhase.Failed, generation: 4);

        Assert.Equal((4, ClaimPhase.Deploying), Take());
        Assert.Equal((4, ClaimPhase.Failed), Take());
    }

    [Fact]
    public void Deploying_of_a_revision_that_something_newer_replaced_is_not_sent()
    {
        Claim(_one, ClaimPhase.Deploying);
        Claim(_two, ClaimPhase.Deploying);
        Claim(_two, ClaimPhase.Deployed);

        Assert.Equal("deploying, deployed", Sent());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Deploying_after_deployed_changes_nothing(bool wasTaken)
    {
        Claim(_one, ClaimPhase.Deployed);
        if (wasTaken) Sent();

        Claim(_one, ClaimPhase.Deploying);

        Assert.Equal(wasTaken ? "" : "deployed", Sent());
        Assert.True(_outbox.IsTaken(_deployment, _one, ClaimPhase.Deployed));
    }

    [Fact]
    public void Late_is_followed_by_deployed_and_never_by_deploying()
    {
        Claim(_one, ClaimPhase.Deploying);
        Claim(_one, ClaimPhase.Late);
        Claim(_one, ClaimPhase.Deploying);
        Claim(_one, ClaimPhase.Deployed);

        Assert.Equal("deploying, deployed", Sent());
    }

    [Fact]
    public void Same_claim_is_sent_once_for_each_generation()
    {
        Claim(_one, ClaimPhase.Deployed, generation: 1);
        Assert.Equal("deployed", Sent());

        Claim(_one, ClaimPhase.Deployed, generation: 1);
        Assert.Equal("", Sent());

        Claim(_one, ClaimPhase.Deployed, generation: 2);
        Assert.Equal("deployed", Sent());
    }

    [Fact]
    public void Claim_that_changed_while_it_was_sent_is_sent_again()
    {
        Claim(_one, ClaimPhase.Late);
        var sending = _outbox.Next(_deployment)!;
        Claim(_one, ClaimPhase.Deployed);

        _outbox.Taken(_deployment, sending);

        Assert.Equal("deployed", Sent());
    }

    [Fact]
    public void Events_travel_with_the_claim_of_their_revision_and_wait_until_they_are_taken()
    {
        Add(_one, "a");
        Add(_two, "b");
        Add(_one, "a");
        Claim(_one, ClaimPhase.Deployed);

        var first = _outbox.Next(_deployment)!;
        var again = _outbox.Next(_deployment)!;
        Assert.Equal(first.Claim, again.Claim);
        Assert.Equal(["a"], first.Events.Select(happened => happened.Key));
        _outbox.Taken(_deployment, first);

        var second = _outbox.Next(_deployment)!;
        Assert.Null(second.Claim);
        Assert.Equal((_two, "b"), (second.Revision, Assert.Single(second.Events).Key));
        _outbox.Taken(_deployment, second);
        Assert.Null(_outbox.Next(_deployment));
    }

    [Fact]
    public void Events_that_nobody_takes_are_bounded_and_the_newest_stay()
    {
        for (var number = 0; number < 10_000; number++) Add(_one, $"{number}");

        var waiting = _outbox.Next(_deployment)!.Events;
        Assert.Equal(500, waiting.Count);
        Assert.Equal("9999", waiting[^1].Key);
    }

    private void Claim(RevisionId revision, ClaimPhase phase, long generation = 1) =>
        _outbox.Claim(_deployment, new Claim(generation, revision, phase, Message: null));

    private void Add(RevisionId revision, string key) =>
        _outbox.Add(_deployment, revision, new ReportedEvent(key, DateTimeOffset.UnixEpoch, "kind", "message", Data: null));

    private (long Generation, ClaimPhase Phase) Take()
    {
        var parcel = _outbox.Next(_deployment)!;
        _outbox.Taken(_deployment, parcel);
        return (parcel.Claim!.Generation, parcel.Claim.Phase);
    }

    private string Sent()
    {
        var sent = new List<string>();
        while (_outbox.Next(_deployment) is not null) sent.Add(Take().Phase.ToText());
        return string.Join(", ", sent);
    }
}
