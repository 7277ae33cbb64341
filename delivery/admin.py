"""Administrators' view of limits: what one mailbox provider gets through one account, and the governor's steps."""

from django.contrib import admin

from delivery.models import Limit, Pace


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
