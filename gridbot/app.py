"""The composition root: builds database, desk, channels, web and clock from Settings and runs them.

Nothing else knows all the parts. Roles may run apart on PostgreSQL; on SQLite one process has them all.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import Connection

from gridbot import almanac, services, understanding
from gridbot.app_wechat import poster_maker
from gridbot.app_wecom import open_wecom
from gridbot.cases import limitbook, views
from gridbot.clock import Clock
from gridbot.delivery import Mouth
from gridbot.desk import due, paste_queue, watch
from gridbot.desk.context import Compile, Desk
from gridbot.desk.menus import menus
from gridbot.grid import actions as grid_actions
from gridbot.intake import Intake
from gridbot.messages import Role, Speaker
from gridbot.settings import Settings, data_dir
from gridbot.store import copies, leases, upkeep, waking
from gridbot.store.db import Database
from gridbot.understanding.effective import community_file, own_files
from gridbot.understanding.intents import KeywordRule, Packs, default_folder, load_packs
from gridbot.understanding.segment import set_cache_dir

if TYPE_CHECKING:
    from gridbot.channels.telegram_out import TelegramSpeaker

log = structlog.get_logger()

LAST_WORDS = 4.0  #: seconds the parts have to end after a signal

Part = Callable[[asyncio.Event], Coroutine[Any, Any, None]]


Now = Callable[[], datetime]


def utcnow() -> datetime:
    return datetime.now(UTC)


class App:
    """What one process runs: parts that go on until `stop` is set, and the routes of its web server."""

    def __init__(self, settings: Settings, database: Database, desk: Desk, *, now: Now) -> None:
        self.settings, self.database, self.desk, self.now = settings, database, desk, now
        self.id = secrets.token_hex(8)
        self.stop = asyncio.Event()
        self.intake = Intake(database, desk, now=now, handled=self.wake)
        self.clock = Clock(database, desk, now=now, fired=self.wake, beat=self.beat)
        self.mouths: list[Mouth] = []
        self.parts: dict[str, Part] = {}
        self.routes: list[Any] = []
        self.closing: list[Callable[[], Awaitable[None]]] = []
        self.watched: list[Callable[[], dict[str, Any]]] = []  #: what channels say of themselves

    def has(self, role: str) -> bool:
        return role in self.settings.roles

    def wake(self) -> None:
        """Something may wait to be said."""
        for mouth in self.mouths:
            mouth.wake()

    async def listen(self, stop: asyncio.Event) -> None:
        """On PostgreSQL: other processes wake us (`store.waking`)."""
        loop, enough = asyncio.get_running_loop(), threading.Event()

        def woken(what: str) -> None:
            loop.call_soon_threadsafe(self.intake.wake if what == waking.INBOX else self.wake)

        listening = asyncio.create_task(asyncio.to_thread(waking.listen, self.database.url, woken, enough))
        await _pause(stop, None, listening)
        enough.set()
        await listening

    def speaks(self, speaker: Speaker, *, platform: str, bot: str) -> None:
        """One bot's way out."""
        mouth = self.mouth(speaker, platform=platform, bot=bot)
        if self.has("sender"):
            self.parts[f"delivery {platform}"] = self.alone(f"sender {platform} {bot}", mouth.run)

    def mouth(self, speaker: Speaker, *, platform: str, bot: str) -> Mouth:
        """What a bot says goes through it; whoever wants it runs it."""
        self.desk.can[platform] = speaker.capabilities
        mouth = Mouth(self.database, speaker, platform=platform, bot=bot, now=self.now)
        self.mouths.append(mouth)
        return mouth

    def alone(self, name: str, part: Part) -> Part:
        """`part`, run by one process at a time. On SQLite there is only one."""
        if self.database.sqlite:
            return part

        async def owned(stop: asyncio.Event) -> None:
            while not stop.is_set():
                epoch = await self.write(lambda db: leases.take(db, name, owner=self.id, now=self.now()))
                if epoch is None:
                    await _pause(stop, leases.RENEW.total_seconds() / 2)
                else:
                    await self._while_ours(name, epoch, part, stop)

        return owned

    async def _while_ours(self, name: str, epoch: int, part: Part, stop: asyncio.Event) -> None:
        """Runs `part` until `stop`, or until the lease is found to be somebody else's."""
        ours = asyncio.Event()  # set: the part has to end
        running = asyncio.create_task(part(ours))
        while not (stop.is_set() or running.done()):
            await _pause(stop, leases.RENEW.total_seconds(), running)
            if not await self.write(
                lambda db: leases.keep(db, name, owner=self.id, epoch=epoch, now=self.now())
            ):
                log.warning("another process has taken over", what=name)
                break
        ours.set()
        await running
        await self.write(lambda db: leases.give_back(db, name, owner=self.id, epoch=epoch))

    async def adopts(self, platform: str, bot: str) -> None:
        """The groups a directory named for this platform become this bot's."""
        await self.write(lambda db: grid_actions.adopt_chats(db, platform, bot, now=self.now()))

    async def write(self, task: Callable[[Connection], Any]) -> Any:
        return await asyncio.wrap_future(self.database.submit(task))

    async def beat(self) -> None:
        """Once a minute: notes that we live, and tells a watcher outside if all is well."""
        await self.write(lambda db: watch.alive(db, now=self.now()))
        healthy, _ = await asyncio.to_thread(self.health)
        if self.settings.heartbeat_url and healthy:
            await _call(self.settings.heartbeat_url)

    def health(self) -> tuple[bool, dict[str, Any]]:
        """For /healthz: whether all is well, and the counts that say so."""
        with self.database.read() as db:
            counts = dict(watch.health(db, now=self.now()))
        counts["silenced"] = sum(mouth.silenced for mouth in self.mouths)
        channels = {name: state for look in self.watched for name, state in look().items()}
        return not any(counts.values()), {**counts, **channels}

    async def run(self) -> None:
        """Runs every part until `stop`; a part that dies by itself ends all, for half a house is none."""
        tasks: dict[asyncio.Task[Any], str] = {
            asyncio.create_task(part(self.stop), name=name): name for name, part in self.parts.items()
        }
        stopping: asyncio.Task[Any] = asyncio.create_task(self.stop.wait(), name="stop")
        finished, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        self.stop.set()
        if tasks:
            _, hanging = await asyncio.wait(tasks, timeout=LAST_WORDS)
            for task in hanging:
                log.warning("a part did not end in time", part=tasks[task])
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        stopping.cancel()
        for task in finished - {stopping}:
            task.result()

    async def close(self) -> None:
        self.stop.set()
        for close in reversed(self.closing):
            with contextlib.suppress(Exception):
                await close()


async def run(settings: Settings, *, demo: bool = False) -> int:
    """Runs gridbot until SIGTERM or SIGINT; returns the exit status."""
    async with opened(settings, demo=demo) as app:
        _own_the_signals(app.stop)
        await app.run()
    log.info("stopped")
    return 0


@asynccontextmanager
async def opened(settings: Settings, *, demo: bool = False, now: Now = utcnow) -> AsyncIterator[App]:
    """The house with its lock, database and channels; not running yet. All is closed at the end."""
    with contextlib.ExitStack() as held:
        if settings.sqlite:
            held.enter_context(upkeep.FileLock(settings.database))
        database = Database(settings.database)
        held.callback(database.close)
        desk = await asyncio.to_thread(_desk, settings)
        app = App(settings, database, desk, now=now)
        try:
            await _prepare(app)
            await _open_channels(app, demo=demo)
            yield app
        finally:
            await app.close()


def _desk(settings: Settings) -> Desk:
    set_cache_dir(settings.cache)
    folders = [settings.intents or default_folder()]

    def compile_packs(own: Iterable[KeywordRule]) -> Packs:
        return load_packs(*folders, extra=own)

    def own_compile(name: str) -> Compile | None:
        file = community_file(folders[0], name)
        return None if file is None else lambda own: load_packs(*folders, file, extra=own)

    packs = compile_packs(())
    for own in own_files(folders[0]):
        load_packs(*folders, own)  # a mistake in one is told now, not when somebody speaks
    almanac.use_calendar(almanac.load_calendar(folders[0] / "calendar"))
    limitbook.use_folder(folders[0] / "limits")
    understanding.warm(packs)  # before anybody waits
    admins = frozenset((admin.platform, admin.user) for admin in settings.admins)
    desk = Desk(packs, compile_packs, admins=admins, own_compile=own_compile)
    desk.can[paste_queue.PLATFORM] = paste_queue.CAN
    return desk


def _own_the_signals(stop: asyncio.Event) -> None:
    """The app ends itself in order; a web server that re-raises SIGTERM would end it in the middle."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)


async def _prepare(app: App) -> None:
    """What a start owes: the standing timers, the service days ahead, a word after a long absence."""

    def prepare(db: Connection) -> None:
        if app.database.sqlite:
            leases.forget_all(db, now=app.now())
        if watch.came_back(db, now=app.now()):
            log.info("away for long: the admins are told")
        watch.alive(db, now=app.now())
        due.start(db, now=app.now())
        services.start(db, now=app.now())
        views.late(db, exports)

    written = copies.register(app.settings.database, data_dir())
    exports = copies.unlogged(written)
    await app.write(prepare)
    if exports:
        copies.told(written)
    if app.has("worker"):
        app.parts["intake"] = app.intake.run
    if app.has("clock"):
        app.parts["clock"] = app.clock.run
    if not app.database.sqlite:
        app.parts["waking"] = app.listen


async def _open_channels(app: App, *, demo: bool) -> None:
    """The simulator on sample data, the real channels otherwise: never both on one database."""
    if demo:
        await _open_simulator(app)
    else:
        if app.settings.token:
            await _open_telegram(app)
        await open_wecom(app)
    if app.has("web"):
        await _open_web(app, demo=demo)


async def _open_simulator(app: App) -> None:
    from gridbot.channels.simulator import Simulator
    from gridbot.web.server import local_only
    from gridbot.web.simulator import simulator_routes

    transcript = upkeep.sqlite_path(app.settings.database).with_suffix(".simulator.jsonl")
    simulator = Simulator(accept=app.intake.accept, path=transcript)
    await app.adopts(simulator.platform, simulator.bot)
    app.speaks(simulator, platform=simulator.platform, bot=simulator.bot)
    app.routes += simulator_routes(simulator, guard=local_only)
    app.closing.append(simulator.close)

    async def begin(stop: asyncio.Event) -> None:
        await simulator.start()
        await stop.wait()

    app.parts["simulator"] = begin


async def _open_telegram(app: App) -> None:
    from gridbot.channels.telegram_out import TelegramSpeaker

    settings = app.settings
    bot_id = settings.token.partition(":")[0]
    await app.adopts("telegram", bot_id)
    line: dict[str, Any] = {"api": settings.telegram_api, "proxy": settings.proxy or None}
    if app.has("sender") or app.has("worker"):
        speaker = TelegramSpeaker(settings.token, accept=app.intake.accept, **line)
        await speaker.start()
        app.closing.append(speaker.close)
        app.parts["telegram introduction"] = lambda stop: _introduce(app, speaker, stop)
    if app.has("sender"):
        app.speaks(speaker, platform="telegram", bot=bot_id)
    if settings.telegram_webhook and app.has("web"):
        await _open_webhook(app, line)
    elif not settings.telegram_webhook and app.has("ingest"):
        from gridbot.channels.telegram_in import Poller

        pollers: list[Poller] = []

        async def poll(stop: asyncio.Event) -> None:
            pollers[:] = [Poller(settings.token, accept=app.intake.accept, stop=stop, **line)]
            await pollers[0].run()

        app.watched.append(lambda: {"telegram": pollers[0].state if pollers else "waiting"})
        app.parts["telegram"] = app.alone(f"poller telegram {bot_id}", poll)


async def _introduce(app: App, speaker: TelegramSpeaker, stop: asyncio.Event) -> None:
    """Learns the bot's name, which links to it need, and shows the commands in its menu."""
    from gridbot.channels.telegram_out import CommandMenu

    while not stop.is_set():
        if name := await speaker.username():
            app.desk.start_link = lambda code: f"https://t.me/{name}?start={code}"
            await speaker.publish_commands([CommandMenu("default", tuple(menus()[Role.RESIDENT]))])
            await stop.wait()
        await _pause(stop, 30)


async def _open_webhook(app: App, line: dict[str, Any]) -> None:
    from urllib.parse import urlsplit

    from gridbot.channels.telegram_in import get_identity, set_webhook, webhook_route

    settings = app.settings
    secret = settings.telegram_secret.get_secret_value()
    bot = await get_identity(settings.token, **line)
    path = urlsplit(settings.telegram_webhook).path or "/telegram"
    app.routes.append(webhook_route(path, secret=secret, bot=bot, accept=app.intake.accept))
    await set_webhook(settings.token, settings.telegram_webhook, secret, **line)


async def _open_web(app: App, *, demo: bool) -> None:
    from gridbot.web.console import console_routes
    from gridbot.web.paste import paste_routes
    from gridbot.web.server import Server, build, local_only

    async def write(task: Callable[[Connection], Any]) -> Any:
        done = await app.write(task)
        app.wake()
        return done

    doors = await _doors(app, write, demo=demo)
    titles = {kind: one.title for kind, one in app.desk.packs.types.items()}
    app.routes += console_routes(doors, app.desk, titles=titles, poster=poster_maker(app.settings))

    def who(db: Connection, request: Any) -> int | None:
        viewer = doors.viewer(db, request)
        return viewer.person if viewer is not None else None

    app.routes += paste_routes(
        app.database.read, write, app.desk, guard=doors.admins_only, scope=doors.scope, who=who, now=app.now
    )
    web = build(
        app.routes,
        health=app.health,
        registry=registry(app),
        guard=local_only,
        home="" if demo else "/console",
    )
    server = Server(web)
    host, port = app.settings.http
    app.parts["web"] = lambda stop: server.serve(host, port, stop)


async def _doors(app: App, write: Callable[..., Awaitable[Any]], *, demo: bool) -> Any:
    """Who is let into the console. The machine's own admin needs no link on the sample data, and on a house
    no channel reaches: there is nobody to ask for one."""
    from gridbot.web.session import Doors, signing_key

    settings = app.settings
    address = settings.console_url or (f"http://{settings.http}" if demo else "")
    if address:
        app.desk.console_link = lambda code: f"{address}/console/enter/{code}"
    return Doors(
        app.database.read,
        write,
        key=await app.write(signing_key),
        local=demo or not settings.live,
        lasts=timedelta(hours=settings.console_hours),
        secure=address.startswith("https:"),
        now=app.now,
    )


def registry(app: App) -> Any:
    """What /metrics tells: counters of this process and the counts of /healthz."""
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

    class Collector:
        def collect(self) -> Iterable[Metric]:
            counted = {
                "messages_handled": app.intake.handled,
                "messages_failed": app.intake.failed,
                "messages_dead": app.intake.dead,
                "timers_fired": app.clock.fired,
                "sent": sum(mouth.sent for mouth in app.mouths),
                "not_sent": sum(mouth.failed for mouth in app.mouths),
            }
            for name, value in counted.items():
                yield CounterMetricFamily(f"gridbot_{name}", name.replace("_", " "), value=value)
            healthy, counts = app.health()
            yield GaugeMetricFamily("gridbot_healthy", "1 if all is well", value=int(healthy))
            for name, value in counts.items():
                if isinstance(value, int):
                    yield GaugeMetricFamily(f"gridbot_{name}", f"see /healthz: {name}", value=value)

    found = CollectorRegistry()
    found.register(Collector())
    return found


async def _pause(stop: asyncio.Event, seconds: float | None, *others: asyncio.Task[None]) -> None:
    """Until `stop`, or one of the others is done, or the time is over (None: never)."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({stopping, *others}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()


async def _call(url: str) -> None:
    import httpx

    with contextlib.suppress(httpx.HTTPError):
        async with httpx.AsyncClient(timeout=10) as client:
            await client.get(url)
