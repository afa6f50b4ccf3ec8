// The editor of films: the edit list is one JSON value. Every change goes through `change`, which remembers the value
// before it (undo), shows the new one, and saves it. The server renders the film; here <video> and DOM stand for it.
import { mixOf } from "./mix.js";

const root = document.querySelector("[data-editor]");
const here = JSON.parse(root.querySelector("[data-here]").textContent);
const $ = (name) => root.querySelector(`[data-${name}]`);
const word = (name, values = {}) => Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, value), root.dataset[`word${name}`]);
const films = new Map(here.films.map((film) => [film.id, film]));
const tracks = new Map(here.tracks.map((track) => [track.track, track]));
let video = $("video");
const music = $("music");
const mix = mixOf(video, music, here.ducking);
const pictures = new Map(here.stickers.map((each) => [each.sticker, each]));
const MOST = { clips: 20, texts: 20, stickers: 20, captions: 200 };
const SHORTEST = 200;

/* A list kept before there were stickers has none. */
const today = (kept) => ({ ...kept, edit_list: { stickers: [], ...kept.edit_list } });
let state = today({ title: here.draft.title, edit_list: here.draft.edit_list });
let chosen = 0;
let errors = {};
const list = () => state.edit_list;
const seconds = (ms) => String(Math.round(ms) / 1000);
const shown = (ms) => (ms / 1000).toFixed(1);
const clamp = (value, least, most) => Math.min(Math.max(value, least), most);
function say(text, bad = false) {
  $("status").textContent = text;
  $("status").classList.toggle("is-bad", bad);
}

/* ---- changes, undo, redo ---- */
const past = [];
const future = [];
let last = { key: null, at: 0 };
function change(how, { key = null, rows = false } = {}) {
  const before = JSON.stringify(state);
  how(list());
  if (JSON.stringify(state) === before) return;
  // Letters typed into one field within a moment are one step back.
  const goesOn = key && key === last.key && Date.now() - last.at < 1500;
  if (!goesOn) past.push(before);
  last = { key, at: Date.now() };
  future.length = 0;
  changed(rows);
}
function changed(rows) {
  $("undo").disabled = !past.length;
  $("redo").disabled = !future.length;
  show(rows);
  later();
}
function step(from, to) {
  if (!from.length) return;
  to.push(JSON.stringify(state));
  state = JSON.parse(from.pop());
  last = { key: null, at: 0 };
  $("title").value = state.title;
  changed(true);
}
$("undo").addEventListener("click", () => step(past, future));
$("redo").addEventListener("click", () => step(future, past));
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey)) return;
  const letter = event.key.toLowerCase();
  if (letter === "z" || letter === "y") {
    event.preventDefault();
    letter === "y" || event.shiftKey ? step(future, past) : step(past, future);
  }
});

/* ---- saving ---- */
const copy = `edit:${here.draft.id}`;
let etag = here.etag;
let timer, running, stopped;
let savedAs = JSON.stringify(state);
const post = (url, body) =>
  fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": root.dataset.csrf, "If-Match": `"${etag}"` },
    body: JSON.stringify(body),
  });
function later(wait = 800) {
  localStorage.setItem(copy, JSON.stringify({ etag, state }));
  clearTimeout(timer);
  if (!stopped) timer = setTimeout(save, wait);
}
async function save() {
  clearTimeout(timer);
  if (running) return running;
  running = send().finally(() => (running = null));
  return running;
}
/* True when what is on the page is what the server has. */
async function send() {
  const now = JSON.stringify(state);
  if (now === savedAs || stopped) return !stopped && !Object.keys(errors).length;
  say(word("Saving"));
  let answer, told;
  try {
    answer = await post(root.dataset.save, state);
    told = await answer.json();
  } catch {
    say(word("Unsaved"), true);
    later(5000);
    return false;
  }
  if (answer.ok) {
    etag = told.etag;
    savedAs = now;
    say(told.saved);
    mark({});
    if (JSON.stringify(state) === now) localStorage.removeItem(copy);
    else later(0);
  } else if (answer.status === 422) {
    mark(told.errors);
    say(word("Wrong", { n: Object.keys(told.errors).length }), true);
  } else if (answer.status === 412) {
    stopped = true;
    say(word("Stale"), true);
  } else {
    const signedOut = answer.status === 401 || answer.status === 400;
    say(signedOut ? word("SignedOut") : told.detail || word("Unsaved"), true);
    later(8000);
  }
  return answer.ok;
}
addEventListener("beforeunload", (event) => {
  if (JSON.stringify(state) !== savedAs && !stopped) {
    save();
    event.preventDefault();
  }
});

/* Sentences stand at their fields; those of clips and of what has no field stand in the line of their part. */
function mark(told) {
  errors = told;
  root.querySelectorAll(".field-error").forEach((line) => line.remove());
  root.querySelectorAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));
  root.querySelectorAll("[data-errors]").forEach((line) => (line.textContent = ""));
  root.querySelectorAll(".strip li").forEach((item) => item.classList.remove("has-error"));
  for (const [path, texts] of Object.entries(told)) {
    const [, part, at, key] = path.split(".");
    const field = path === "title" ? $("title") : root.querySelector(`[data-part="${part}"][data-at="${at}"] [data-key="${key}"]`);
    if (field) {
      const line = Object.assign(document.createElement("div"), { className: "field-error", id: `${field.id}-error`, textContent: texts.join(" ") });
      field.after(line);
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", line.id);
      continue;
    }
    const line = root.querySelector(`[data-errors="edit_list.${part}"]`) || root.querySelector('[data-errors="film"]');
    const where = part === "clips" && at ? `${word("Clip", { n: Number(at) + 1 })} ` : "";
    line.textContent += `${where}${texts.join(" ")} `;
    if (where) $("clips").children[at]?.classList.add("has-error");
  }
}

/* ---- the film in time ---- */
const lengths = () => list().clips.map((clip) => clip.out_ms - clip.in_ms);
const whole = () => lengths().reduce((sum, long) => sum + long, 0);
const startOf = (at) => lengths().slice(0, at).reduce((sum, long) => sum + long, 0);
let head = 0;
let playing = false;
let current = -1;
let wanted = null;
function clipAt(ms) {
  let begin = 0;
  for (const [at, long] of lengths().entries()) {
    if (ms < begin + long || at === list().clips.length - 1) return [at, begin];
    begin += long;
  }
  return [-1, 0];
}
/* Put the picture of this moment on the stage. */
function seek(ms) {
  head = clamp(ms, 0, Math.max(0, whole()));
  const [at, begin] = clipAt(head);
  current = at;
  const clip = list().clips[at];
  const film = clip && films.get(clip.asset_id);
  // What is not square is shown uncut and cropped by the page, as the renderer crops it.
  const url = film && (film.whole || film.url);
  if (film?.whole) video.style.objectPosition = `${focus(clip, "focus_x") / 100}% ${focus(clip, "focus_y") / 100}%`;
  $("stage-empty").hidden = Boolean(clip);
  video.hidden = !url;
  if (url) {
    const second = (clip.in_ms + Math.min(head - begin, clip.out_ms - clip.in_ms - 20)) / 1000;
    if (video.getAttribute("src") !== url) {
      wanted = second;
      video.src = url;
    } else if (video.readyState < 1) wanted = second;
    else video.currentTime = second;
  }
  levels();
  moment();
}
function watch() {
  video.addEventListener("loadedmetadata", () => {
    if (wanted !== null) video.currentTime = wanted;
    wanted = null;
    if (playing) start();
  });
  video.addEventListener("error", () => {
    if (!video.crossOrigin || video.error.code !== MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED) return;
    // Perhaps its host lets no script hear it. What is in the mix would stay silent, another element is heard.
    const other = video.cloneNode();
    other.removeAttribute("crossorigin");
    video.replaceWith(other);
    video = other;
    mix.leave(video);
    watch();
    show(false);
  });
}
watch();
function start() {
  // What cannot be had with CORS is tried once more without, by another element: see `watch`.
  const { crossOrigin } = video;
  video.play().catch(({ name }) => name === "AbortError" || (crossOrigin && name === "NotSupportedError") || stop());
}
function stop() {
  playing = false;
  video.pause();
  music.pause();
  mix.end();
  $("play-word").textContent = $("play-word").dataset.playOff;
}
function play() {
  if (!list().clips.length) return;
  if (head >= whole() - 50) seek(0);
  playing = true;
  $("play-word").textContent = $("play-word").dataset.playOn;
  mix.begin();
  levels();
  alignMusic();
  start();
  tune();
  requestAnimationFrame(follow);
}
function tune() {
  const track = list().music && tracks.get(list().music.track);
  if (!track) return music.pause();
  if (music.getAttribute("src") !== track.url) music.src = track.url;
  if (!playing) return;
  if (music.paused) music.play().catch((wrong) => wrong.name === "AbortError" || music.pause());
}
/* The track begins with the film and begins again whenever it ends. */
function alignMusic() {
  if (music.duration) music.currentTime = (head / 1000) % music.duration;
}
music.addEventListener("loadedmetadata", alignMusic);
/* How loud all is at this moment; the film as it was recorded, since the renderer cuts from the original. */
function levels() {
  const { sound_level: sound, music: tune_ } = list();
  const film = films.get(list().clips[current]?.asset_id);
  const fade = Math.min(here.fade_s * 1000, whole() / 2);
  mix.set({
    voice: (sound / 100) * 10 ** (-(film?.raised_db ?? 0) / 20),
    music: ((tune_?.level ?? 0) / 100) * (fade && clamp((whole() - head) / fade, 0, 1)),
    duck: Boolean(tune_?.duck),
  });
  $("duck-heard").hidden = !mix.ducks;
  $("duck-unheard").hidden = mix.ducks;
}
function follow() {
  if (!playing) return;
  const clip = list().clips[current];
  if (clip && wanted === null && !video.seeking && video.readyState > 1) {
    const ms = video.currentTime * 1000;
    if (ms >= clip.out_ms - 15 || video.ended) {
      if (current + 1 >= list().clips.length) {
        head = whole();
        moment();
        return stop();
      }
      seek(startOf(current + 1));
      start();
    } else {
      head = startOf(current) + Math.max(0, ms - clip.in_ms);
      levels();
      moment();
    }
  }
  requestAnimationFrame(follow);
}
$("play").addEventListener("click", () => (playing ? stop() : play()));
$("head").addEventListener("input", (event) => {
  stop();
  seek(Number(event.target.value));
});

/* What changes with the moment: clock, playhead, words on the picture. */
function moment() {
  $("head").max = whole();
  $("head").value = head;
  $("head").setAttribute("aria-valuetext", word("Seconds", { s: shown(head) }));
  $("clock").textContent = `${shown(head)} / ${shown(whole())}`;
  const now = (each) => each.start_ms <= head && head < each.end_ms;
  const lines = list().stickers.filter(now).map(sticker);
  for (const each of list().texts.filter(now)) lines.push(held(line(each.text, each.size, each.x / 100, each.y / 100), "texts", each));
  const [x, y] = here.caption.at;
  for (const each of list().captions.filter(now)) {
    const one = line(each.text, here.caption.size, x * 100, y * 100);
    one.classList.add("is-caption");
    if (!list().burn_captions) one.classList.add("is-track");
    lines.push(one);
  }
  $("words").replaceChildren(...lines);
  if (!playing) crop();
}
function sticker(each) {
  const one = Object.assign(document.createElement("img"), { alt: "", src: pictures.get(each.sticker).url, draggable: false });
  one.style.left = `${each.x / 100}%`;
  one.style.top = `${each.y / 100}%`;
  one.style.width = `${each.width}%`;
  one.style.rotate = `${each.turn}deg`;
  return held(one, "stickers", each);
}
/* What can be moved on the stage knows which entry of the list it is. */
function held(one, part, each) {
  one.dataset.of = part;
  one.dataset.nth = list()[part].indexOf(each);
  return one;
}
$("words").addEventListener("pointerdown", (event) => {
  const { of: part, nth } = event.target.dataset;
  if (!part) return;
  event.preventDefault();
  stop();
  const area = $("words");
  const box = area.getBoundingClientRect();
  const from = { x: event.clientX, y: event.clientY };
  const { x, y } = list()[part][nth];
  const at = (start, moved, side) => clamp(Math.round(start + (moved * 10000) / side), 0, 10000);
  const go = (pointer) =>
    change((now) => Object.assign(now[part][nth], { x: at(x, pointer.clientX - from.x, box.width), y: at(y, pointer.clientY - from.y, box.height) }), { key: `${part}-${nth}-${event.timeStamp}` });
  const end = () => {
    area.classList.remove("is-moving");
    area.removeEventListener("pointermove", go);
    for (const axis of ["x", "y"]) root.querySelector(`#${part}-${nth}-${axis}`).value = list()[part][nth][axis];
  };
  area.setPointerCapture(event.pointerId);
  area.classList.add("is-moving");
  area.addEventListener("pointermove", go);
  area.addEventListener("pointerup", end, { once: true });
  area.addEventListener("pointercancel", end, { once: true });
});
function line(text, size, x, y) {
  const one = document.createElement("p");
  const points = here.sizes[size] * 100;
  one.textContent = text;
  one.style.left = `${x}%`;
  one.style.top = `${y}%`;
  one.style.fontSize = `${points}cqw`;
  one.style.lineHeight = here.line;
  one.style.webkitTextStrokeWidth = `${2 * here.stroke * points}cqw`;
  return one;
}

/* ---- what is on the desk ---- */
function show(rows = true) {
  chosen = clamp(chosen, 0, Math.max(0, list().clips.length - 1));
  strip();
  desk();
  if (rows) {
    fill($("texts"), "texts");
    fill($("sticker-rows"), "stickers");
    fill($("caption-rows"), "captions");
    mark(errors);
  }
  const { cover_ms: cover, music: tune_ } = list();
  $("cover").textContent = cover === null ? word("Auto") : word("Cover", { s: shown(cover) });
  $("sound").value = list().sound_level;
  $("track").value = tune_?.track || "";
  $("music-desk").hidden = !tune_;
  if (tune_) {
    $("level").value = tune_.level;
    $("duck").checked = tune_.duck;
  }
  $("burn").checked = list().burn_captions;
  $("long").textContent = word("Seconds", { s: shown(whole()) });
  levels();
  tune();
  if (!playing) seek(head);
}
function picture(film) {
  const img = document.createElement("img");
  img.alt = "";
  img.src = film.poster;
  return img;
}
function strip() {
  const items = list().clips.map((clip, at) => {
    const item = document.createElement("li");
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.setAttribute("aria-pressed", at === chosen);
    const film = films.get(clip.asset_id);
    const name = document.createElement("span");
    name.textContent = `${word("Clip", { n: at + 1 })} ${film ? word("Seconds", { s: shown(clip.out_ms - clip.in_ms) }) : word("Gone")}`;
    if (film) button.append(picture(film));
    button.append(name);
    button.addEventListener("click", () => {
      chosen = at;
      stop();
      seek(startOf(at));
      strip();
      desk();
      $("clips").children[at].firstChild.focus();
    });
    button.addEventListener("keydown", (event) => {
      const by = event.altKey && { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      shift(at, at + by);
      $("clips").children[chosen].firstChild.focus();
    });
    const grip = Object.assign(document.createElement("span"), { className: "grip", title: word("Grip"), textContent: "⠿" });
    grip.setAttribute("aria-hidden", "true");
    grip.addEventListener("pointerdown", (event) => carry(event, at));
    item.append(button, grip);
    return item;
  });
  if (!items.length) items.push(Object.assign(document.createElement("li"), { className: "strip-none", textContent: word("None") }));
  $("clips").replaceChildren(...items);
}
function desk() {
  const clip = list().clips[chosen];
  $("clip-desk").hidden = !clip;
  if (!clip) return;
  const most = films.get(clip.asset_id)?.duration_ms || clip.out_ms;
  for (const [name, key] of [["clip-in", "in_ms"], ["clip-out", "out_ms"]]) {
    $(name).max = most / 1000;
    if ($(name) !== document.activeElement) $(name).value = seconds(clip[key]);
    $(`${name}-range`).max = most;
    $(`${name}-range`).value = clip[key];
    $(`${name}-range`).setAttribute("aria-valuetext", word("Seconds", { s: shown(clip[key]) }));
  }
  crop();
  $("earlier").disabled = chosen === 0;
  $("later").disabled = chosen >= list().clips.length - 1;
}
/* ---- the square of a film that is not square: along its longer side, by hand or by keys ---- */
const focus = (clip, axis) => clip[axis] ?? films.get(clip.asset_id)?.focus[axis] ?? 5000;
const axisOf = (film) => (film.ratio > 1 ? "focus_x" : "focus_y");
function crop() {
  const clip = list().clips[chosen];
  const film = clip && films.get(clip.asset_id);
  $("crop-desk").hidden = !film?.whole;
  // A film of before the uncut picture was kept: its square stays as it was cut at the upload.
  $("crop-gone").hidden = !film || Boolean(film.whole) || Math.abs(film.ratio - 1) <= 0.02;
  if (!film?.whole) return;
  const view = $("crop-video");
  if (view.getAttribute("src") !== film.whole) view.src = film.whole;
  const second = Math.max(clip.in_ms, Math.min(clip.out_ms - 20, clip.in_ms + head - startOf(chosen))) / 1000;
  if (!playing && view.readyState && Math.abs(view.currentTime - second) > 0.03) view.currentTime = second;
  const axis = axisOf(film);
  const wide = axis === "focus_x";
  const at = focus(clip, axis);
  const part = wide ? 1 / film.ratio : film.ratio;
  const free = 100 * (1 - part) * (at / 10000);
  const frame = $("crop-frame").style;
  [frame.width, frame.height] = wide ? [`${100 * part}%`, "100%"] : ["100%", `${100 * part}%`];
  [frame.left, frame.top] = wide ? [`${free}%`, "0"] : ["0", `${free}%`];
  $("focus").value = at;
  $("focus").setAttribute("aria-valuetext", word(wide ? "FromLeft" : "FromTop", { percent: `${Math.round(at / 100)}%` }));
}
function aim(at) {
  const clip = list().clips[chosen];
  const axis = axisOf(films.get(clip.asset_id));
  change(({ clips }) => (clips[chosen][axis] = clamp(Math.round(at), 0, 10000)), { key: `${chosen}-focus` });
}
$("crop-video").addEventListener("loadeddata", crop);
$("crop-video").addEventListener("error", ({ target }) => {
  if (!target.crossOrigin) return;
  target.removeAttribute("crossorigin");
  target.load();
});
$("focus").addEventListener("input", (event) => aim(Number(event.target.value)));
$("focus-reset").addEventListener("click", () => change(({ clips }) => Object.assign(clips[chosen], { focus_x: null, focus_y: null })));
$("crop").addEventListener("pointerdown", (event) => {
  const area = $("crop");
  const clip = list().clips[chosen];
  const film = films.get(clip.asset_id);
  const wide = axisOf(film) === "focus_x";
  const box = area.getBoundingClientRect();
  const free = wide ? box.width - box.height : box.height - box.width;
  const place = (pointer) => (wide ? pointer.clientX - box.left : pointer.clientY - box.top);
  const side = Math.min(box.width, box.height);
  const edge = (free * focus(clip, axisOf(film))) / 10000;
  // Beside the frame it jumps under the finger, on it it is taken where it was touched.
  const grip = place(event) >= edge && place(event) <= edge + side ? place(event) - edge : side / 2;
  const go = (pointer) => aim(((place(pointer) - grip) * 10000) / free);
  const end = () => {
    area.classList.remove("is-moving");
    area.removeEventListener("pointermove", go);
  };
  stop();
  area.setPointerCapture(event.pointerId);
  area.classList.add("is-moving");
  area.addEventListener("pointermove", go);
  area.addEventListener("pointerup", end, { once: true });
  area.addEventListener("pointercancel", end, { once: true });
  go(event);
});
function trim(key, ms) {
  if (!Number.isFinite(ms)) return;
  stop();
  const most = films.get(list().clips[chosen].asset_id)?.duration_ms || 0;
  change(
    ({ clips }) => {
      const clip = clips[chosen];
      clip[key] = Math.round(key === "in_ms" ? clamp(ms, 0, clip.out_ms - SHORTEST) : clamp(ms, clip.in_ms + SHORTEST, most));
    },
    { key: `${chosen}-${key}` },
  );
  seek(key === "in_ms" ? startOf(chosen) : startOf(chosen + 1) - 40);
}
for (const [name, key] of [["clip-in", "in_ms"], ["clip-out", "out_ms"]]) {
  $(name).addEventListener("change", (event) => {
    trim(key, Number(event.target.value) * 1000);
    event.target.value = seconds(list().clips[chosen][key]);
  });
  $(`${name}-range`).addEventListener("input", (event) => trim(key, Number(event.target.value)));
}
function shift(from, to) {
  if (to === from || to < 0 || to >= list().clips.length) return;
  chosen = to;
  change(({ clips }) => clips.splice(to, 0, ...clips.splice(from, 1)));
  seek(startOf(chosen));
  say(word("Moved", { from: from + 1, to: to + 1 }));
}
const move = (by) => shift(chosen, chosen + by);
/* A clip in the hand: where it would go is marked, and it goes when it is let go. */
function carry(event, from) {
  event.preventDefault();
  const row = $("clips");
  let to = from;
  const items = [...row.children];
  const mark = () => items.forEach((item, at) => item.classList.toggle("is-aim", at === to && to !== from));
  const go = (pointer) => {
    const over = items.findIndex((item) => pointer.clientX < item.getBoundingClientRect().right);
    to = over < 0 ? items.length - 1 : over;
    mark();
  };
  const end = (pointer) => {
    row.removeEventListener("pointermove", go);
    items.forEach((item) => item.classList.remove("is-held", "is-aim"));
    if (pointer.type === "pointerup") shift(from, to);
  };
  row.setPointerCapture(event.pointerId);
  items[from].classList.add("is-held");
  row.addEventListener("pointermove", go);
  row.addEventListener("pointerup", end, { once: true });
  row.addEventListener("pointercancel", end, { once: true });
}
$("earlier").addEventListener("click", () => move(-1));
$("later").addEventListener("click", () => move(1));
$("remove-clip").addEventListener("click", () => change(({ clips }) => clips.splice(chosen, 1)));
function full(part) {
  if (list()[part].length < MOST[part]) return false;
  say(word("Full", { n: MOST[part] }), true);
  return true;
}
$("split").addEventListener("click", () => {
  if (full("clips")) return;
  stop();
  const [at, begin] = clipAt(head);
  const clip = list().clips[at];
  const cut = Math.round(clip.in_ms + head - begin);
  if (cut - clip.in_ms < SHORTEST || clip.out_ms - cut < SHORTEST) return say(word("Short"), true);
  chosen = at + 1;
  change(({ clips }) => clips.splice(at, 1, { ...clip, out_ms: cut }, { ...clip, in_ms: cut }));
  say(word("Split", { s: shown(head) }));
});
for (const film of films.values()) {
  const item = document.createElement("li");
  const button = Object.assign(document.createElement("button"), { type: "button", title: film.name });
  const name = document.createElement("span");
  name.textContent = film.name;
  const long = document.createElement("small");
  long.textContent = word("Seconds", { s: shown(film.duration_ms) });
  button.append(picture(film), name, long);
  button.addEventListener("click", () => {
    if (full("clips")) return;
    chosen = list().clips.length;
    change(({ clips }) => clips.push({ asset_id: film.id, in_ms: 0, out_ms: film.duration_ms, focus_x: null, focus_y: null }));
    seek(startOf(chosen));
    say(word("Added", { name: film.name }));
  });
  item.append(button);
  $("films").append(item);
}

const NUMBERS = ["x", "y", "width", "turn"];
/* Rows of words, stickers and captions: made anew when their number changes, else the field being typed in would be lost. */
function fill(place, part) {
  const rows = list()[part].map((each, at) => {
    const row = root.querySelector("[data-row-template]").content.firstElementChild.cloneNode(true);
    row.dataset.part = part;
    row.dataset.at = at;
    row.querySelectorAll("[data-for]").forEach((field) => field.dataset.for.split(" ").includes(part) || field.remove());
    if (part === "stickers") {
      row.querySelector("[data-sticker-picture]").src = pictures.get(each.sticker).url;
      row.querySelector("[data-sticker-title]").textContent = pictures.get(each.sticker).title;
    }
    for (const field of row.querySelectorAll("[data-key]")) {
      const key = field.dataset.key;
      field.id = `${part}-${at}-${key}`;
      row.querySelector(`[data-label-for="${key}"]`).htmlFor = field.id;
      field.value = key.endsWith("_ms") ? seconds(each[key]) : each[key];
      field.addEventListener("input", () => {
        const value = key.endsWith("_ms") ? Math.round(Number(field.value) * 1000) : NUMBERS.includes(key) ? Number(field.value) : field.value;
        change((now) => (now[part][at][key] = value), { key: field.id });
      });
      if (key === "text") field.addEventListener("focus", () => !playing && (head < each.start_ms || head >= each.end_ms) && seek(each.start_ms));
    }
    row.querySelector("[data-drop]").addEventListener("click", () => change((now) => now[part].splice(at, 1), { rows: true }));
    return row;
  });
  place.replaceChildren(...rows);
}
function add(part, more) {
  if (full(part)) return;
  stop();
  const start = Math.round(Math.min(head, Math.max(0, whole() - 500)));
  const end = Math.max(start + 500, Math.min(start + 2000, Math.round(whole())));
  change((now) => now[part].push({ start_ms: start, end_ms: end, ...more }), { rows: true });
  seek(start);
  const field = root.querySelector(`#${part}-${list()[part].length - 1}-${part === "stickers" ? "width" : "text"}`);
  field.focus();
  field.select?.();
}
for (const button of root.querySelectorAll("[data-sticker]")) button.addEventListener("click", () => add("stickers", { sticker: button.dataset.sticker, x: 5000, y: 5000, width: 25, turn: 0 }));
$("add-text").addEventListener("click", () => add("texts", { text: word("Text"), x: 5000, y: 5000, size: "medium" }));
$("add-caption").addEventListener("click", () => add("captions", { text: word("Caption") }));
$("import").addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  if (!file) return;
  const place = root.querySelector('[data-errors="import"]');
  place.textContent = "";
  const answer = await post(root.dataset.captions, { text: await file.text() });
  const told = await answer.json();
  target.value = "";
  if (!answer.ok) return (place.textContent = told.errors.text?.join(" ") || told.detail);
  change((now) => (now.captions = told.captions), { rows: true });
  say(word("Imported", { n: told.captions.length }));
});
$("burn").addEventListener("change", ({ target }) => change((now) => (now.burn_captions = target.checked)));

/* Cover, sound, title. */
$("cover-here").addEventListener("click", () => change((now) => (now.cover_ms = Math.round(head))));
$("cover-auto").addEventListener("click", () => change((now) => (now.cover_ms = null)));
$("sound").addEventListener("input", ({ target }) => change((now) => (now.sound_level = Number(target.value)), { key: "sound" }));
$("track").addEventListener("change", ({ target }) =>
  change((now) => (now.music = target.value ? { level: 60, duck: true, ...now.music, track: target.value } : null)),
);
$("level").addEventListener("input", ({ target }) => change((now) => (now.music.level = Number(target.value)), { key: "level" }));
$("duck").addEventListener("change", ({ target }) => change((now) => (now.music.duck = target.checked)));
$("title").addEventListener("input", ({ target }) => change(() => (state.title = target.value), { key: "title" }));

/* ---- the film ---- */
$("make").addEventListener("click", async () => {
  const button = $("make");
  const place = root.querySelector('[data-errors="film"]');
  place.textContent = "";
  button.setAttribute("aria-busy", "true");
  try {
    await running;
    if (!(await save())) return (place.textContent = $("status").textContent);
    const answer = await post(root.dataset.film, {});
    const told = await answer.json();
    if (!answer.ok) {
      mark(told.errors || {});
      place.textContent += told.detail;
      return;
    }
    etag = told.etag;
    say(word("Asked"));
    htmx.ajax("GET", told.progress, { target: "[data-progress]", swap: "innerHTML" });
  } catch {
    place.textContent = word("Unsaved");
  } finally {
    button.removeAttribute("aria-busy");
  }
});

const kept = JSON.parse(localStorage.getItem(copy) || "null");
if (kept) kept.state = today(kept.state);
if (kept && kept.etag === etag && JSON.stringify(kept.state) !== savedAs) {
  state = kept.state;
  $("title").value = state.title;
  say(word("Restored"));
  later(0);
}
show(true);
// Somebody saved in between: theirs stands, and what this browser had is one step forward.
if (kept && kept.etag !== etag && JSON.stringify(kept.state) !== savedAs) {
  future.push(JSON.stringify(kept.state));
  $("redo").disabled = false;
  say(word("Elsewhere"));
}
