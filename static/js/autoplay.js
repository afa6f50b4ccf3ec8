// Whether a film may start by itself: silently, when the person has not said no, and where the line costs nothing.
const stored = "autoplay";

/** The person's own choice; for strangers, this browser's. */
export function wanted() {
  const account = document.body.dataset.autoplay;
  return account ? account === "on" : localStorage.getItem(stored) !== "off";
}

export function choose(on) {
  localStorage.setItem(stored, on ? "on" : "off");
}

/** Data saving and every line that is not Wi-Fi or a cable say no. A browser that does not tell its line is believed on
 * a desk, where a mouse is; a phone that does not tell might pay for every byte. */
export function mayAutoplay() {
  if (!wanted() || matchMedia("(prefers-reduced-motion: reduce)").matches) return false;
  const line = navigator.connection;
  if (line?.saveData || matchMedia("(prefers-reduced-data: reduce)").matches) return false;
  if (line?.type && line.type !== "unknown") return line.type === "wifi" || line.type === "ethernet";
  if (line?.effectiveType && line.effectiveType !== "4g") return false;
  return matchMedia("(hover: hover) and (pointer: fine)").matches && !navigator.userAgentData?.mobile;
}
