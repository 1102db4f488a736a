"""Runs the in-memory agent server in the folder of langgraph.json: python start.py HOST PORT STATE ARTIFACT DEFINITION

STATE is the folder that gets .langgraph_api. ARTIFACT holds the project's packages, if it has any of its own, in packages/. DEFINITION is JSON:
{"environment": {"LANGSERVE_GRAPHS": {…}, …}, "paths": ["src/app", …]}, the paths below ARTIFACT.
"""

import contextlib
import functools
import json
import os
import signal
import site
import socket
import sys

# Our own neighbour; afterwards this folder is out of the project's way.
import pilothouse_storage as storage

HOST, PORT, STATE, ARTIFACT, DEFINITION = sys.argv[1:6]

# Seconds for requests under way at the stop. Runs do not need it: they go on after the next start.
GRACE = 2


def fail(sentence):
    print(json.dumps({"event": sentence, "level": "error"}), file=sys.stderr, flush=True)
    os._exit(1)


def bound():
    """Before anything is loaded: with a port that is taken, nothing of the state is touched."""
    family = socket.AF_INET6 if ":" in HOST else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, int(PORT)))
    except OSError as error:
        fail(f"Cannot listen on {HOST}:{PORT}: {error.strerror}")
    return listener


def settle_paths(folders):
    """The project's packages, then the server's, then the project's folders, as the vendor's own CLI has them; child processes get the same."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != here]
    server = [path for path in sys.path if path.startswith(sys.prefix + os.sep)]
    ahead = [path for path in sys.path if path not in server]
    sys.path[:] = ahead
    packages = os.path.join(ARTIFACT, "packages")
    if os.path.isdir(packages):
        site.addsitedir(packages)
    own = sys.path[len(ahead):]
    sys.path += [*server, *(os.path.join(ARTIFACT, folder) for folder in folders)]

    def prepend(name, *values):
        os.environ[name] = os.pathsep.join(value for value in [*values, os.environ.get(name)] if value)

    prepend("PYTHONPATH", *own)
    prepend("PATH", os.path.join(packages, "bin"), os.path.join(sys.prefix, "bin"))
    os.environ["VIRTUAL_ENV"] = sys.prefix


def is_probe(headers):
    return not any(name in (b"origin", b"x-forwarded-for") for name, _ in headers)


class Answers:
    """The server behind our own answers, which are outside the project's auth, routes and access log."""

    own = {"/ok": lambda: {"ok": True}, "/.pilothouse/busy": lambda: {"busy": storage.busy()}}

    def __init__(self, server):
        self.server = server

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"] in self.own and is_probe(scope["headers"]):
            body = json.dumps(self.own[scope["path"]]()).encode()
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            return
        storage.touched()
        try:
            await self.server(scope, receive, send)
        finally:
            storage.touched()


def serve(listener):
    import asyncio
    import logging

    import uvicorn
    from langgraph_api.server import app

    log = logging.getLogger("pilothouse")

    class Server(uvicorn.Server):
        code = 0
        keeping = None
        tell = staticmethod(lambda: None)

        async def startup(self, sockets=None):
            await super().startup(sockets=sockets)
            if self.started:
                self.keeping = asyncio.create_task(storage.keep(log))

        # The original looks for a stop ten times a second and then sleeps a tenth of one more, while callers of a new revision wait.
        async def main_loop(self):
            told = asyncio.Event()
            self.tell = functools.partial(asyncio.get_running_loop().call_soon_threadsafe, told.set)
            counter = 0
            while not await self.on_tick(counter):
                counter = (counter + 1) % 864000
                with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
                    await asyncio.wait_for(told.wait(), 0.1)

        async def shutdown(self, sockets=None):
            for listening in [*self.servers, *(sockets or [])]:
                listening.close()
            for connection in list(self.server_state.connections):
                connection.shutdown()
            await asyncio.sleep(0.005)
            if self.server_state.connections or self.server_state.tasks or self.force_exit:
                await super().shutdown(sockets=sockets)
            else:
                await self.lifespan.shutdown()

        @contextlib.contextmanager
        def capture_signals(self):
            # The original raises the signal again after the stop, so that a clean one looks like a death.
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self.handle_exit)
            yield

        def handle_exit(self, number, frame):
            # SIGINT comes from the runtime itself, when its queue has failed.
            self.code = 0 if number == signal.SIGTERM else 1
            self.should_exit = storage.stopping = True
            self.tell()

    handler = {"class": "logging.StreamHandler", "formatter": "lines", "stream": "ext://sys.stdout"}
    server = Server(uvicorn.Config(
        Answers(app),
        access_log=False,
        timeout_graceful_shutdown=GRACE,
        # Longer than any proxy keeps an idle connection, so that none is closed under a request.
        timeout_keep_alive=300,
        log_config={
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"lines": {"class": "langgraph_api.logging.Formatter"}},
            "handlers": {"lines": handler},
            "loggers": {name: {"level": "WARNING"} for name in ("uvicorn", "uvicorn.error")},
            "root": {"handlers": ["lines"]},
        },
    ))
    # Its words are about a flag that nobody here has set.
    logging.getLogger("langgraph_runtime_inmem.queue").addFilter(lambda record: "--allow-blocking" not in str(record.msg))
    with contextlib.suppress(SystemExit):
        server.run(sockets=[listener])
    is_saved = not getattr(server.lifespan, "shutdown_failed", False)
    return server.code if server.started and is_saved else 1


def main():
    definition = json.loads(DEFINITION)
    listener = bound()
    settle_paths(definition["paths"])
    os.environ.update(
        LANGGRAPH_RUNTIME_EDITION="inmem",
        DATABASE_URI=":memory:",
        REDIS_URI="fake",
        MIGRATIONS_PATH="__inmem",
        # Blocking calls of a project are its own business here, as on any server but a developer's.
        LANGGRAPH_ALLOW_BLOCKING="true",
        LANGGRAPH_API_URL=f"http://{HOST}:{PORT}",
        PORT=PORT,
    )
    for name, value in definition["environment"].items():
        os.environ[name] = json.dumps(value)
    sys.dont_write_bytecode = True

    try:
        storage.install(STATE, fail)
        code = serve(listener)
    except Exception:
        import traceback

        fail(traceback.format_exc())
    sys.stdout.flush()
    sys.stderr.flush()
    # Not the polite way: threads of the project that still block would hold the process until it is killed.
    os._exit(code)


main()
