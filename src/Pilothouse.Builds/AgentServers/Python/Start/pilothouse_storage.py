"""What the in-memory runtime's files lack for unattended use: a place of their own, writes that a crash cannot tear and that come soon after
a change, a stop at a damaged file (the runtime would delete it and begin anew), runs that go on after a crash, and an answer to what is under way.
"""

import asyncio
import concurrent.futures
import datetime
import hashlib
import os
import pickle
import sys
import time
import types

# Between two looks at what has changed. Serialising stops the world: at most one part in SHARE of the time goes into it.
PAUSE = 1.0
SHARE = 20
# Changes that no request and no run announced, such as those of a project's own background tasks.
SWEEP = 30.0

_open = {}  # file → the dict that is saved there
_writer = concurrent.futures.ThreadPoolExecutor(1, "state")
_stopped = False
_dirty = True
_took = 0.0
_database = None


def install(state, fail):
    """Call before the runtime is imported. `fail` ends the process with a sentence."""
    global _database
    from langgraph.checkpoint.memory import PersistentDict

    def at(path):
        return os.path.join(state, path)

    initialize = PersistentDict.__init__

    def __init__(self, *args, filename, **kwargs):
        initialize(self, *args, filename=at(filename), **kwargs)
        self.closed = self.loaded = False
        self.written = None

    def load(self):
        # The runtime opens its checkpoints again for every view of them and throws the copy away.
        if (other := _open.get(self.filename)) not in (None, self) and not other.closed:
            return
        try:
            with open(self.filename, "rb") as file:
                data = pickle.load(file)
        except FileNotFoundError:
            self.loaded = True
            raise
        except Exception as error:
            fail(f"The state file {self.filename} cannot be read ({error!r}); put a backup of it in its place.")
        self.update(data)
        self.loaded = True
        for run in data.get("runs", ()) if self.filename.endswith(".langgraph_ops.pckl") else ():
            if run["status"] == "running":
                run["status"] = "pending"

    def sync(self):
        if _open.get(self.filename) is self:
            _write([_snapshot(self)])

    def close(self):
        self.sync()
        self.closed = True
        self.clear()

    for method in (__init__, load, sync, close):
        setattr(PersistentDict, method.__name__, method)

    runtime = types.ModuleType("langgraph_runtime_inmem._persistence")
    runtime.DISABLE_FILE_PERSISTENCE = os.environ.get("LANGGRAPH_DISABLE_FILE_PERSISTENCE", "false").lower() == "true"
    runtime.register_persistent_dict = lambda kept: None if runtime.DISABLE_FILE_PERSISTENCE else _register(kept)
    runtime.stop_flush_loop = _stop
    sys.modules[runtime.__name__] = runtime

    # It makes its folder where it is imported; afterwards the working directory is the project's again.
    project = os.getcwd()
    os.chdir(state)
    try:
        from langgraph_runtime_inmem import checkpoint, database, ops, routes
    finally:
        os.chdir(project)

    checkpoint.os = database.os = _StateOs(at)
    # Routes of a developer's machine, open to everybody: deploy as a child process, empty all, dump a thread.
    routes.get_internal_routes = list
    cancel = ops.cancel_run

    async def cancel_run(*args, **kwargs):
        # A caller that our own stop disconnects has not changed its mind.
        if not stopping:
            await cancel(*args, **kwargs)

    ops.cancel_run = cancel_run
    _wake_workers(ops)
    _database = database


stopping = False


def _wake_workers(ops):
    """A new run wakes a worker, and so does a run that ends and frees its thread; the runtime looks for both twice a second only."""
    waiting = None  # the queue's loop and its event
    next_run = ops.Runs.next

    async def next(wait, limit=1):
        nonlocal waiting
        if wait:
            event = asyncio.Event()
            waiting = asyncio.get_running_loop(), event
            try:
                # Also without a call: delayed runs come due by the clock.
                await asyncio.wait_for(event.wait(), 0.5)
            except TimeoutError:
                pass
            waiting = None
        async for item in next_run(wait=False, limit=limit):
            yield item

    def waking(function):
        async def call(*args, **kwargs):
            try:
                return await function(*args, **kwargs)
            finally:
                if waiting is not None:
                    waiting[0].call_soon_threadsafe(waiting[1].set)

        return staticmethod(call)

    ops.Runs.next = staticmethod(next)
    ops.Runs.put = waking(ops.Runs.put)
    ops.Threads.set_joint_status = waking(ops.Threads.set_joint_status)


class _StateOs(types.ModuleType):
    """The module os for code that says `.langgraph_api` and means the one in the state folder."""

    def __init__(self, at):
        super().__init__("os")
        self.path = types.SimpleNamespace(join=os.path.join, exists=lambda path: os.path.exists(at(path)))
        self.mkdir = lambda path: os.mkdir(at(path))
        self.remove = lambda path: os.remove(at(path))

    def __getattr__(self, name):
        return getattr(os, name)


def busy():
    """Ids of the runs that a worker has, or that wait for one."""
    now = datetime.datetime.now(datetime.UTC)
    return [
        str(run["run_id"])
        for run in _database.GLOBAL_STORE["runs"]
        if run["status"] == "running" or (run["status"] == "pending" and run["created_at"] <= now)
    ]


def touched():
    global _dirty
    _dirty = True


async def keep(log):
    """Saves what has changed, until the stop."""
    global _dirty
    was_busy, saved, failures = False, time.monotonic(), 0
    while not _stopped:
        await asyncio.sleep(max(PAUSE, SHARE * _took))
        is_busy = any(run["status"] in ("running", "pending") for run in _database.GLOBAL_STORE["runs"])
        if _stopped or not (_dirty or is_busy or was_busy or time.monotonic() - saved > SWEEP):
            continue
        _dirty, was_busy, saved = False, is_busy, time.monotonic()
        try:
            await asyncio.get_running_loop().run_in_executor(_writer, _write, _snapshots())
            failures = 0
        except Exception as error:
            # The next round tries again; a thread that changes a dict under the serialiser's hands is no news unless it does so always.
            _dirty = True
            failures += 1
            if failures % 5 == 0 or not isinstance(error, RuntimeError):
                log.error(f"The state could not be written to {os.path.dirname(next(iter(_open), ''))}: {error!r}")


def _register(kept):
    other = _open.get(kept.filename)
    if other is not None and other is not kept and not other.closed:
        return
    _open[kept.filename] = kept
    if not kept.loaded and kept.filename.endswith("retry_counter.pckl"):
        # The runtime saves the attempts and never reads them: a run that kills its server would do so for ever.
        try:
            kept.load()
        except FileNotFoundError:
            pass


def _snapshots():
    global _took
    began = time.perf_counter()
    # Checkpoints first: a run that is thought unfinished goes on from them, one that is thought finished does not come back.
    kept = sorted(_open.values(), key=lambda one: "checkpoint" not in one.filename)
    texts = [_snapshot(one) for one in kept if not one.closed]
    _took = time.perf_counter() - began
    return texts


def _snapshot(kept):
    text = pickle.dumps(dict(kept), pickle.HIGHEST_PROTOCOL)
    return kept, text, hashlib.blake2b(text, digest_size=16).digest()


def _write(snapshots):
    for kept, text, digest in snapshots:
        if digest == kept.written:
            continue
        path = f"{kept.filename}.next"
        with open(path, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(path, kept.filename)
        kept.written = digest


def _stop():
    """The runtime calls this when its workers have ended, before it closes its files; and again after."""
    global _stopped
    if _stopped:
        return
    _stopped = True
    _writer.shutdown(wait=True)
    # A run that is stopped with the server has not failed: it does not use up one of its attempts.
    attempts = _database.GLOBAL_RETRY_COUNTER._counters
    for run in _database.GLOBAL_STORE["runs"]:
        if run["status"] in ("running", "pending") and attempts.get(run["run_id"], 0) > 0:
            attempts[run["run_id"]] -= 1
    _write(_snapshots())
