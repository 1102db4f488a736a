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

    public const string Exits = "process.exit(3);";

    /// <summary>SIGTERM does nothing to it.</summary>
    public const string Stubborn = "listen(); onTerm(() => { console.log('no'); });";

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
