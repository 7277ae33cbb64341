"""Django admin for administrators: fast at a million contacts, because nothing on these pages counts.

Contacts leave through an export; they come in through the import only, which asks for the consent.
"""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from import_export import fields, resources
from import_export.admin import ExportMixin, ImportExportMixin

from accounts.models import User
from contacts.addresses import BrokenAddress, address_key
from contacts.imports.refused import harmless
from contacts.models import Contact, ContactField, ContactImport, ContactList, MailDomain, Suppression
from contacts.queries import EXACT_UP_TO
from contacts.services import lift_suppression


def _person(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


class UncountedPaginator(Paginator[Any]):
    """Counts as far as a person would page, never a whole table."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        return rows.order_by().values("pk")[:EXACT_UP_TO].count()


class UncountedAdmin(admin.ModelAdmin[Any]):
    paginator = UncountedPaginator
    show_full_result_count = False
    list_per_page = 50


class ContactResource(resources.ModelResource):
    class Meta:
        model = Contact
        fields = ("uuid", "address", "first_name", "last_name", "language", "created_at", "updated_at")
        export_order = fields

    def export_field(self, *args: Any, **kwargs: Any) -> Any:
        value = super().export_field(*args, **kwargs)
        return harmless(value) if isinstance(value, str) else value


class ContactListResource(resources.ModelResource):
    class Meta:
        model = ContactList
        import_id_fields = ("name",)
        fields = ("name", "description", "purpose", "legal_basis", "is_public", "is_double_opt_in")
        export_order = fields
        skip_unchanged = True


class SuppressionResource(resources.ModelResource):
    """Both ways: a platform that is left hands its suppressions over first. Erased people have no address to export."""

    address = fields.Field(attribute="address_key", column_name="address")

    class Meta:
        model = Suppression
        import_id_fields = ("address", "scope")
        fields = ("address", "reason", "scope", "origin")
        export_order = fields
        skip_unchanged = True

    def before_import_row(self, row: dict[str, Any], **_kwargs: Any) -> None:
        try:
            row["address"] = address_key(str(row.get("address") or ""))
        except BrokenAddress as error:
            raise ValueError(str(error)) from error
        row["reason"] = row.get("reason") or int(Suppression.Reason.MANUAL)
        row["scope"] = row.get("scope") or int(Suppression.Scope.ALL)
        row["origin"] = row.get("origin") or "import"

    def get_export_queryset(self, *args: Any, **kwargs: Any) -> "QuerySet[Suppression]":
        rows: QuerySet[Suppression] = super().get_queryset()
        return rows.filter(address_key__isnull=False, contact_list=None)


@admin.register(Contact)
class ContactAdmin(ExportMixin, UncountedAdmin):
    resource_classes = [ContactResource]
    change_list_template = "admin/contacts/contact/change_list.html"
    list_display = ("address", "first_name", "last_name", "language", "created_at")
    list_filter = ("language", "is_sample")
    search_fields = ("address_key",)  # the box; what it finds is ours
    ordering = ("-pk",)
    readonly_fields = ("uuid", "address_key", "mx_group", "open_consent", "click_consent", "created_at", "updated_at")
    fields = ("address", "first_name", "last_name", "language", *readonly_fields)

    def get_search_results(
        self, _request: HttpRequest, queryset: "QuerySet[Contact]", search_term: str
    ) -> "tuple[QuerySet[Contact], bool]":
        found = Contact.objects.search(search_term)
        return (queryset.filter(pk__in=found.values("pk")) if search_term else queryset), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # the page of contacts asks for the proof

    def has_change_permission(self, request: HttpRequest, obj: Contact | None = None) -> bool:
        return False


@admin.register(ContactList)
class ContactListAdmin(ImportExportMixin, UncountedAdmin):
    resource_classes = [ContactListResource]
    list_display = ("name", "legal_basis", "is_public", "is_double_opt_in", "created_at")
    search_fields = ("name",)


@admin.register(Suppression)
class SuppressionAdmin(ImportExportMixin, UncountedAdmin):
    resource_classes = [SuppressionResource]
    list_display = ("address_key", "reason", "scope", "origin", "created_at")
    list_filter = ("reason", "scope")
    search_fields = ("address_key__startswith",)
    ordering = ("-created_at", "-pk")
    raw_id_fields = ("contact_list",)

    def has_change_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        return False  # another reason or address would lift the first one without a trace

    def delete_model(self, request: HttpRequest, obj: Suppression) -> None:
        lift_suppression(suppression=obj, user=_person(request))

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Suppression]") -> None:
        for row in queryset:
            lift_suppression(suppression=row, user=_person(request))


@admin.register(ContactField)
class ContactFieldAdmin(UncountedAdmin):
    list_display = ("label", "key", "kind")
    search_fields = ("label", "key")


@admin.register(MailDomain)
class MailDomainAdmin(UncountedAdmin):
    """What the DNS said; the task asks again by itself."""

    list_display = ("name", "mx_group", "answer", "hosts", "asked_at", "due_at")
    list_filter = ("answer",)
    search_fields = ("name__startswith",)
    ordering = ("name",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: MailDomain | None = None) -> bool:
        return False


@admin.register(ContactImport)
class ContactImportAdmin(UncountedAdmin):
    list_display = ("file_name", "state", "row_count", "created_count", "refused_count", "created_at")
    list_filter = ("state",)
    ordering = ("-created_at", "-pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ContactImport | None = None) -> bool:
        return False
