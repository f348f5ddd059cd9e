"""Every table. Plain SQLAlchemy Core: a row is a tuple with names, a change is a statement.

Keys are BigInteger (INTEGER on SQLite, where only that counts by itself). Times are aware UTC.
Enums are stored as their text. What a person said or is called lies in columns that can be erased
(`text`, `raw`, `name`, …); events hold ids and codes alone. Every table bears community_id; it is
NULL only where nobody has bound the chat yet.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator


class Utc(TypeDecorator[datetime]):
    """An aware UTC time. SQLite gives naive ones back; a naive one on the way in is a mistake."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without zone: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text that every database takes. NUL (PostgreSQL refuses it) goes, half an emoji (both refuse it)
    becomes U+FFFD: what a stranger types must not be able to make a message fail for ever."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or (value.isascii() and "\0" not in value):
            return value
        return value.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _table(name: str, *parts: Any) -> sa.Table:
    return sa.Table(name, metadata, sa.Column("id", Id, primary_key=True), *parts)


def _ref(name: str, table: str, *, null: bool = False, index: bool = False) -> sa.Column[int]:
    return sa.Column(name, Id, sa.ForeignKey(f"{table}.id"), nullable=null, index=index)


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, Words, nullable=False, server_default=default)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON, nullable=False, default=dict)


def _flag(name: str, *, default: bool = False) -> sa.Column[bool]:
    # `default` serves Core inserts; `server_default` serves rows older than the column.
    return sa.Column(
        name,
        sa.Boolean,
        nullable=False,
        default=default,
        server_default=sa.text("false" if not default else "true"),
    )


def _time(name: str, *, null: bool = True, index: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, Utc, nullable=null, index=index)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, default=0, server_default="0")


# --- the community and its grid ------------------------------------------------------------------

communities = _table(
    "community",
    sa.Column("name", Words, nullable=False, unique=True),
    _text("timezone", "Asia/Shanghai"),
    _flag("sample"),  #: made for trying: real channels are refused
    _json("settings"),  #: contact, hotlines, quiet hours, windows …: see grid.queries.SettingsView
    _text("salt"),  #: hex; salts the digests of its events
    _count("last_case"),  #: the number given last
    _count("last_event"),
    _text("last_hash"),  #: of the newest event: the chain's end
    _count("version"),  #: bumped when words, places or settings change: what was compiled from them is stale
    _time("created_at", null=False),
)

grid_nodes = _table(
    "grid_node",
    _ref("community_id", "community", index=True),
    _ref("parent_id", "grid_node", null=True),
    sa.Column("name", Words, nullable=False),
    sa.Column("path", Words, nullable=False),  #: 青秀佳苑/一网格
    _text("level"),  #: a word of the community's own: rank is the tree, not this
    _flag("exclusive"),  #: 专属网格
    _flag("unmanaged"),  #: 无主管: no property manager
    sa.Column("position", sa.Integer, nullable=False, default=0, server_default="0"),
    _json("data"),
    _flag("active", default=True),
    sa.UniqueConstraint("community_id", "path"),
)

places = _table(
    "place",
    _ref("community_id", "community", index=True),
    _ref("node_id", "grid_node", index=True),
    sa.Column("name", Words, nullable=False),
    _json("aliases"),  #: a list of names
    _text("kind"),
    _text("side"),  #: inside | outside | ""
    _flag("unmanaged"),
)

units = _table(
    "unit",
    _ref("community_id", "community", index=True),
    sa.Column("name", Words, nullable=False),
    _json("handles"),  #: a list of issue types
    _text("side"),  #: inside | outside | ""
    _text("contact"),
    _json("data"),
    sa.UniqueConstraint("community_id", "name"),
)

# --- people --------------------------------------------------------------------------------------

people = _table(
    "person",
    _ref("community_id", "community", index=True),
    _text("name"),
    _text("phone"),
    _json("data"),  #: last place, "别看我", asked for no questions …
    _time("created_at", null=False),
    _time("erased_at"),
)

identities = _table(
    "identity",
    _ref("community_id", "community"),
    _ref("person_id", "person", index=True),
    sa.Column("platform", Words, nullable=False),
    sa.Column("user", Words, nullable=False),
    _text("name"),
    _flag("reachable"),  #: has opened a private chat with the bot and not blocked it
    _time("reported_at"),  #: first report: words then, a reaction later
    sa.UniqueConstraint("community_id", "platform", "user"),
)

holdings = _table(
    "holding",
    _ref("community_id", "community", index=True),
    _ref("person_id", "person", index=True),
    _ref("node_id", "grid_node", null=True, index=True),  #: NULL: the whole community (admins)
    _ref("unit_id", "unit", null=True),
    sa.Column("role", Words, nullable=False),
    _text("about"),  #: CONTACT: for what: violence | crisis | lost | relapse | any
    sa.Column("position", sa.Integer, nullable=False, default=0, server_default="0"),
    _time("since", null=False),
    _time("until"),
    _time("absent_until"),
)

invitations = _table(
    "invitation",
    _ref("community_id", "community", index=True),
    sa.Column("token", Words, nullable=False, unique=True),
    _ref("person_id", "person", null=True),
    _ref("node_id", "grid_node", null=True),
    _ref("unit_id", "unit", null=True),  #: whose person he shall be
    sa.Column("role", Words, nullable=False),
    _text("name"),
    _time("until", null=False),
    _time("used_at"),
    _ref("by_person_id", "person", null=True),
)

links = _table(
    "link",  #: 关联: two accounts that are one person: a code, what was said to it, what went over
    _ref("community_id", "community", index=True),
    _ref("person_id", "person", index=True),  #: who asked for the code
    sa.Column("platform", Words, nullable=False),  #: where
    sa.Column("digest", Words, nullable=False),  #: of the code, salted; "" once it was used
    _ref("other_id", "person", null=True, index=True),  #: who typed it
    _text("other_platform"),
    _time("at", null=False),
    _time("until", null=False),  #: of the code, then of the two confirmations
    _time("typed_at"),
    _time("yes_at"),  #: 对, from who asked
    _time("other_yes_at"),
    _ref("kept_id", "person", null=True, index=True),  #: merged: as whom both go on …
    _ref("gone_id", "person", null=True, index=True),  #: … and whose row lies empty since
    _time("merged_at"),
    _time("undone_at"),
    _json("moved"),  #: what went over: ids alone
)

link_tries = _table(
    "link_try",  #: a code that was none: so that nobody guesses
    _ref("community_id", "community"),
    _ref("person_id", "person"),
    _time("at", null=False),
)
sa.Index("ix_link_try_at", link_tries.c.community_id, link_tries.c.at)

sign_ins = _table(
    "sign_in",  #: a one-time link to the console, and the session it becomes
    _ref("community_id", "community"),
    _ref("person_id", "person", index=True),
    sa.Column("digest", Words, nullable=False, unique=True),  #: of the link's code, then of the session's
    _time("at", null=False),
    _time("until", null=False),
    _time("used_at"),
    _time("ended_at"),
)

# --- chats and messages --------------------------------------------------------------------------

chats = _table(
    "chat",
    _ref("community_id", "community", null=True, index=True),
    sa.Column("platform", Words, nullable=False),
    sa.Column("bot", Words, nullable=False),
    sa.Column("chat", Words, nullable=False),  #: the platform's id; changes when a group migrates
    sa.Column("kind", Words, nullable=False),
    sa.Column("role", Words, nullable=False),
    _text("title"),
    _ref("node_id", "grid_node", null=True),
    _ref("person_id", "person", null=True),  #: PRIVATE: whose
    _ref("keeper_id", "person", null=True),  #: a group no bot may sit in: who pastes there
    _flag("active", default=True),  #: the bot is in it and may write
    _flag("muted"),  #: 暂停: work goes on, nothing is said
    _json("modules"),  #: which services may speak here; {} = all
    _json("rights"),
    _time("asked_to_bind_at"),
    # intake: the lease of the worker that handles this chat; `lease_until` also tells who was served last
    _text("lease"),
    _time("lease_until"),
    # delivery: pacing that survives a restart
    _time("not_before"),
    sa.UniqueConstraint("platform", "bot", "chat"),
)
seats = _table(
    "seat",  #: a unit that sits in a group: cases about it are not spoken of there
    _ref("community_id", "community"),
    _ref("chat_id", "chat"),
    _ref("unit_id", "unit", index=True),
    sa.Column("how", Words, nullable=False),  #: seen (its person spoke there) | marked (by an admin)
    _time("at", null=False),
    sa.UniqueConstraint("chat_id", "unit_id"),
)
inbox = _table(
    "inbox",
    _ref("community_id", "community", null=True),
    sa.Column("platform", Words, nullable=False),
    sa.Column("bot", Words, nullable=False),
    sa.Column("update_id", Words, nullable=False),
    _ref("chat_id", "chat", null=True),
    sa.Column("state", Words, nullable=False),  #: pending | done | dead | unread
    sa.Column("raw", sa.LargeBinary),  #: as the platform sent it; erased with the text
    sa.Column("incoming", sa.LargeBinary),  #: Incoming as JSON; NULL: could not be read yet
    _text("message"),  #: the platform's message id
    _text("user"),  #: who sent it; lets one person's words be found and erased
    _count("attempts"),
    _text("error"),
    _ref("case_id", "cases", null=True),
    _time("sent_at"),
    _time("received_at", null=False),
    _time("done_at"),
    _time("erase_at"),  #: chat that joined no case goes after a day; NULL: kept with its case, or erased
    sa.UniqueConstraint("platform", "bot", "update_id"),
)
sa.Index(
    "ix_inbox_pending",
    inbox.c.chat_id,
    inbox.c.id,
    postgresql_where=inbox.c.state == "pending",
    sqlite_where=inbox.c.state == "pending",
)
sa.Index("ix_inbox_message", inbox.c.chat_id, inbox.c.message)
sa.Index(
    "ix_inbox_erase",
    inbox.c.erase_at,
    postgresql_where=inbox.c.erase_at.is_not(None),
    sqlite_where=inbox.c.erase_at.is_not(None),
)

outbox = _table(
    "outbox",
    _ref("community_id", "community", null=True),
    _ref("chat_id", "chat"),
    sa.Column("kind", Words, nullable=False),
    _text("key"),  #: CARD: rows of one key in one chat are one message
    sa.Column("payload", sa.LargeBinary, nullable=False),  #: Outgoing as JSON
    sa.Column("rank", sa.Integer, nullable=False),  #: 0 emergency … 3 bulk
    _ref("case_id", "cases", null=True, index=True),
    _text("purpose"),  #: which sentence ("notice", "receipt", …): names the promise, for tests and console
    sa.Column("state", Words, nullable=False),  #: waiting | claimed | sent | failed | dropped | parked
    _count("attempts"),
    _flag("maybe_twice"),  #: sent again after an attempt whose outcome was unknown
    _time("due_at", null=False),
    _text("lease"),
    _time("lease_until"),
    _text("message"),  #: the platform's id once sent
    _text("reason"),
    _time("until"),  #: later than this it is not said any more; NULL: however late
    _time("created_at", null=False),
    # three facts apart: it went out, the platform took it, it arrived (the platform or a person says so)
    _time("sent_at"),
    _time("accepted_at"),
    _time("delivered_at"),
    _ref("receipt_by_id", "person", null=True),  #: 已贴: who says that it arrived
)
sa.Index(
    "ix_outbox_waiting",
    outbox.c.state,
    outbox.c.rank,
    outbox.c.due_at,
    postgresql_where=outbox.c.state.in_(("waiting", "claimed")),
    sqlite_where=outbox.c.state.in_(("waiting", "claimed")),
)
sa.Index("ix_outbox_message", outbox.c.chat_id, outbox.c.message)

cards = _table(
    "card",
    _ref("community_id", "community", null=True),
    _ref("chat_id", "chat"),
    sa.Column("key", Words, nullable=False),
    sa.Column("message", Words, nullable=False),
    _ref("case_id", "cases", null=True),
    sa.UniqueConstraint("chat_id", "key"),
)

buttons = _table(
    "button",
    _ref("community_id", "community", null=True),
    sa.Column("token", Words, nullable=False, unique=True),  #: 16 random bytes, hex
    sa.Column("action", Words, nullable=False),
    _ref("case_id", "cases", null=True, index=True),
    _ref("person_id", "person", null=True),  #: only this person may press it; NULL: who has the right
    _json("data"),
    _time("until"),
)

timers = _table(
    "timer",
    _ref("community_id", "community", null=True),
    sa.Column("kind", Words, nullable=False),
    sa.Column("subject", Words, nullable=False),  #: "case:12", "chat:3" …
    _json("data"),
    _time("due_at", null=False, index=True),
    _text("lease"),
    _time("lease_until"),
    _count("attempts"),
    _text("error"),
    sa.UniqueConstraint("kind", "subject"),
)

leases = _table(
    "lease",
    sa.Column("name", Words, nullable=False, unique=True),
    _text("owner"),
    _count("epoch"),
    _time("until"),
    _json("data"),  #: e.g. the offset of a poller
)

# --- cases ---------------------------------------------------------------------------------------

cases = _table(
    "cases",
    _ref("community_id", "community"),
    sa.Column("number", sa.Integer),  #: given when it opens
    sa.Column("state", Words, nullable=False),
    _json("types"),  #: a list, the strongest first
    _text("place"),  #: as written, door numbers kept
    _text("place_key"),  #: normal form of the first place
    _text("side"),
    _ref("node_id", "grid_node", null=True),  #: where it is
    _ref("level_node_id", "grid_node", null=True),  #: who has it now: climbs the ladder
    _ref("owner_id", "person", null=True),  #: whoever took it, or was told first
    _ref("unit_id", "unit", null=True),  #: handed to a unit
    _ref("reporter_id", "person", null=True),
    _ref("chat_id", "chat"),  #: where it was said
    _text("platform_message"),  #: the report's message id: answers go under it
    _text("thread"),
    _flag("urgent"),
    _flag("private"),
    _count("supporters"),
    _ref("parent_id", "cases", null=True),
    _text("until_text"),  #: a promised time in the leader's words, masked
    _json("data"),
    _time("reported_at", null=False),
    _time("opened_at"),
    _time("gather_until"),
    _time("first_told_at"),
    _time("accepted_at"),
    _time("done_at"),
    _time("closed_at"),
    _time("claim_by"),
    _time("finish_by"),
    _time("erased_at"),  #: its words were kept long enough and are gone; what happened stays
    sa.UniqueConstraint("community_id", "number"),
)
sa.Index("ix_cases_parent", cases.c.parent_id)
sa.Index("ix_cases_state", cases.c.community_id, cases.c.state)
sa.Index("ix_cases_chat", cases.c.chat_id, cases.c.state)
sa.Index("ix_cases_place", cases.c.community_id, cases.c.place_key, cases.c.reported_at)
sa.Index("ix_cases_reporter", cases.c.reporter_id, cases.c.state)

case_messages = _table(
    "case_message",
    _ref("community_id", "community"),
    _ref("case_id", "cases", index=True),
    _ref("inbox_id", "inbox", null=True),
    _ref("person_id", "person", null=True),
    sa.Column("part", Words, nullable=False),  #: report | support | leader | answer
    _text("text"),
    _json("photos"),
    _text("message"),
    _time("at", null=False),
    sa.UniqueConstraint("case_id", "inbox_id"),
)

supporters = _table(
    "supporter",
    _ref("community_id", "community"),
    _ref("case_id", "cases"),
    _ref("person_id", "person"),
    _time("at", null=False),
    sa.UniqueConstraint("case_id", "person_id"),
)

case_events = _table(
    "case_event",
    _ref("community_id", "community"),
    _ref("case_id", "cases", null=True, index=True),  #: NULL: an act on the community itself
    sa.Column("seq", sa.Integer, nullable=False),  #: 1, 2, 3 … within the community
    sa.Column("move", Words, nullable=False),
    _ref("person_id", "person", null=True),
    sa.Column("role", Words, nullable=False),
    _json("data"),  #: ids and codes alone
    _text("digest"),  #: salted digest of the words, which lie in case_word
    _time("at", null=False),
    _text("prev_hash"),
    _text("hash"),
    sa.UniqueConstraint("community_id", "seq"),
)

case_words = _table(
    "case_word",
    _ref("community_id", "community"),
    _ref("event_id", "case_event", index=True),
    sa.Column("text", Words, nullable=False),
    _text("salt"),  #: salts the event's digest and goes with the words: what is left cannot be guessed back
)

case_asks = _table(
    "case_ask",  #: 约请: a unit invited to a case with a dated ask; the case stays where it is
    _ref("community_id", "community"),
    _ref("case_id", "cases", index=True),
    _ref("unit_id", "unit", null=True),  #: NULL: one the directory does not know, see `name`
    _text("name"),
    _text("words"),  #: what is asked
    _text("answer"),
    sa.Column("state", Words, nullable=False),  #: open | answered | dropped
    _ref("by_person_id", "person", null=True),
    _time("at", null=False),
    _time("due_at", null=False),
    _time("reminded_at"),
    _time("answered_at"),
)

outside_numbers = _table(
    "outside_number",  #: the number a case has elsewhere (12345 单号): one case each, so that it counts once
    _ref("community_id", "community"),
    _ref("case_id", "cases", index=True),
    sa.Column("source", Words, nullable=False),
    sa.Column("number", Words, nullable=False),
    _ref("by_person_id", "person", null=True),
    _time("at", null=False),
    sa.UniqueConstraint("community_id", "source", "number"),
)

questions = _table(
    "question",
    _ref("community_id", "community"),
    _ref("chat_id", "chat", index=True),
    _ref("case_id", "cases", null=True),
    _ref("person_id", "person", null=True),  #: whom it was put to
    sa.Column("kind", Words, nullable=False),  #: place | side | type | which | confirm | …
    _json("data"),
    _ref("outbox_id", "outbox", null=True),
    _time("asked_at", null=False),
    _time("until", null=False),
    _time("answered_at"),
)

held = _table(
    "held",
    _ref("community_id", "community", index=True),
    _ref("person_id", "person", null=True, index=True),  #: whose digest (汇总) it waits for
    _ref("chat_id", "chat", null=True),  #: or which group's
    _ref("case_id", "cases", null=True, index=True),
    _text("text"),  #: the line; "" = the case as it then stands
    sa.Column("why", Words, nullable=False),  #: quiet | reporter | budget | weekly
    _time("at", null=False),
    _time("told_at"),
)

duties = _table(
    "duty",
    _ref("community_id", "community", index=True),
    _ref("node_id", "grid_node", index=True),  #: for this grid and those below it
    _ref("person_id", "person"),
    sa.Column("first", sa.Date, nullable=False),  #: local days, both included
    sa.Column("last", sa.Date, nullable=False),
    sa.UniqueConstraint("node_id", "person_id", "first"),
)

meetings = _table(
    "meeting",
    _ref("community_id", "community", index=True),
    sa.Column("name", Words, nullable=False),
    _ref("node_id", "grid_node", null=True),
    sa.Column("next_on", sa.Date),
    _flag("active", default=True),
    sa.UniqueConstraint("community_id", "name"),
)

agenda = _table(
    "agenda",
    _ref("community_id", "community"),
    _ref("meeting_id", "meeting", index=True),
    _ref("case_id", "cases", index=True),
    _ref("by_person_id", "person", null=True),
    _time("at", null=False),
    _time("settled_at"),
)

unit_figures = _table(
    "unit_figure",  #: a unit's line in a month's figures, as it was shown to it before they went out
    _ref("community_id", "community", index=True),
    _ref("unit_id", "unit"),
    sa.Column("month", sa.Date, nullable=False),  #: its first day
    _count("handled"),
    _count("closed"),
    _time("told_at", null=False),
    _time("out_at", null=False),  #: from then on it may stand in the figures
    _text("note"),  #: what the unit had to say
    _ref("by_person_id", "person", null=True),
    sa.UniqueConstraint("unit_id", "month"),
)

keywords = _table(
    "keyword",
    _ref("community_id", "community", index=True),
    sa.Column("type", Words, nullable=False),
    sa.Column("word", Words, nullable=False),
    sa.Column("effect", Words, nullable=False),  #: add | remove | exclude
    _ref("by_person_id", "person", null=True),
    _time("at", null=False),
    sa.UniqueConstraint("community_id", "type", "word"),
)

samples = _table(
    "sample",
    _ref("community_id", "community", index=True),
    _ref("case_id", "cases", index=True),
    _text("text"),  #: what was said, masked; erased with its case's words, the row stays to be counted
    _text("said_types"),  #: as it was read, ids joined by "|"; "" = not heard as a report
    _text("right_types"),  #: as somebody put it right; "" = no report
    sa.Column("role", Words, nullable=False),  #: of who put it right
    _time("at", null=False, index=True),
)

# --- services ------------------------------------------------------------------------------------

service_days = _table(
    "service_day",
    _ref("community_id", "community", index=True),
    sa.Column("name", Words, nullable=False),
    _json("rule"),  #: {"days": [9, 19, 29]} | {"weekday": 6} | {"nth": 2, "weekday": 6} | {"date": …}
    _text("starts", "09:00"),
    _text("ends", "11:00"),
    _text("place"),
    _json("items"),  #: a list of {"name", "bring"?, "provider"?, "organiser"?}
    _text("provider"),
    _text("rain"),
    _json("groups"),  #: "all" or a list of chat names
    _ref("organiser_id", "person", null=True),
    _flag("active", default=True),
    sa.UniqueConstraint("community_id", "name"),
)

occurrences = _table(
    "occurrence",
    _ref("community_id", "community"),
    _ref("service_day_id", "service_day"),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("moved_to", sa.Date),
    sa.Column("state", Words, nullable=False),  #: planned | asked | cancelled
    _json("items"),  #: name → yes | no | pending
    _text("note"),
    sa.UniqueConstraint("service_day_id", "day"),
)

posts = _table(
    "post",
    _ref("community_id", "community"),
    _ref("occurrence_id", "occurrence"),
    _ref("chat_id", "chat"),
    sa.Column("what", Words, nullable=False),  #: eve | morning
    _ref("outbox_id", "outbox", null=True),
    _time("at", null=False),
    sa.UniqueConstraint("occurrence_id", "chat_id", "what"),
)

announcements = _table(
    "announcement",
    _ref("community_id", "community", index=True),
    sa.Column("text", Words, nullable=False),
    _json("rule"),
    _json("groups"),
    _text("at"),  #: local time of day, HH:MM
    _ref("by_person_id", "person", null=True),
    _flag("active", default=True),
    _time("created_at", null=False),
)

announcement_posts = _table(
    "announcement_post",
    _ref("community_id", "community"),
    _ref("announcement_id", "announcement"),
    _ref("chat_id", "chat"),
    sa.Column("day", sa.Date, nullable=False),
    _ref("outbox_id", "outbox", null=True),
    sa.UniqueConstraint("announcement_id", "chat_id", "day"),
)
