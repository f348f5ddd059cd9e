"""便民服务日: days on which a community offers something again and again, such as 三九 (每月9、19、29日).

rules     pure: a date, its posts and when they still make sense
hearing   pure: what an organiser wants changed, what a resident asks
queries   reads
actions   the only writers: plan, set_items, cancel, restore, move
posts     what is said of a date, where, and once
due       what a due timer does
speaking  what the desk hands on: buttons, understood sentences, questions
"""

from gridbot.services.service_days.actions import (
    Result,
    cancel,
    cancel_item,
    create,
    move,
    plan,
    plan_all,
    restore,
    retire,
    set_items,
)
from gridbot.services.service_days.due import DUE
from gridbot.services.service_days.hearing import (
    Change,
    ServiceChange,
    ServiceQuestion,
    understand_organiser,
    understand_question,
)
from gridbot.services.service_days.queries import find_occurrence, service_days, upcoming
from gridbot.services.service_days.rules import Comes, Item, Occurrence, ServiceDay, State, Times
from gridbot.services.service_days.speaking import (
    answer_question,
    apply_change,
    may_change,
    on_button,
    schedule,
)

__all__ = [
    "DUE",
    "Change",
    "Comes",
    "Item",
    "Occurrence",
    "Result",
    "ServiceChange",
    "ServiceDay",
    "ServiceQuestion",
    "State",
    "Times",
    "answer_question",
    "apply_change",
    "cancel",
    "cancel_item",
    "create",
    "find_occurrence",
    "may_change",
    "move",
    "on_button",
    "plan",
    "plan_all",
    "restore",
    "retire",
    "schedule",
    "service_days",
    "set_items",
    "understand_organiser",
    "understand_question",
    "upcoming",
]
