// A table whose rows can be chosen: <form data-selection> with checkboxes data-row, one data-all, a bar data-bulk
// (hidden while nothing is chosen) and the count in data-count.
function update(form) {
  const rows = [...form.querySelectorAll("input[data-row]")];
  const chosen = rows.filter((row) => row.checked);
  for (const row of rows) row.closest("tr").classList.toggle("is-selected", row.checked);
  const all = form.querySelector("input[data-all]");
  if (all) {
    all.checked = rows.length > 0 && chosen.length === rows.length;
    all.indeterminate = chosen.length > 0 && chosen.length < rows.length;
  }
  const bar = form.querySelector("[data-bulk]");
  if (bar) bar.hidden = chosen.length === 0;
  for (const count of form.querySelectorAll("[data-count]")) {
    count.textContent = chosen.length.toLocaleString(document.documentElement.lang);
  }
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-selection]");
  if (!form) return;
  if (event.target.matches("[data-all]")) {
    for (const row of form.querySelectorAll("input[data-row]")) row.checked = event.target.checked;
  }
  update(form);
});
const start = () => document.querySelectorAll("[data-selection]").forEach(update);
document.addEventListener("DOMContentLoaded", start);
document.addEventListener("htmx:afterSettle", start);
window.addEventListener("pageshow", start);
