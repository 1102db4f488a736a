using Microsoft.Extensions.Options;
using Xunit;

namespace Pilothouse.Control.Tests.Engines;

public sealed class PostgresNameTests
{
    [Theory]
    [InlineData("Host=db;Nonsense=s3cret")]
    [InlineData("postgres://pilot:s3cret@db:port/pilothouse")]
    [InlineData("postgres://pilot:s3cret@db/pilothouse?nonsense=1")]
    [InlineData("Password=s3cret")]
    [InlineData("s3cret")]
    public async Task Wrong_database_is_one_sentence_without_the_password(string database)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(
            () => ControlHost.StartAsync(settings: new() { ["Storage:Database"] = database }));

        Assert.StartsWith("Storage:Database ", Assert.Single(refused.Failures), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", refused.Message, StringComparison.Ordinal);
    }
}
