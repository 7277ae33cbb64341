"""Administrators' view of limits: what one mailbox provider gets through one account, the governor's steps, brakes."""

from django.contrib import admin
from django.http import HttpRequest

from delivery.models import Brake, Limit, Pace


@admin.register(Limit)
class LimitAdmin(admin.ModelAdmin[Limit]):
    list_display = ("provider", "mx_group", "amount", "unit")
    list_filter = ("provider",)
    list_select_related = ("provider",)


@admin.register(Pace)
class PaceAdmin(admin.ModelAdmin[Pace]):
    """A step can be taken back by hand; the governor goes on from there."""

    list_display = ("provider", "mx_group", "step", "rest_until", "reason")
    list_select_related = ("provider",)
    readonly_fields = ("bad_at",)


@admin.register(Brake)
class BrakeAdmin(admin.ModelAdmin[Brake]):
    """To look at: decisions are made on the campaign's live page."""

    list_display = ("mailing", "mx_group", "state", "kind", "value", "limit", "changed_at", "decided_by")
    list_filter = ("state",)
    list_select_related = ("mailing", "decided_by")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Brake | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Brake | None = None) -> bool:
        return False
