"""Who may open which route, and with which methods. A route without a row fails the build.

PUBLIC    anybody, no login (links in mails, sign-in, health)
TEAM      any signed-in person; others are sent to the sign-in page
ADMIN     administrators (is_staff); others are sent to the admin's sign-in
"""

from dataclasses import dataclass
from typing import Any

PUBLIC, TEAM, ADMIN = "public", "team", "admin"


@dataclass(frozen=True)
class Row:
    who: str
    methods: tuple[str, ...] = ("GET",)
    args: tuple[Any, ...] = ()  # to reverse the route; need not exist


GET_POST = ("GET", "POST")
POST = ("POST",)

ROUTES: dict[str, Row] = {
    "accounts:welcome": Row(TEAM, GET_POST),
    "accounts:settings": Row(TEAM, GET_POST),
    "accounts:profile": Row(TEAM, GET_POST),
    "accounts:language": Row(PUBLIC, POST),
    "sample:panel": Row(TEAM),
    "sample:remove": Row(TEAM, POST),
    "analytics:home": Row(TEAM),
    "analytics:sending": Row(TEAM),
    "analytics:absence": Row(TEAM),
    "analytics:search": Row(TEAM),
    "analytics:healthz": Row(PUBLIC),
    "catcher:inbox": Row(TEAM),
    "catcher:message": Row(TEAM, args=(1,)),
    "catcher:body": Row(TEAM, args=(1,)),
    "catcher:download": Row(TEAM, args=(1,)),
    "catcher:clear": Row(TEAM, POST),
    "deliverability:senders": Row(TEAM),
    "deliverability:new_sender": Row(TEAM, GET_POST),
    "deliverability:sender": Row(TEAM, GET_POST, args=(1,)),
    "deliverability:remove_sender": Row(TEAM, POST, args=(1,)),
    "contacts:list": Row(TEAM),
    "contacts:new_contact": Row(TEAM, GET_POST),
    "contacts:contact": Row(TEAM, args=(1,)),
    "contacts:edit_contact": Row(TEAM, GET_POST, args=(1,)),
    "contacts:join": Row(TEAM, POST, args=(1,)),
    "contacts:leave": Row(TEAM, POST, args=(1,)),
    "contacts:forbid": Row(TEAM, POST, args=(1,)),
    "contacts:remove_contact": Row(TEAM, POST, args=(1,)),
    "contacts:lists": Row(TEAM),
    "contacts:new_list": Row(TEAM, GET_POST),
    "contacts:edit_list": Row(TEAM, GET_POST, args=(1,)),
    "contacts:remove_list": Row(TEAM, POST, args=(1,)),
    "contacts:imports": Row(TEAM),
    "contacts:new_import": Row(TEAM, GET_POST),
    "contacts:import": Row(TEAM, args=(1,)),
    "contacts:import_columns": Row(TEAM, GET_POST, args=(1,)),
    "contacts:import_consent": Row(TEAM, GET_POST, args=(1,)),
    "contacts:import_check": Row(TEAM, GET_POST, args=(1,)),
    "contacts:import_refused": Row(TEAM, args=(1,)),
    "contacts:stop_import": Row(TEAM, POST, args=(1,)),
    "contacts:remove_import": Row(TEAM, POST, args=(1,)),
    "contacts:suppressions": Row(TEAM),
    "contacts:new_suppression": Row(TEAM, GET_POST),
    "contacts:lift_suppression": Row(TEAM, POST, args=(1,)),
    "feedback:pixel": Row(PUBLIC, args=("x",)),
    "feedback:click": Row(PUBLIC, args=("x",)),
    "feedback:unsubscribe": Row(PUBLIC, GET_POST, args=("x",)),
    "feedback:preferences": Row(PUBLIC, GET_POST, args=("x",)),
    "feedback:webhook": Row(PUBLIC, GET_POST, args=(1, "x")),
    "delivery:providers": Row(TEAM),
    "delivery:choose_kind": Row(TEAM),
    "delivery:new_provider": Row(TEAM, GET_POST, args=("brevo",)),
    "delivery:provider": Row(TEAM, GET_POST, args=(1,)),
    "delivery:test_provider": Row(TEAM, POST, args=(1,)),
    "delivery:make_default": Row(TEAM, POST, args=(1,)),
    "delivery:list_mail": Row(TEAM, GET_POST, args=(1,)),
    "delivery:test_send": Row(TEAM, GET_POST),
    "delivery:message": Row(TEAM, args=(1,)),
    "delivery:count_as_sent": Row(TEAM, POST, args=(1,)),
    "delivery:send_again": Row(TEAM, POST, args=(1,)),
    "delivery:view": Row(PUBLIC, args=("x",)),
    "contacts:forms": Row(TEAM),
    "contacts:new_form": Row(TEAM, GET_POST),
    "contacts:preview_form": Row(TEAM, POST),
    "contacts:edit_form": Row(TEAM, GET_POST, args=(1,)),
    "contacts:delete_form": Row(TEAM, POST, args=(1,)),
    "contacts:proof": Row(TEAM, args=(1,)),
    "contacts:subscribe": Row(PUBLIC, GET_POST, args=("x",)),
    "contacts:confirm": Row(PUBLIC, GET_POST, args=("x",)),
    "campaigns:list": Row(TEAM),
    "campaigns:new": Row(TEAM, GET_POST),
    "campaigns:show": Row(TEAM, args=(1,)),
    "campaigns:audience": Row(TEAM, GET_POST, args=(1,)),
    "campaigns:content": Row(TEAM, GET_POST, args=(1,)),
    "campaigns:duplicate": Row(TEAM, POST, args=(1,)),
    "campaigns:delete": Row(TEAM, POST, args=(1,)),
    "campaigns:review": Row(TEAM, args=(1,)),
    "campaigns:newer": Row(TEAM, POST, args=(1,)),
    "campaigns:preview": Row(TEAM, args=(1,)),
    "campaigns:reach": Row(TEAM, args=(1,)),
    "campaigns:send": Row(TEAM, POST, args=(1,)),
    "campaigns:scheduled": Row(TEAM, args=(1,)),
    "campaigns:undo": Row(TEAM, POST, args=(1,)),
    "campaigns:pause": Row(TEAM, POST, args=(1,)),
    "campaigns:resume": Row(TEAM, POST, args=(1,)),
    "campaigns:cancel": Row(TEAM, POST, args=(1,)),
    "campaigns:live": Row(TEAM, args=(1,)),
    "campaigns:report": Row(TEAM, args=(1,)),
    "campaigns:message": Row(TEAM, args=(1,)),
    "campaigns:people": Row(TEAM, args=(1,)),
    "campaigns:export": Row(TEAM, args=(1,)),
    "campaigns:settle": Row(TEAM, POST, args=(1, 1)),
    "templates:list": Row(TEAM),
    "templates:new": Row(TEAM, GET_POST),
    "templates:starter": Row(TEAM, args=("letter", "fr")),
    "templates:check": Row(TEAM, POST),
    "templates:message": Row(TEAM, POST),
    "templates:readers": Row(TEAM),
    "templates:edit": Row(TEAM, GET_POST, args=(1,)),
    "templates:versions": Row(TEAM, args=(1,)),
    "templates:duplicate": Row(TEAM, POST, args=(1,)),
    "templates:delete": Row(TEAM, POST, args=(1,)),
    "templates:version": Row(TEAM, args=(1,)),
    "templates:restore": Row(TEAM, POST, args=(1,)),
}
