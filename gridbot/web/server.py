"""The web application, and a server that lives in somebody else's event loop.

Every answer bears the headers that keep a page from loading or running anything from elsewhere. Errors
show a sentence and never a trace. The server owns no signals: it ends when `stop` is set, within a
moment even while pages hold an event stream open (they watch the same event).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import jinja2
import prometheus_client
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Health = Callable[[], tuple[bool, Mapping[str, Any]]]
Guard = Callable[[Request], bool]
"""Whether this request may see the page; sign-in will be one of these."""

BODY_CAP = 1024 * 1024
GRACE = 2  #: seconds for requests under way when the server is told to stop
HEARTBEAT = 15.0  #: seconds; a quiet stream says so, or proxies between would cut it
_HERE = Path(__file__).parent
_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_pages = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=jinja2.StrictUndefined
)


class PortTakenError(Exception):
    """The address cannot be listened on; the message is one sentence naming it."""


def build(
    routes: Sequence[BaseRoute],
    *,
    health: Health,
    registry: prometheus_client.CollectorRegistry,
    guard: Guard | None = None,
    home: str = "",
) -> Starlette:
    """`home`: where "/" leads if no route of its own is given for it. `guard` is asked for /metrics."""

    async def healthz(_request: Request) -> Response:
        ok, details = await run_in_threadpool(health)
        return JSONResponse({"ok": ok, **details}, 200 if ok else 503)

    async def metrics(_request: Request) -> Response:
        text = prometheus_client.generate_latest(registry)
        return Response(text, headers={"content-type": prometheus_client.CONTENT_TYPE_LATEST})

    async def go_home(_request: Request) -> Response:
        return RedirectResponse(home)

    rest: list[BaseRoute] = [
        Route("/healthz", healthz),
        Route("/metrics", guarded(metrics, guard)),
        Mount("/static", StaticFiles(directory=_HERE / "static")),
    ]
    if home:
        rest.append(Route("/", go_home))
    return _Shielded(
        routes=[*routes, *rest],
        exception_handlers={HTTPException: _on_refusal, Exception: _on_error},
        max_body_size=BODY_CAP,
    )


AMBIENT: ContextVar[str] = ContextVar("csrf", default="")
"""The token that the forms of a page send back, where its endpoint knows of none."""


def render(name: str, status_code: int = 200, **values: Any) -> HTMLResponse:
    values.setdefault("csrf", AMBIENT.get())
    return HTMLResponse(_pages.get_template(name).render(**values), status_code)


# --- who may ask ---------------------------------------------------------------------------------


def guarded(endpoint: Callable[[Request], Any], guard: Guard | None) -> Callable[[Request], Any]:
    """The endpoint behind a guard; 403 for whoever is not let through."""
    if guard is None:
        return endpoint

    async def checked(request: Request) -> Response:
        if not guard(request):
            raise HTTPException(403)
        answer: Response = await endpoint(request)
        return answer

    return checked


def local_only(request: Request) -> bool:
    """A guard: from this machine, asked for by a name of this machine (a foreign name that leads here is
    how another site's page would read ours)."""
    return _loopback(request.client.host if request.client else "") and _loopback(request.url.hostname or "")


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Shielded(Starlette):
    """The shield outside of everything, so that errors and refused bodies wear it, too."""

    def build_middleware_stack(self) -> ASGIApp:
        return _Shield(super().build_middleware_stack())


class _Shield:
    """Headers on every answer; no writing request from another site's page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                own = "no-cache" if scope["path"].startswith("/static/") else "no-store"
                headers.setdefault("cache-control", own)
            await send(message)

        app: ASGIApp = self._app
        if scope["method"] not in ("GET", "HEAD", "OPTIONS") and _from_elsewhere(Request(scope)):
            app = JSONResponse({"error": "cross-site"}, 403)
        await app(scope, receive, with_headers)


def _from_elsewhere(request: Request) -> bool:
    """Browsers say so; a platform's server that calls our webhook says nothing."""
    return request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")


# --- errors --------------------------------------------------------------------------------------


async def _on_refusal(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _error_page(request, status, getattr(error, "headers", None))


async def _on_error(request: Request, _error: Exception) -> Response:
    return _error_page(request, 500)


def _error_page(request: Request, status: int, headers: Mapping[str, str] | None = None) -> Response:
    answer: Response
    if "text/html" in request.headers.get("accept", ""):
        answer = render("error.html", status, status=status)
    else:
        answer = JSONResponse({"error": status}, status)
    answer.headers.update(headers or {})
    return answer


# --- live ----------------------------------------------------------------------------------------


def stream(request: Request, lines: AsyncGenerator[str, None]) -> Response:
    """Server-sent events until `lines` end, the page goes, or the server is told to stop."""
    stop: asyncio.Event | None = getattr(request.app.state, "stop", None)
    headers = {"x-accel-buffering": "no"}
    return StreamingResponse(_until(stop, lines), media_type="text/event-stream", headers=headers)


async def _until(stop: asyncio.Event | None, lines: AsyncGenerator[str, None]) -> AsyncIterator[str]:
    ended = asyncio.ensure_future((stop or asyncio.Event()).wait())
    line: asyncio.Future[str] | None = None
    try:
        while not ended.done():
            line = line or asyncio.ensure_future(anext(lines))
            both: set[asyncio.Future[Any]] = {line, ended}
            await asyncio.wait(both, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
            if line.done():
                yield line.result()
                line = None
            elif not ended.done():
                yield ": still here\n\n"
    except StopAsyncIteration:
        pass
    finally:
        ended.cancel()
        if line is not None:
            line.cancel()
            await asyncio.gather(line, return_exceptions=True)
        await lines.aclose()


# --- the server ----------------------------------------------------------------------------------


class Server:
    """Serves one application. `ready` is set once it listens; `port` is then the real one."""

    def __init__(self, app: Starlette) -> None:
        self.app = app
        self.ready = asyncio.Event()
        self.port = 0

    async def serve(self, host: str, port: int, stop: asyncio.Event) -> None:
        """Returns soon after `stop` is set. Raises PortTakenError."""
        listener = listen(host, port)
        self.port = listener.getsockname()[1]
        self.app.state.stop = stop
        server = _Unsignalled(_config(self.app))
        serving: asyncio.Future[Any] = asyncio.ensure_future(server.serve(sockets=[listener]))
        stopped: asyncio.Future[Any] = asyncio.ensure_future(stop.wait())
        self.ready.set()  # the socket listens already: who connects now is answered in a moment
        try:
            await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            server.should_exit = True
            with contextlib.suppress(asyncio.CancelledError):
                await serving
            listener.close()


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )


class _Unsignalled(uvicorn.Server):
    """Uvicorn's own serve() takes SIGTERM for itself and raises it again: no clean-up would run."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return nullcontext()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, or one sentence about why not."""
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        return socket.create_server((host, port), family=_family(host))
    except OSError as error:
        reason = error.strerror or str(error)
        if isinstance(error, PermissionError):
            reason = "ports below 1024 need more rights than this account has"
        elif error.errno == 98 or "in use" in reason.lower():
            reason = "another program is listening there; stop it or choose another port"
        raise PortTakenError(f"Cannot serve on {where}: {reason}.") from None


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def event(kind: str, data: str, id: str = "") -> str:
    """One server-sent event; `data` is a line."""
    return f"id: {id}\nevent: {kind}\ndata: {data}\n\n" if id else f"event: {kind}\ndata: {data}\n\n"
