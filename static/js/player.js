// The film player: hls.js where the browser has MediaSource, its own player elsewhere, one MP4 as the last resort.
// Around it: quality, remarks that jump to their second, and a form that pins a new remark to the present one.
(() => {
  "use strict";
  const face = (ms) => {
    const s = Math.floor(ms / 1000);
    return `${String(Math.floor(s / 60)).padStart(2, "0")}:${String(s % 60).padStart(2, "0")}.${Math.floor((ms % 1000) / 100)}`;
  };
  const WHOLE = 10000;
  const share = (value) => Math.min(1, Math.max(0, value));

  class Player {
    constructor(root) {
      this.root = root;
      this.video = root.querySelector("video");
      this.stage = root.querySelector("[data-stage]");
      this.point = root.querySelector("[data-point]");
      this.load();
      this.marks();
      this.video.addEventListener("loadedmetadata", () => this.marks());
      this.video.addEventListener("play", () => this.showPoint(null));
    }

    load() {
      const { hls, mp4 } = this.video.dataset;
      // canPlayType says "maybe" in browsers whose own HLS player fails, so MediaSource is asked first.
      if (hls && window.Hls && Hls.isSupported()) this.start(hls, mp4);
      else if (hls && this.video.canPlayType("application/vnd.apple.mpegurl")) this.video.src = hls;
      else if (mp4) this.video.src = mp4;
    }

    start(source, mp4) {
      const hls = new Hls({ capLevelToPlayerSize: true, maxBufferLength: 30 });
      this.hls = hls;
      let rescued = false;
      hls.on(Hls.Events.ERROR, (_, data) => {
        if (!data.fatal) return;
        if (data.type === Hls.ErrorTypes.MEDIA_ERROR && !rescued) {
          rescued = true;
          hls.recoverMediaError();
        } else if (mp4) {
          const { currentTime, paused } = this.video;
          hls.destroy();
          this.hls = null;
          this.video.src = mp4;
          this.video.currentTime = currentTime;
          if (!paused) this.video.play().catch(() => {}); // the browser may want a click first
        }
      });
      hls.on(Hls.Events.MANIFEST_PARSED, () => this.levels());
      hls.loadSource(source);
      hls.attachMedia(this.video);
    }

    levels() {
      const select = this.root.querySelector("select[data-level]");
      if (!select || this.hls.levels.length < 2) return;
      const rungs = this.hls.levels.map((level, at) => [level.height, at]).sort((one, other) => other[0] - one[0]);
      for (const [height, at] of rungs) select.add(new Option(`${height}p`, at));
      select.addEventListener("change", () => this.choose(Number(select.value)));
      select.closest("[data-levels]").hidden = false;
    }

    choose(level) {
      if (this.video.buffered.length) return (this.hls.currentLevel = level);
      // Nothing is there to be thrown away yet: a switch in the middle of the very first piece may leave hls.js waiting.
      this.hls.stopLoad();
      this.hls.loadLevel = level;
      this.hls.startLoad(this.video.currentTime);
    }

    /* Small strokes under the picture where remarks stand; the list of remarks is what one clicks. */
    marks() {
      const track = this.root.querySelector("[data-track]");
      const length = this.video.duration * 1000 || Number(this.video.dataset.durationMs);
      if (!track || !length) return;
      const strokes = [...document.querySelectorAll("[data-seek]")]
        .filter((one) => playerOf(one) === this)
        .map((one) => {
          const stroke = document.createElement("span");
          stroke.style.insetInlineStart = `${share(Number(one.dataset.seek) / length) * 100}%`;
          return stroke;
        });
      track.replaceChildren(...strokes);
      track.hidden = !strokes.length;
    }

    seek(ms, at) {
      this.video.pause();
      this.video.currentTime = ms / 1000;
      this.showPoint(at);
      this.root.scrollIntoView({ block: "nearest", behavior: "instant" });
    }

    showPoint(at) {
      if (!this.point) return;
      this.point.hidden = !at;
      if (!at) return;
      this.point.style.left = `${at[0] * 100}%`;
      this.point.style.top = `${at[1] * 100}%`;
    }
  }

  /* <form data-pin="player-id">: at_ms, x and y (0 to 10000 across the picture) are filled in by pausing and pointing. */
  class Pin {
    constructor(form, player) {
      this.form = form;
      this.player = player;
      this.aim = player.root.querySelector("[data-aim]");
      const part = (name) => form.querySelector(`[data-pin-${name}]`);
      [this.words, this.clear] = [part("words"), part("clear")];
      part("here").addEventListener("click", () => this.here());
      this.clear?.addEventListener("click", () => this.drop());
      this.aim?.addEventListener("click", (event) => this.at(event));
      if (this.input("at_ms").value) this.say();
    }

    input(name) {
      return this.form.querySelector(`input[name="${name}"]`);
    }

    set(name, value) {
      const input = this.input(name);
      if (input) input.value = value;
    }

    here() {
      this.player.video.pause();
      this.set("at_ms", Math.round(this.player.video.currentTime * 1000));
      this.set("x", "");
      this.set("y", "");
      this.player.showPoint(null);
      if (this.aim) this.aim.hidden = false;
      this.say();
      this.player.root.scrollIntoView({ block: "nearest", behavior: "instant" });
      this.form.querySelector("textarea, input[type=text]")?.focus({ preventScroll: true });
    }

    at(event) {
      const box = this.aim.getBoundingClientRect();
      const point = [share((event.clientX - box.left) / box.width), share((event.clientY - box.top) / box.height)];
      this.set("x", Math.round(point[0] * WHOLE));
      this.set("y", Math.round(point[1] * WHOLE));
      this.player.showPoint(point);
      this.say();
      this.form.querySelector("textarea, input[type=text]")?.focus();
    }

    drop() {
      for (const name of ["at_ms", "x", "y"]) this.set(name, "");
      this.player.showPoint(null);
      if (this.aim) this.aim.hidden = true;
      this.say();
    }

    say() {
      const at = this.input("at_ms").value;
      const pinned = this.words.dataset[this.input("x")?.value ? "wordPoint" : "wordTime"];
      this.words.textContent = at === "" ? this.words.dataset.wordNone : pinned.replace("{time}", face(Number(at)));
      if (this.clear) this.clear.hidden = at === "";
    }
  }

  const players = new Map();
  function playerOf(element) {
    const named = element.dataset.for || element.dataset.pin;
    const root = named ? document.getElementById(named) : element.closest("[data-player]") || document.querySelector("[data-player]");
    return players.get(root);
  }

  function wire() {
    for (const [root, player] of players)
      if (!root.isConnected) {
        player.hls?.destroy();
        players.delete(root);
      }
    for (const root of document.querySelectorAll("[data-player]"))
      if (!players.has(root)) players.set(root, new Player(root));
    for (const form of document.querySelectorAll("form[data-pin]")) {
      const player = playerOf(form);
      if (player && !form.pin) form.pin = new Pin(form, player);
    }
    for (const player of players.values()) player.marks();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-seek]");
    const player = link && playerOf(link);
    if (!player) return;
    event.preventDefault();
    const { seek, x, y } = link.dataset;
    player.seek(Number(seek), x && y ? [share(Number(x) / WHOLE), share(Number(y) / WHOLE)] : null);
  });
  document.addEventListener("htmx:after:swap", wire);
  wire();
})();
