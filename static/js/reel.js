// On a phone the film shelf is a feed that snaps from film to film: by swipe, or by the arrow keys. The one in view plays,
// silent until asked, and the next one is fetched before; where films may not start by themselves, nothing plays or is
// fetched before a tap. On wide screens the cards are plain links.
import { choose, mayAutoplay, wanted } from "./autoplay.js";

const reel = document.getElementById("reel");
const narrow = matchMedia("(max-width: 575.98px)");

/* Strangers keep their choice in this browser; a person's switch is a form. */
const pick = document.querySelector("button[data-autoplay-switch]");
if (pick) {
  const face = () => pick.setAttribute("aria-pressed", String(wanted()));
  pick.addEventListener("click", () => {
    choose(!wanted());
    face();
    document.dispatchEvent(new Event("autoplay:chosen"));
  });
  pick.hidden = false;
  face();
}

if (reel && narrow.matches) {
  const words = reel.dataset;
  words.on = "";
  let silent = true;
  let current = null;

  const icons = {
    play: '<path d="M5 5a2 2 0 0 1 3.008-1.728l11.997 6.998a2 2 0 0 1 .003 3.458l-12 7A2 2 0 0 1 5 19z"/>',
    pause: '<rect x="14" y="3" width="5" height="18" rx="1"/><rect x="5" y="3" width="5" height="18" rx="1"/>',
    off: '<path d="M11 4.7a.7.7 0 0 0-1.2-.5L6.4 7.6A1.4 1.4 0 0 1 5.4 8H3a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2.4a1.4 1.4 0 0 1 1 .4l3.4 3.4a.7.7 0 0 0 1.2-.5zM22 9l-6 6M16 9l6 6"/>',
    on: '<path d="M11 4.7a.7.7 0 0 0-1.2-.5L6.4 7.6A1.4 1.4 0 0 1 5.4 8H3a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2.4a1.4 1.4 0 0 1 1 .4l3.4 3.4a.7.7 0 0 0 1.2-.5zM16 9a5 5 0 0 1 0 6M19.4 18.4a9 9 0 0 0 0-12.7"/>',
  };
  function face(button, icon, text) {
    button.innerHTML = `<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${icons[icon]}</svg>`;
    button.setAttribute("aria-label", text);
  }

  class Film {
    constructor(card) {
      this.card = card;
      this.title = card.querySelector("h2").innerText;
      const tools = document.createElement("div");
      tools.className = "reel-tools";
      [this.sound, this.run] = [document.createElement("button"), document.createElement("button")];
      for (const button of [this.sound, this.run]) button.type = "button";
      tools.append(this.sound, this.run);
      card.append(tools);
      this.sound.hidden = true;
      this.run.addEventListener("click", () => (this.playing ? this.stop() : this.play()));
      this.sound.addEventListener("click", () => this.hear(!silent));
      card.querySelector(".cover").addEventListener("click", () => this.run.click());
      this.show();
    }

    get playing() {
      return Boolean(this.video) && !this.video.paused;
    }

    show() {
      face(this.run, this.playing ? "pause" : "play", `${this.playing ? words.pause : words.play}: ${this.title}`);
      this.sound.hidden = !this.video;
      face(this.sound, silent ? "off" : "on", silent ? words.soundOn : words.soundOff);
    }

    hear(off) {
      silent = off;
      if (this.video) this.video.muted = off;
      this.show();
    }

    play() {
      if (!this.video) this.load();
      this.video.muted = silent;
      this.video.play().catch(() => this.show());
    }

    load() {
      const video = document.createElement("video");
      Object.assign(video, { playsInline: true, loop: true, muted: silent });
      video.setAttribute("aria-label", this.title);
      for (const name of ["play", "pause"]) video.addEventListener(name, () => this.show());
      // Until its first picture is there, the poster below shows.
      video.addEventListener("playing", () => video.classList.add("is-on"), { once: true });
      const { hls: source, captions } = this.card.dataset;
      if (captions) {
        const track = Object.assign(document.createElement("track"), { kind: "captions", src: captions, default: true });
        video.append(track);
      }
      this.card.querySelector(".cover").append(video);
      this.video = video;
      if (window.Hls && Hls.isSupported()) {
        this.hls = new Hls({ capLevelToPlayerSize: true, maxBufferLength: 6 });
        this.hls.on(Hls.Events.ERROR, (_, data) => data.fatal && this.fail());
        this.hls.loadSource(source);
        this.hls.attachMedia(video);
      } else {
        video.addEventListener("error", () => this.fail());
        video.src = source;
      }
    }

    fail() {
      this.drop();
      const note = document.createElement("span");
      note.className = "mark-length";
      note.textContent = words.broken;
      this.card.querySelector(".cover").append(note);
      this.run.hidden = true;
    }

    stop() {
      this.video?.pause();
    }

    drop() {
      this.hls?.destroy();
      this.video?.remove();
      this.hls = this.video = null;
      this.show();
    }
  }

  const films = new Map();
  const beside = (film, step) => {
    const all = [...films.values()].filter((one) => one.card.isConnected);
    return all[all.indexOf(film) + step];
  };
  function turnTo(film) {
    for (const other of films.values()) if (other !== film && other !== beside(film, 1)) other.drop();
    if (current && current !== film) current.stop();
    current = film;
    if (mayAutoplay()) {
      film.play();
      const next = beside(film, 1);
      if (next && !next.video) next.load();
    }
    if (!beside(film, 2)) reel.querySelector(".reel-more")?.click();
  }
  const watcher = new IntersectionObserver(
    (seen) => {
      for (const { target, isIntersecting } of seen) {
        const film = films.get(target);
        if (isIntersecting) turnTo(film);
        else if (film === current) {
          film.stop();
          current = null;
        }
      }
    },
    { root: reel, threshold: 0.6 },
  );
  function wire() {
    for (const card of reel.querySelectorAll("[data-hls]"))
      if (!films.has(card)) {
        films.set(card, new Film(card));
        watcher.observe(card);
      }
  }
  reel.addEventListener("keydown", (event) => {
    if (event.target.closest("a, button") && [" ", "Enter"].includes(event.key)) return;
    const step = { ArrowDown: 1, PageDown: 1, ArrowUp: -1, PageUp: -1 }[event.key];
    const here = current ?? films.values().next().value;
    if (!here || event.ctrlKey || event.metaKey || event.altKey) return;
    if (step) beside(here, step)?.card.scrollIntoView({ behavior: smooth() });
    else if (event.key === " ") here.run.click();
    else if (event.key === "m") here.hear(!silent);
    else return;
    event.preventDefault();
  });
  const smooth = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth");
  reel.tabIndex = 0;
  document.addEventListener("htmx:after:swap", wire);
  document.addEventListener("visibilitychange", () => document.hidden && current?.stop());
  wire();
}
