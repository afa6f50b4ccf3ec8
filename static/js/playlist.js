// A collection plays as one list: at the end of a film comes the next one. The player of a page that was turned to so
// goes on by itself, where the browser lets it.
const list = document.querySelector("[data-playlist]");
const video = list?.querySelector("figure video");
if (video) {
  const next = list.querySelector(".actions a");
  video.addEventListener("ended", () => next && location.assign(next.href));
  if (new URLSearchParams(location.search).get("on")) {
    const go = () =>
      video.play().catch(() => {
        video.muted = true; // without a touch on this page, films may only run silently
        video.play().catch(() => {});
      });
    if (video.readyState >= 2) go();
    else video.addEventListener("canplay", go, { once: true });
  }
}
