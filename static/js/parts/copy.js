// <button data-copy="#id"> copies the text of an element; the button's own words change for two seconds (data-copied).
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.querySelector(button.dataset.copy);
  const text = "value" in source ? source.value : source.textContent.trim();
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    getSelection().selectAllChildren(source); // no clipboard over plain http: at least it is selected
    return;
  }
  const words = button.querySelector("[data-words]");
  if (!words || !button.dataset.copied) return;
  const before = words.textContent;
  words.textContent = button.dataset.copied;
  setTimeout(() => { words.textContent = before; }, 2000);
});
