// Runs before the page is painted, so that a dark system never flashes white. The server sets the attribute itself
// once a theme was chosen (cookie `theme`).
const root = document.documentElement;
if (!root.dataset.bsTheme) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => { root.dataset.bsTheme = dark.matches ? "dark" : "light"; };
  root.dataset.follow = "";
  follow();
  dark.addEventListener("change", () => { if ("follow" in root.dataset) follow(); });
}
