// Counts what was seen and played: elements with data-view, told to the server in batches. What a view is, and that each
// counts once, the server decides; here is only what happened on the screen.
const SECOND = 1000;
const MOST = 40;
const waiting = [];
const noted = new Set();

function note(token, event) {
  const line = `${token}.${event}`;
  if (noted.has(line)) return;
  noted.add(line);
  waiting.push(line);
  if (waiting.length >= MOST) send();
}

function send() {
  while (waiting.length) {
    const body = JSON.stringify({ visit: document.body.dataset.visit, events: waiting.splice(0, MOST) });
    navigator.sendBeacon("/api/v1/views", new Blob([body], { type: "application/json" }));
  }
}
setInterval(send, 5 * SECOND);
addEventListener("pagehide", send);

/* An exposure: at least half of it (or half of the screen, if it is larger) in view for a whole second. */
const clocks = new Map();
function stopClock(element) {
  clearTimeout(clocks.get(element));
  clocks.delete(element);
}
function startClock(element) {
  if (clocks.has(element)) return;
  clocks.set(
    element,
    setTimeout(() => {
      note(element.dataset.view, "exposure");
      watcher.unobserve(element);
      clocks.delete(element);
    }, SECOND),
  );
}
const inView = new Set();
const watcher = new IntersectionObserver(
  (entries) => {
    for (const { target, intersectionRatio, intersectionRect, rootBounds } of entries) {
      const half = intersectionRatio >= 0.5 || (rootBounds && intersectionRect.height >= rootBounds.height / 2);
      if (half) inView.add(target);
      else inView.delete(target);
      if (half && !document.hidden) startClock(target);
      else stopClock(target);
    }
  },
  { threshold: [0, 0.25, 0.5, 0.75] },
);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    [...clocks.keys()].forEach(stopClock);
    send();
  } else inView.forEach((element) => element.isConnected && startClock(element));
});

/* Plays: any film inside such an element but the silent previews. Seconds are those that ran, not those skipped. */
const runs = new WeakMap();
function film(event) {
  const video = event.target;
  const token = video.matches?.("video:not([data-silent])") && video.closest("[data-view]")?.dataset.view;
  return token ? [video, token] : [];
}
function ended(video, token, run) {
  if (run.seconds >= video.duration / 2) note(token, "finish");
}
document.addEventListener(
  "playing",
  (event) => {
    const [video, token] = film(event);
    if (!video) return;
    if (!runs.has(video)) runs.set(video, { seconds: 0, at: video.currentTime });
    note(token, "play");
  },
  true,
);
document.addEventListener(
  "timeupdate",
  (event) => {
    const [video, token] = film(event);
    const run = video && runs.get(video);
    if (!run) return;
    const step = video.currentTime - run.at;
    if (step > 0 && step < 1.5) run.seconds += step;
    else if (video.loop && step < 0 && run.at > video.duration - 1) ended(video, token, run);
    run.at = video.currentTime;
    if (run.seconds >= 5) note(token, "play5");
  },
  true,
);
document.addEventListener(
  "ended",
  (event) => {
    const [video, token] = film(event);
    const run = video && runs.get(video);
    if (run) ended(video, token, run);
  },
  true,
);

export function wire() {
  for (const element of document.querySelectorAll("[data-view]:not([data-counted])")) {
    element.dataset.counted = "";
    watcher.observe(element);
  }
}
document.addEventListener("htmx:after:swap", wire);
wire();
