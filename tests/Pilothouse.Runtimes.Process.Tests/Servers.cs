using Pilothouse.Core.Launching;

namespace Pilothouse.Runtimes.Process.Tests;

/// <summary>Small real servers, written where the test wants them.</summary>
internal static class Servers
{
    /// <summary>Answers its health probe, and on SIGTERM writes <c>flushed</c> into its state folder before it ends.</summary>
    public const string Healthy = """
        console.log('hello from the server');
        listen();
        onTerm(() => { flush(); process.exit(0); });
        """;

    public const string NeverReady = "setInterval(() => {}, 1000);";

    public const string Late = "setTimeout(listen, 700);";

    /// <summary>The first time takes 8 MiB each 20 ms, at most 2 GiB: so much that measuring sees it in time, and a missing limit harms no machine.</summary>
    public const string Grows = """
        listen();
        const all = [];
        if (isFirst()) setInterval(() => { if (all.length < 256) all.push(Buffer.alloc(8 << 20, 1)); }, 20);
        """;

    /// <summary>Needs a while to write its state on SIGTERM, and says when it has.</summary>
    public const string Drains = """
        listen();
        onTerm(() => setTimeout(() => { flush(); console.log('state is written'); process.exit(0); }, 400));
        """;

    /// <summary>SIGTERM does nothing to it.</summary>
    public const string Stubborn = "listen(); onTerm(() => { console.log('no'); });";

    /// <summary>Starts what leaves its session and group: a second fork makes it nobody's child.</summary>
    public const string Daemonizes = "spawn('setsid', ['--fork', 'sleep', '600'], { detached: true, stdio: 'ignore' }).on('exit', listen);";

    private const string Prelude = """
        import http from 'node:http';
        import fs from 'node:fs';
        import { spawn } from 'node:child_process';
        const listen = () => http.createServer((request, response) => response.end('{"ok":true}'))
          .listen(Number(process.env.PORT), '127.0.0.1');
        const onTerm = action => process.on('SIGTERM', action);
        const isFirst = () => { const first = !fs.existsSync('seen'); fs.writeFileSync('seen', ''); return first; };
        const write = (file, text) => { fs.writeFileSync(file + '.new', text); fs.renameSync(file + '.new', file); };
        const flush = () => fs.writeFileSync('flushed', String(Date.now()));

        """;

    /// <summary>Runs <paramref name="script"/> in its state folder.</summary>
    public static LaunchSpec Launch(string directory, string script)
    {
        var file = Path.Combine(directory, $"{Guid.NewGuid():N}.mjs");
        File.WriteAllText(file, Prelude + script);
        return new LaunchSpec
        {
            Arguments = ["node", file],
            WorkingDirectory = Placeholders.State,
            HealthPath = "/ok",
            State = StateLocation.Files,
        };
    }
}
