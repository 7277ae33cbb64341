// A second click on a form's button sends nothing twice. After four seconds, and when the page comes back from the
// history, the form is usable again: an answer that is a file leaves the page where it is.
const PAUSE = 4000;

function release(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent !== undefined) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "";
  event.submitter?.setAttribute("aria-disabled", "true");
  setTimeout(() => release(form), PAUSE);
});
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(release));
