using Pilothouse.Core.Revisions;
using Xunit;

namespace Pilothouse.Core.Tests.Revisions;

public sealed class RevisionMachineTests
{
    /// <summary>Every pair: a row for each status, a column for each event, a dot where nothing changes.</summary>
    private const string Table = """
                       Admitted  AdmissionFailed PromotedToBuild PromotedToDeploy Superseded BuildStarted BuildSucceeded BuildFailed BuildAbandoned DeployStarted DeploySucceeded DeployFailed InterruptRequested
        Creating       Queued    CreateFailed    .               .                .          .            .              .           .              .             .               .            Interrupted
        Queued         .         .               AwaitingBuild   AwaitingDeploy   Skipped    .            .              .           .              .             .               .            Interrupted
        AwaitingBuild  .         .               .               .                .          Building     .              BuildFailed .              .             .               .            Interrupted
        Building       .         .               .               .                .          .            AwaitingDeploy BuildFailed AwaitingBuild  .             .               .            Interrupted
        AwaitingDeploy .         .               .               .                .          .            .              .           .              Deploying     Deployed        DeployFailed Interrupted
        Deploying      .         .               .               .                .          .            .              .           .              .             Deployed        DeployFailed Interrupted
        Deployed       .         .               .               .                .          .            .              .           .              .             .               .            .
        CreateFailed   .         .               .               .                .          .            .              .           .              .             .               .            .
        BuildFailed    .         .               .               .                .          .            .              .           .              .             .               .            .
        DeployFailed   .         .               .               .                .          .            .              .           .              .             Deployed        .            .
        Skipped        .         .               .               .                .          .            .              .           .              .             .               .            .
        Interrupted    .         .               .               .                .          .            .              .           .              .             .               .            .
        Unknown        .         .               .               .                .          .            .              .           .              .             .               .            .
        """;

    private static readonly string[][] s_rows =
        [.. Table.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))];

    public static TheoryData<RevisionStatus, RevisionEvent, RevisionStatus> Cells()
    {
        var cells = new TheoryData<RevisionStatus, RevisionEvent, RevisionStatus>();
        foreach (var row in s_rows.Skip(1))
        {
            var status = Enum.Parse<RevisionStatus>(row[0]);
            foreach (var (name, cell) in s_rows[0].Zip(row.Skip(1)))
                cells.Add(status, Enum.Parse<RevisionEvent>(name), cell == "." ? status : Enum.Parse<RevisionStatus>(cell));
        }

        return cells;
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void Each_event_leads_where_the_table_says(RevisionStatus status, RevisionEvent happened, RevisionStatus next) =>
        Assert.Equal(next, RevisionMachine.Next(status, happened));

    [Fact]
    public void Table_has_every_status_and_every_event_once()
    {
        Assert.Equal(Enum.GetNames<RevisionEvent>().Order(), s_rows[0].Order());
        Assert.Equal(Enum.GetNames<RevisionStatus>().Order(), s_rows.Skip(1).Select(row => row[0]).Order());
        Assert.All(s_rows.Skip(1), row => Assert.Equal(s_rows[0].Length + 1, row.Length));
    }

    [Fact]
    public void Nothing_leaves_a_terminal_status_but_a_late_success()
    {
        var exits =
            from status in Enum.GetValues<RevisionStatus>()
            where status.IsTerminal()
            from happened in Enum.GetValues<RevisionEvent>()
            where RevisionMachine.Next(status, happened) != status
            select (status, happened);

        Assert.Equal([(RevisionStatus.DeployFailed, RevisionEvent.DeploySucceeded)], exits);
    }

    [Fact]
    public void Nothing_enters_unknown()
    {
        var entries =
            from status in Enum.GetValues<RevisionStatus>()
            from happened in Enum.GetValues<RevisionEvent>()
            where status != RevisionStatus.Unknown && RevisionMachine.Next(status, happened) == RevisionStatus.Unknown
            select (status, happened);

        Assert.Empty(entries);
    }
}
