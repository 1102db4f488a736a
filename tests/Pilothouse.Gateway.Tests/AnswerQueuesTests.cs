using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Pilothouse.Gateway.Tests;

public sealed class AnswerQueuesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_of_many_requests_gets_its_own_answer_also_beside_handlers_that_fail()
    {
        await using var app = await StartAsync(http => http.Request.Query["n"] == "13"
            ? throw new InvalidOperationException("A bug.")
            : http.Response.WriteAsync($"{http.Request.Query["n"]}", Cancel));
        using var client = Client(app);

        var answers = await Task.WhenAll(Enumerable.Range(0, 500).Select(async number =>
        {
            using var answer = await client.GetAsync(new Uri($"/?n={number}", UriKind.Relative), Cancel);
            return (number, answer.StatusCode, Text: await answer.Content.ReadAsStringAsync(Cancel));
        }));

        Assert.All(answers, answer => Assert.Equal(
            answer.number == 13 ? (HttpStatusCode.InternalServerError, "") : (HttpStatusCode.OK, $"{answer.number}"), (answer.StatusCode, answer.Text)));
    }

    [Fact]
    public async Task Handler_that_blocks_keeps_no_other_answer()
    {
        using var release = new ManualResetEventSlim();
        await using var app = await StartAsync(http =>
        {
            if (http.Request.Query["n"] == "slow") release.Wait(Cancel);
            return http.Response.WriteAsync("done", Cancel);
        });
        using var client = Client(app);
        var slow = client.GetStringAsync(new Uri("/?n=slow", UriKind.Relative), Cancel);

        for (var number = 0; number < 50; number++) Assert.Equal("done", await client.GetStringAsync(new Uri("/?n=quick", UriKind.Relative), Cancel));

        Assert.False(slow.IsCompleted);
        release.Set();
        Assert.Equal("done", await slow);
    }

    private static HttpClient Client(WebApplication app) => new()
    {
        BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()),
    };

    private static async Task<WebApplication> StartAsync(RequestDelegate handler)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").UseGatewaySockets();
        var app = builder.Build();
        app.UseAnswerQueues();
        app.Run(handler);
        await app.StartAsync(Cancel);
        return app;
    }
}
