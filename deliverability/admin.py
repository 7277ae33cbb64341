"""Administrators' pages of senders and their domains."""

from django.contrib import admin

from deliverability.models import Sender, SendingDomain


@admin.register(Sender)
class SenderAdmin(admin.ModelAdmin[Sender]):
    list_display = ("name", "address", "reply_to", "domain", "created_at")
    search_fields = ("name", "address")
    list_select_related = ("domain",)
    autocomplete_fields = ("domain",)
    readonly_fields = ("created_at",)


@admin.register(SendingDomain)
class SendingDomainAdmin(admin.ModelAdmin[SendingDomain]):
    list_display = ("name", "created_at")
    search_fields = ("name",)
    readonly_fields = ("created_at",)
