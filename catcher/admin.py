"""Administrators' page of caught mail: to look and to delete, never to write."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from catcher.models import CaughtMessage


@admin.register(CaughtMessage)
class CaughtMessageAdmin(admin.ModelAdmin[CaughtMessage]):
    list_display = ("subject", "rcpt_to", "sender", "size", "received_at")
    list_display_links = ("subject", "rcpt_to")
    search_fields = ("rcpt_to__startswith", "subject")
    ordering = ("-id",)
    exclude = ("source",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[CaughtMessage]:
        return super().get_queryset(request).defer("source")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
