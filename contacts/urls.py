"""Routes of contacts. The public doors are short: they stand in mails and on other people's sites."""

from django.urls import path

from contacts.views import builder, exports, import_runs, imports, lists, people, proof, public, suppressions

app_name = "contacts"
urlpatterns = [
    path("s/<slug:slug>/", public.subscribe, name="subscribe"),
    path("y/<str:token>", public.confirm, name="confirm"),
    path("contacts/", people.table, name="list"),
    path("contacts/new/", people.new, name="new_contact"),
    path("contacts/<int:pk>/", people.show, name="contact"),
    path("contacts/<int:pk>/edit/", people.edit, name="edit_contact"),
    path("contacts/<int:pk>/join/", people.join, name="join"),
    path("contacts/<int:pk>/leave/", people.leave, name="leave"),
    path("contacts/<int:pk>/forbid/", people.forbid, name="forbid"),
    path("contacts/<int:pk>/remove/", people.remove, name="remove_contact"),
    path("contacts/lists/", lists.table, name="lists"),
    path("contacts/lists/new/", lists.new, name="new_list"),
    path("contacts/lists/<int:pk>/", lists.edit, name="edit_list"),
    path("contacts/lists/<int:pk>/remove/", lists.remove, name="remove_list"),
    path("contacts/forms/", builder.subscribe_forms, name="forms"),
    path("contacts/forms/new/", builder.new_form, name="new_form"),
    path("contacts/forms/preview/", builder.preview_form, name="preview_form"),
    path("contacts/forms/<int:pk>/", builder.edit_form, name="edit_form"),
    path("contacts/forms/<int:pk>/remove/", builder.delete_form, name="delete_form"),
    path("contacts/<int:pk>/proof/", proof.proof, name="proof"),
    path("contacts/imports/", imports.table, name="imports"),
    path("contacts/imports/new/", imports.upload, name="new_import"),
    path("contacts/imports/<int:pk>/", import_runs.show, name="import"),
    path("contacts/imports/<int:pk>/parcel/", imports.parcel, name="import_parcel"),
    path("contacts/imports/<int:pk>/columns/", imports.columns, name="import_columns"),
    path("contacts/imports/<int:pk>/consent/", imports.consent, name="import_consent"),
    path("contacts/imports/<int:pk>/check/", imports.check, name="import_check"),
    path("contacts/imports/<int:pk>/try/", imports.try_again, name="try_import"),
    path("contacts/imports/<int:pk>/findings/<slug:kind>/", imports.findings, name="import_findings"),
    path("contacts/imports/<int:pk>/refused/", import_runs.refused, name="import_refused"),
    path("contacts/imports/<int:pk>/stop/", import_runs.stop, name="stop_import"),
    path("contacts/imports/<int:pk>/undo/", import_runs.undo, name="undo_import"),
    path("contacts/imports/<int:pk>/remove/", import_runs.remove, name="remove_import"),
    path("contacts/exports/", exports.table, name="exports"),
    path("contacts/exports/new/", exports.new, name="new_export"),
    path("contacts/exports/<str:token>/", exports.fetch, name="export_file"),
    path("contacts/suppressions/", suppressions.table, name="suppressions"),
    path("contacts/suppressions/new/", suppressions.new, name="new_suppression"),
    path("contacts/suppressions/<int:pk>/lift/", suppressions.lift, name="lift_suppression"),
]
