// Where films may start by themselves, the card in the middle of the screen shows three silent seconds of its film, or a
// film marked data-autoplay runs: one at a time, at least half of it in view.
import { mayAutoplay } from "./autoplay.js";

const half = new Set();
let running = null;
let timer = 0;

const isOfReel = (element) => element.closest("#reel[data-on]");
const middle = (element) => {
  const box = element.getBoundingClientRect();
  return Math.hypot(box.top + box.height / 2 - innerHeight / 2, (box.left + box.width / 2 - innerWidth / 2) / 4);
};

function stop() {
  if (!running) return;
  if (running.own) running.video.remove();
  else running.video.pause();
  running = null;
}

function start(element) {
  const own = "preview" in element.dataset;
  const video = own ? document.createElement("video") : element.querySelector("video");
  video.muted = true;
  if (own) {
    Object.assign(video, { src: element.dataset.preview, loop: true, playsInline: true, disableRemotePlayback: true });
    video.dataset.silent = "";
    video.className = "preview";
    video.tabIndex = -1;
    video.setAttribute("aria-hidden", "true");
    video.addEventListener("playing", () => video.classList.add("is-on"), { once: true });
    element.append(video);
  }
  running = { element, video, own };
  video.play().catch(stop); // the browser's own rule is stricter than ours
}

function choose() {
  if (running && (!running.element.isConnected || !half.has(running.element) || document.hidden || !mayAutoplay())) stop();
  const asked = [...document.querySelectorAll("video:not([data-silent])")].some(
    (video) => !video.paused && video !== running?.video,
  );
  if (asked) return stop();
  if (document.hidden || !mayAutoplay()) return;
  const [next] = [...half]
    .filter((element) => element.isConnected && !isOfReel(element) && !element.dataset.left)
    .sort((one, other) => middle(one) - middle(other));
  if (!next || next === running?.element) return;
  stop();
  start(next);
}
const soon = () => {
  clearTimeout(timer);
  timer = setTimeout(choose, 250);
};

const watcher = new IntersectionObserver(
  (entries) => {
    for (const { target, intersectionRatio } of entries) half[intersectionRatio >= 0.5 ? "add" : "delete"](target);
    soon();
  },
  { threshold: 0.5 },
);
addEventListener("scroll", soon, { passive: true, capture: true });
document.addEventListener("visibilitychange", soon);
navigator.connection?.addEventListener?.("change", soon);
// What a person stops stays stopped; what a person starts silences the rest.
document.addEventListener(
  "pause",
  ({ target }) => {
    const marked = target.closest?.("[data-autoplay-film]");
    if (marked && running?.video === target && !target.ended) {
      marked.dataset.left = "1";
      running = null;
    }
  },
  true,
);
document.addEventListener("playing", soon, true);

function wire() {
  for (const element of document.querySelectorAll("[data-preview]:not([data-seen]), [data-autoplay-film]:not([data-seen])")) {
    element.dataset.seen = "";
    watcher.observe(element);
  }
}
document.addEventListener("htmx:after:swap", wire);
document.addEventListener("autoplay:chosen", soon);
wire();
