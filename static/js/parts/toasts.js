// Toasts: good news leaves by itself after eight seconds (never while the mouse or the focus is on it); the rest stays
// until it is closed. A server answers htmx with out-of-band toasts into #toasts, or a page carries them from the start.
const STAY = 8000;

function leave(toast) {
  setTimeout(() => {
    if (toast.matches(":hover, :focus-within")) leave(toast);
    else toast.remove();
  }, STAY);
}
function watch(node) {
  for (const toast of node.querySelectorAll(".ev-toast[data-leaves]")) {
    if (toast.dataset.leaves === "going") continue;
    toast.dataset.leaves = "going";
    leave(toast);
  }
}

document.addEventListener("click", (event) => {
  const toast = event.target.closest("[data-toast-close]")?.closest(".ev-toast");
  if (toast) toast.remove();
});
document.addEventListener("DOMContentLoaded", () => watch(document));
document.addEventListener("htmx:oobAfterSwap", () => watch(document));
document.addEventListener("htmx:afterSettle", () => watch(document));

// A live part that cannot be fetched says so once, in words of the page, and clears itself when it works again.
const trouble = () => document.getElementById("trouble");
for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(name, () => { if (trouble()) trouble().hidden = false; });
}
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful && trouble()) trouble().hidden = true;
});
