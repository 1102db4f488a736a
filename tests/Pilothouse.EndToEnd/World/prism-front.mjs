// Stands in front of a server under test: calls of the contract go to it through prism, everything else goes straight. Each violation that prism reports
// is a line of JSON in the log; the last line of each front counts its calls.
// node prism-front.mjs FRONT_PORT SERVER_PORT PRISM_PORT CONTRACT PRISM LOG
import { spawn } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";

const [frontPort, serverPort, prismPort, contractFile, prismProgram, log] = process.argv.slice(2);
const host = "127.0.0.1";
const prefix = "/api-host";
const operations = Object.entries(JSON.parse(readFileSync(contractFile, "utf8")).paths).map(([path, item]) => ({
  pattern: new RegExp(`^${path.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{[^}]+\}/g, "[^/]+")}$`),
  methods: new Set(Object.keys(item).map((method) => method.toUpperCase())),
}));
let calls = 0;

const prism = spawn(prismProgram, ["proxy", contractFile, `http://${host}:${serverPort}`, "--host", host, "--port", prismPort], { stdio: "ignore" });

function end() {
  appendFileSync(log, `${JSON.stringify({ calls })}\n`);
  prism.kill("SIGKILL");
  process.exit(0);
}

process.on("SIGTERM", end);
process.stdin.on("end", end).resume(); // The test process is gone.

const mostBytes = 10 * 1024 * 1024; // Prism itself takes no larger body.

function ofContract(request) {
  const [path, query] = request.url.split("?", 2);
  const bare = path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
  return operations.some((one) => one.methods.has(request.method) && one.pattern.test(bare)) ? bare + (query === undefined ? "" : `?${query}`) : null;
}

const front = http.createServer(async (request, response) => {
  let path = ofContract(request);
  const body = [];
  if (path !== null) {
    try {
      for await (const part of request) body.push(part);
    } catch {
      return; // The client has left.
    }
    if (body.reduce((sum, part) => sum + part.length, 0) > mostBytes) path = null;
  }
  const onward = http.request({
    host, port: path === null ? serverPort : prismPort, method: request.method, path: path ?? request.url, headers: request.headers, agent: false,
  });
  onward.on("response", (answer) => {
    const headers = { ...answer.headers };
    if (path !== null) {
      // Prism speaks for a server that is down; the client is to see that nobody answers.
      if (headers["content-type"] === "application/problem+json") return void request.socket.destroy();
      calls++;
      if (headers["sl-violations"]) {
        const violations = JSON.parse(headers["sl-violations"]);
        appendFileSync(log, `${JSON.stringify({ method: request.method, path, status: answer.statusCode, violations })}\n`);
        delete headers["sl-violations"];
      }
    }
    response.writeHead(answer.statusCode, headers);
    answer.pipe(response);
    answer.on("error", () => response.destroy());
  });
  onward.on("error", () => request.socket.destroy());
  response.on("close", () => onward.destroy());
  for (const part of body) onward.write(part);
  if (request.readableEnded) onward.end();
  else request.pipe(onward);
});

front.on("upgrade", (request, socket, head) => {
  const onward = net.connect(serverPort, host, () => {
    const lines = [`${request.method} ${request.url} HTTP/1.1`];
    for (let at = 0; at < request.rawHeaders.length; at += 2) lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
    onward.write(`${lines.join("\r\n")}\r\n\r\n`);
    onward.write(head);
    socket.pipe(onward).pipe(socket);
  });
  onward.on("error", () => socket.destroy());
  socket.on("error", () => onward.destroy());
});
front.keepAliveTimeout = 120_000;
front.requestTimeout = 0;

// Listens once prism does, so that whoever waits for the server waits for both.
(function wait() {
  const probe = net.connect(prismPort, host);
  probe.on("connect", () => { probe.destroy(); front.listen(Number(frontPort), host); });
  probe.on("error", () => setTimeout(wait, 50));
})();
