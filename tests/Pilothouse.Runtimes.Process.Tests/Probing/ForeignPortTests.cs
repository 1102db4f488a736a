using System.Net;
using System.Net.Sockets;
using System.Text;
using Pilothouse.Core.Runtimes;
using Xunit;

namespace Pilothouse.Runtimes.Process.Tests.Probing;

/// <summary>Between the choice of a port and the server's own bind, somebody else takes it.</summary>
public sealed class ForeignPortTests : ProcessRuntimeTest
{
    [Theory]
    [InlineData("server.on('error', error => { console.error(error); process.exit(1); })", false)]
    [InlineData("server.on('error', error => { console.error(error); process.exit(1); })", true)]
    [InlineData("server.on('error', () => {})", true)]
    public async Task Server_whose_port_a_foreign_process_took_starts_again_on_another(string onError, bool foreignAnswers)
    {
        var spec = Spec($$"""
            const server = http.createServer((request, response) => response.end('{}'));
            {{onError}};
            setInterval(() => {}, 1000);
            const go = () => fs.existsSync('go') ? server.listen(Number(process.env.PORT), '127.0.0.1') : setTimeout(go, 5);
            go();
            """);
        var runtime = Create();
        await runtime.StartAsync(spec, Cancel);
        var first = await UntilAsync(runtime, spec, status => status.Endpoint is not null);

        using var foreign = new TcpListener(IPAddress.Loopback, first.Endpoint!.Port);
        foreign.Start();
        var answering = foreignAnswers ? AnswerAsync(foreign) : Task.CompletedTask;
        File.WriteAllText(Path.Combine(spec.StateDirectory, "go"), "");
        var ready = await UntilAsync(runtime, spec, status => status.Phase == ReplicaPhase.Ready);
        foreign.Stop();
        await answering;

        Assert.NotEqual(first.Endpoint, ready.Endpoint);
        Assert.NotEqual(first.ProcessId, ready.ProcessId);
        Assert.Equal((0, null), (ready.Restarts, ready.LastExit));
        Assert.Contains("The port was taken meanwhile; the server starts again on another.", Messages);
        Assert.Equal(ready.ProcessId, Assert.Single(ProcessesBelow(Root)).Identity.Id);
    }

    /// <summary>As healthy as any agent server.</summary>
    private static async Task AnswerAsync(TcpListener listener)
    {
        while (true)
        {
            try
            {
                using var client = await listener.AcceptTcpClientAsync(Cancel);
                var stream = client.GetStream();
                _ = await stream.ReadAsync(new byte[4096], Cancel);
                await stream.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"), Cancel);
            }
            catch (IOException)
            {
                // The probe went away.
            }
            catch (SocketException)
            {
                return;
            }
        }
    }
}
