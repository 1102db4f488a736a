using System.Net;
using Xunit;

namespace Pilothouse.Control.Tests.AuthService;

public sealed class LangchainAuthTests(AuthFixture fixture) : IClassFixture<AuthFixture>
{
    private const string Script = """
        import asyncio, sys
        from langchain_auth import Client

        async def main(slug, authorize, token):
            client = Client()
            made = await client.create_oauth_provider(
                provider_id=slug, name="Test", client_id="client", client_secret="s3cret/+ word", auth_url=authorize, token_url=token)
            print("made", made.provider_id, made.uses_pkce)
            print("listed", slug in [one.provider_id for one in await client.list_oauth_providers()])
            print("renamed", (await client.update_oauth_provider(slug, name="New")).name)
            print("has", (await client.check_token_exists(slug)).has_token)
            pending = await client.authenticate(provider=slug, scopes=["read"], user_id="ann")
            print(pending.url)
            waited = await client.wait_for_completion(pending.auth_id, timeout=60)
            print("token", waited.token)
            again = await client.authenticate(provider=slug, scopes=["read"], user_id="ann", agent_id="some-assistant")
            print("again", again.status, again.token == waited.token)
            print("revoked", (await client.revoke_tokens(slug)).provider_id == slug)
            print("deleted", len((await client.delete_oauth_provider(slug)).message) > 0)
            try:
                await client.get_oauth_provider(slug)
            except Exception as error:
                print(error)

        asyncio.run(main(*sys.stdin.readline().split()))
        """;

    [Fact]
    public async Task Official_library_goes_through_all_it_can_do()
    {
        await using var server = await OAuthServer.StartAsync();
        var slug = AuthBodies.NewSlug();
        var api = await fixture.NewAsync();
        using var process = await LangchainAuth.StartAsync(
            Script, new Uri(fixture.Host.Address, "/api-host"), await fixture.Host.AddKeyAsync(api.Workspace.Value));
        var error = process.StandardError.ReadToEndAsync(ControlHost.Cancel);
        await process.StandardInput.WriteLineAsync($"{slug} {server.Authorize} {server.Token}");
        await process.StandardInput.FlushAsync(ControlHost.Cancel);

        var before = await LinesUntilAsync(process.StandardOutput, line => line.StartsWith("http", StringComparison.Ordinal));
        Assert.True(before.Count > 0 && before[^1].StartsWith("http", StringComparison.Ordinal), string.Join('\n', [.. before, process.HasExited ? await error : ""]));
        var page = await fixture.BrowseAsync(await fixture.ConsentAsync(before[^1]));
        var after = await LinesUntilAsync(process.StandardOutput, _ => false);
        await process.WaitForExitAsync(ControlHost.Cancel);

        Assert.True(process.ExitCode == 0, await error);
        Assert.Equal(HttpStatusCode.OK, page.Status);
        Assert.Equal([$"made {slug} False", "listed True", "renamed New", "has False"], before.SkipLast(1));
        Assert.Matches("^token access-[0-9]+$", after[0]);
        Assert.Equal("again completed True", after[1]);
        Assert.Equal(["revoked True", "deleted True", $$"""HTTP 404: {"detail":"OAuth provider ID {{slug}} not found."}"""], after.Skip(2));
    }

    /// <summary>To the end of the output, or to the line that is looked for.</summary>
    private static async Task<List<string>> LinesUntilAsync(StreamReader output, Func<string, bool> isLast)
    {
        var lines = new List<string>();
        while (await output.ReadLineAsync(ControlHost.Cancel) is { } line)
        {
            lines.Add(line);
            if (isLast(line)) break;
        }

        return lines;
    }
}
