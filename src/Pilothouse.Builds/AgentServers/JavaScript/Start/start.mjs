// Runs the agent server: node …/start.mjs HOST PORT STATE DEFINITION
// in the folder of langgraph.json. STATE is the folder that gets .langgraph_api; DEFINITION is JSON with graphs, auth, http, ui, ui_config.
import { Server } from "node:http";
import { register } from "node:module";
import { durable, observed, resumed } from "./storage.mjs";
import { load, tsx } from "./server.mjs";

const [host, port, state, definition] = process.argv.slice(-4);

// Whoever reads our output may be gone; that is no reason to lose state.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

let stop = () => process.exit(143);
for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => stop());

const { logger } = await load("logging.mjs");

try {
  await start();
} catch (error) {
  logger.error(error?.stack ?? String(error));
  logger.once("finish", () => process.exit(1)).end();
}

async function start() {
  const [{ startServer, StartServerSchema }, { FileSystemOps }, { FileSystemPersistence, serialize, deserialize }, { checkpointer }] =
    await Promise.all(["server.mjs", "storage/ops.mjs", "storage/persist.mjs", "storage/checkpoint.mjs"].map(load));

  durable(FileSystemPersistence, { state, serialize, deserialize, logger });
  const runs = new FileSystemPersistence(".langgraphjs_ops.json", () => ({
    runs: {}, threads: {}, assistants: {}, assistant_versions: [], retry_counter: {},
  }));
  await Promise.all([runs.initialize(), checkpointer.initialize()]);
  await resumed(runs.data, checkpointer, logger);
  const ops = new FileSystemOps(runs);
  const work = await observed(ops, runs);
  answer(work);

  // For the project's own code, TypeScript or not; the server itself, loaded by now, starts faster without.
  await tsx("loader.mjs");
  register("./hooks.mjs", import.meta.url);

  process.env.PORT = port;
  const { cleanup } = await startServer(
    StartServerSchema.parse({
      ...JSON.parse(definition),
      host,
      port: Number(port),
      cwd: process.cwd(),
      nWorkers: Number(process.env.N_JOBS_PER_WORKER) || 10,
    }),
    { ops },
  );

  stop = async () => {
    try {
      work.forgiveAttempts();
      await Promise.all([cleanup(), runs.flush()]);
      process.exit(0);
    } catch (error) {
      logger.error(`The state could not be written to ${state}: ${error.message}`);
      process.exit(1);
    }
  };
}

/**
 * Adds our own answers to the server's port, outside the project's auth and unlogged: GET /ok, and GET /.pilothouse/busy with the ids of
 * the runs under way. The server makes its http.Server itself and hands it to nobody, hence the detour over the prototype.
 */
function answer(work) {
  const own = new Map([
    ["/ok", () => ({ ok: true })],
    ["/.pilothouse/busy", () => ({ busy: work.busy() })],
  ]);
  const isProbe = (headers) => headers.origin === undefined && headers["x-forwarded-for"] === undefined;
  const emit = Server.prototype.emit;
  Server.prototype.emit = function (name, ...values) {
    if (name === "error" && values[0].syscall === "listen" && values[0].port === Number(port)) {
      // The server's own handler would log this and live on, deaf.
      logger.error(`Cannot listen on ${host}:${port}: ${values[0].code}`);
      process.exit(1);
    }

    if (this.address()?.port !== Number(port)) return emit.call(this, name, ...values);
    if (name === "listening") {
      // Longer than any proxy keeps an idle connection, so that none is closed under a request; and no limit on slow uploads.
      this.keepAliveTimeout = 300_000;
      this.requestTimeout = 0;
    }

    if (name === "request" && values[0].method === "GET" && own.has(values[0].url) && isProbe(values[0].headers)) {
      values[1].writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(own.get(values[0].url)()));
      return true;
    }

    return emit.call(this, name, ...values);
  };
}
