// What the agent server's file storage lacks for unattended use: writes that a crash cannot tear, runs that go on after a restart,
// and an answer to the question what is under way.
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { load } from "./server.mjs";

/** The server's own pause between a change and the write; it restarts with every change, so under steady load it never ends. */
const PAUSE_MS = 3_000;

/** Serialising stops the world: at most this part of the time goes into it. */
const SHARE = 20;

const POLL_MS = 500;

/**
 * Makes every state file live under `state`, be written whole or not at all, and at the latest PAUSE_MS after a change.
 * A file that cannot be read ends the start: the server would silently begin anew and overwrite it.
 */
export function durable(FileSystemPersistence, { state, serialize, deserialize, logger }) {
  Object.assign(FileSystemPersistence.prototype, {
    async initialize() {
      if (this.data != null) return this;
      this.filepath = join(state, ".langgraph_api", this.name);
      await mkdir(dirname(this.filepath), { recursive: true });
      const text = await readFile(this.filepath, "utf8").catch((error) => {
        if (error.code === "ENOENT") return null;
        throw error;
      });
      try {
        this.data = text === null ? this.defaultSchema() : await deserialize(text);
      } catch (cause) {
        throw new Error(`The state file ${this.filepath} cannot be read (${cause.message}); put a backup of it in its place.`, { cause });
      }

      return this;
    },

    schedulePersist() {
      this.changed = true;
      this.flushTimeout ??= setTimeout(() => this.persist().catch((error) => {
        logger.error(`The state file ${this.filepath} could not be written: ${error.message}`);
        this.schedulePersist();
      }), Math.max(PAUSE_MS, SHARE * (this.took ?? 0)));
    },

    persist() {
      clearTimeout(this.flushTimeout);
      this.flushTimeout = undefined;
      return (this.writing = (this.writing ?? Promise.resolve()).catch(() => {}).then(async () => {
        if (!this.changed) return;
        this.changed = false;
        try {
          const began = performance.now();
          const text = serialize(this.data);
          this.took = performance.now() - began;
          await replace(this.filepath, text);
        } catch (error) {
          this.changed = true;
          throw error;
        }
      }));
    },
  });
}

async function replace(path, text) {
  const next = `${path}.next`;
  const file = await open(next, "w");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }

  await rename(next, path);
}

/**
 * Queues runs again that were under way when the last process ended; left as they are they would block their threads for good.
 * One that reached a checkpoint goes on from there instead of taking its input twice.
 */
export async function resumed({ runs }, checkpointer, logger) {
  for (const run of Object.values(runs).filter((run) => run.status === "running")) {
    const last = await checkpointer.getTuple({ configurable: { thread_id: run.thread_id, checkpoint_ns: "" } });
    if (last?.metadata?.run_id === run.run_id) {
      Object.assign(run.kwargs, { input: null, command: undefined });
      delete run.kwargs.config?.configurable?.checkpoint_id;
    }

    run.status = "pending";
    logger.info("Run goes on after a restart", { run_id: run.run_id, thread_id: run.thread_id });
  }
}

/**
 * Watches the runs. On the way it removes waits that the server spends on polling: a new run wakes a worker, a finished one its caller;
 * and it keeps workers alive that would die of a run or thread deleted under their hands.
 */
export async function observed(ops, persistence) {
  const { StreamManager } = await load("storage/ops.mjs");
  const active = new Map(); // thread id → run; a thread has one at a time
  const idle = [];
  const { runs, threads } = ops;
  const { next, put, setStatus } = runs;
  const { setStatus: setThreadStatus, delete: deleteThread } = threads;

  const pause = () => new Promise((resolve) => {
    // Also without a call: delayed runs come due by the clock.
    const timer = setTimeout(wake, POLL_MS);
    idle.push(wake);
    function wake() {
      clearTimeout(timer);
      if (idle.includes(wake)) idle.splice(idle.indexOf(wake), 1);
      resolve();
    }
  });

  runs.next = async function* () {
    while (true) {
      let found = false;
      for await (const item of next.call(runs)) {
        found = true;
        active.set(item.run.thread_id, item.run);
        try {
          yield item;
        } finally {
          active.delete(item.run.thread_id);
        }
      }

      if (!found) await pause();
    }
  };

  runs.put = async (...args) => {
    const created = await put.apply(runs, args);
    // The server takes a run only once the millisecond of its creation is over.
    setTimeout(() => idle[0]?.(), 2);
    return created;
  };

  runs.setStatus = (id, status) => (persistence.data.runs[id] == null ? undefined : setStatus.call(runs, id, status));

  threads.setStatus = async (id, options) => {
    if (persistence.data.threads[id] != null) await setThreadStatus.call(threads, id, options);
    tellCallers(active.get(id));
  };

  threads.delete = async (id, auth) => {
    const run = active.get(id);
    const deleted = run != null && persistence.data.threads[id] == null ? [id] : await deleteThread.call(threads, id, auth);
    tellCallers(run);
    return deleted;
  };

  function tellCallers(run) {
    if (run == null) return;
    StreamManager.getQueue(run.run_id, { resumable: run.kwargs.resumable }).push({ topic: `run:${run.run_id}:control`, data: "done" });
  }

  // Anybody could empty all threads through the server's POST /internal/truncate, which asks for no auth.
  ops.truncate = () => {
    throw new Error("Not allowed.");
  };

  return {
    /** Ids of the runs that a worker has, or that wait for one. */
    busy() {
      const due = Object.values(persistence.data.runs).filter((run) => run.status === "pending" && run.created_at <= new Date());
      return [...new Set([...active.values(), ...due].map((run) => run.run_id))];
    },

    /** A run that is stopped with the server has not failed: it does not use up one of its attempts. */
    forgiveAttempts() {
      for (const { run_id: id } of active.values()) persistence.data.retry_counter[id] = Math.max(0, persistence.data.retry_counter[id] - 1);
    },
  };
}
