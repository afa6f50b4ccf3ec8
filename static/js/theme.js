// Runs before the first paint: the colour scheme the reader chose, else the one of the device.
(() => {
  const wanted = () => localStorage.getItem("theme") || "auto";
  const device = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const choice = wanted();
    const dark = choice === "dark" || (choice === "auto" && device.matches);
    document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
    document.documentElement.dataset.theme = choice;
  };
  device.addEventListener("change", apply);
  addEventListener("storage", apply);
  window.applyTheme = apply;
  apply();
})();
