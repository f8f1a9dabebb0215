// Puts the theme on the page before its first paint: the reader's choice, else what the system asks for.
// A classic script, because a module would come after the first paint; theme.js makes the choice.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const contrast = matchMedia("(prefers-contrast: more)");
  const apply = () => {
    let choice = null;
    try {
      choice = localStorage.getItem("theme");
    } catch {
      // Storage may be forbidden; then the system decides.
    }
    const system = contrast.matches ? "contrast" : dark.matches ? "dark" : "light";
    document.documentElement.dataset.theme = ["light", "dark", "contrast"].includes(choice) ? choice : system;
  };
  dark.addEventListener("change", apply);
  contrast.addEventListener("change", apply);
  addEventListener("storage", apply);
  document.addEventListener("theme", apply);
  apply();
})();
