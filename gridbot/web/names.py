"""What the console calls the codes of the record, for people."""

from __future__ import annotations

from gridbot.messages import CaseState, Move, Role

STATES = {
    CaseState.GATHERING.value: "刚听到",
    CaseState.WAITING.value: "等人接",
    CaseState.ACCEPTED.value: "在办",
    CaseState.DONE.value: "等居民看",
    CaseState.CLOSED.value: "已办结",
    CaseState.WITHDRAWN.value: "撤了",
    CaseState.MERGED.value: "并案",
}
MOVES = {
    Move.OPENED.value: "立案",
    Move.ADDED.value: "补充",
    Move.SECONDED.value: "有人附议",
    Move.PLACED.value: "定了地方",
    Move.RETYPED.value: "改了类型或轻重",
    Move.NOTIFIED.value: "告诉负责人",
    Move.ACCEPTED.value: "接了",
    Move.PROGRESS.value: "有进展",
    Move.DONE.value: "说办好了",
    Move.CONFIRMED.value: "说好了",
    Move.BETTER.value: "说好一点",
    Move.REOPENED.value: "说还没好",
    Move.HANDED_OVER.value: "转办",
    Move.ESCALATED.value: "上报",
    Move.BOUNCED.value: "说不归他管",
    Move.REASSIGNED.value: "改派",
    Move.WITHDRAWN.value: "撤回报事",
    Move.CLOSED.value: "收起",
    Move.UNDONE.value: "撤回刚才那步",
    Move.REMINDED.value: "提醒",
    Move.MERGED.value: "并入别的案子",
    Move.VIEWED.value: "看过",
    Move.FALSE_ALARM.value: "说是虚惊",
    Move.PASSED_OVER.value: "联系不上,找了下一位",
    Move.PAUSED.value: "暂缓",
    Move.RESUMED.value: "接着办",
    Move.TABLED.value: "列入例会",
    Move.OUTCOME.value: "例会结果",
    Move.STAGE_DONE.value: "这一步办了",
    Move.OVERDUE.value: "过了时限",
    Move.FOLLOWED.value: "网格并了,归上一级",
    Move.SPLIT.value: "分给几家",
    Move.STATED.value: "说了自己这边的情况",
    Move.ASKED_IN.value: "约请",
    Move.ANSWERED.value: "约请有了回音",
    Move.DESIGNATED.value: "指定",
    Move.LINKED.value: "记了外面的单号",
}
ROLES = {
    Role.STRANGER.value: "居民",
    Role.RESIDENT.value: "居民",
    Role.LEADER.value: "网格长",
    Role.DEPUTY.value: "副网格长",
    Role.LIAISON.value: "联络员",
    Role.UNIT.value: "单位的人",
    Role.CONTACT.value: "专门联系人",
    Role.ADMIN.value: "管理员",
    Role.OFFICER.value: "街道的人",
    Role.SYSTEM.value: "网格助手",
}
OUTCOMES = {
    "waiting": "等着发",
    "held": "到时候发",
    "claimed": "正在发",
    "parked": "等他开口才能发",
    "sent": "已送到",
    "failed": "没送到",
    "dropped": "没有发",
}
ACTS = {
    "take": "我去看",
    "progress": "说进展",
    "done": "办好了",
    "hand_over": "转给别家",
    "escalate": "上报",
    "bounce": "不归我管",
    "pause": "暂缓",
    "resume": "接着办",
    "reassign": "改派",
    "designate": "指定",
    "table": "列入例会",
    "undo": "撤回刚才那步",
}
KEPT = {
    "withdrawn": "撤回、并案的原话",
    "closed": "办结的原话",
    "private": "不公开的原话",
    "said": "助手说过的话",
    "dead": "处理不了的消息",
    "names": "没有留下话的人名",
}


def role_of(roles: frozenset[Role]) -> str:
    """The one to show beside a name: what weighs most."""
    order = (Role.ADMIN, Role.LEADER, Role.DEPUTY, Role.UNIT, Role.CONTACT, Role.LIAISON, Role.OFFICER)
    found = next((role for role in order if role in roles), None)
    return ROLES[found.value] if found else ""
