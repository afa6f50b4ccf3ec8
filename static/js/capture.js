// Filming in the browser, shot after shot. A shot is kept on the device (IndexedDB) the moment it is recorded, and goes
// up by tus while the next one is filmed; a dropped line or a closed page costs nothing. The server puts them in order.
const root = document.querySelector("[data-studio]");
const here = JSON.parse(root.querySelector("[data-here]").textContent);
const $ = (name) => root.querySelector(`[data-${name}]`);
const word = (name, values = {}) => Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, value), root.dataset[`word${name}`]);
const SIDE = 1080;
const SMALLEST = 240;
const COUNT = 3;
const SHORTEST_MS = 1000;
const BITS = 5_000_000;
const CHUNK = 1024 * 1024; // data-chunk-bytes says otherwise
const RETRY = [0, 500, 1500, 3000, 5000];
const AGAIN_MS = 5000;
const KEEP_MS = 7 * 24 * 3600 * 1000;
const TYPES = [
  "video/mp4;codecs=avc1.640028,mp4a.40.2",
  "video/mp4;codecs=avc1.42E01F,mp4a.40.2",
  "video/mp4;codecs=avc1.42E01F,opus",
  "video/webm;codecs=h264,opus",
  "video/x-matroska;codecs=avc1,opus",
  "video/webm;codecs=vp8,opus",
  "video/webm",
  "video/mp4",
];
const shots = here.shots;
let server = here.state;
let now = 0;
let mode = "closed"; // closed, opening, ready, counting, recording, paused, review, problem
let camera = null; // { stream, record, stop }
let facing = "environment";
let tries = 0;
let recorder = null;
let fresh = null; // what was just recorded and not decided on
const local = new Map(); // number → { number, blob, type, accepted, url, sent, total, trouble, upload }

/* ---- what is kept on the device ---- */
const store = await openStore();
function openStore() {
  return new Promise((resolve) => {
    let asked;
    try {
      asked = indexedDB.open("vtask-capture", 1);
    } catch {
      return resolve(null); // some private windows have none
    }
    asked.onupgradeneeded = () => asked.result.createObjectStore("takes", { keyPath: ["shoot", "number"] });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => resolve(null);
  });
}
function inStore(how, what) {
  if (!store) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    const transaction = store.transaction("takes", how === "getAll" ? "readonly" : "readwrite");
    const request = transaction.objectStore("takes")[how](what);
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}
async function keep(take) {
  if (fresh && fresh !== take && fresh.number === take.number) return; // a new try is there, and not decided on
  const { number, blob, type, accepted, url, at } = take;
  try {
    await inStore("put", { shoot: here.id, number, blob, type, accepted, url, at });
    $("unkept").hidden = Boolean(store);
  } catch {
    $("unkept").hidden = false; // full, or forbidden: the page still has it
  }
}
const forget = (number) => inStore("delete", [here.id, number]).catch(() => null); // an old copy is thrown away by its age
async function recall() {
  const all = (await inStore("getAll").catch(() => null)) || [];
  for (const kept of all) {
    if (Date.now() - kept.at > KEEP_MS) inStore("delete", [kept.shoot, kept.number]).catch(() => null);
    else if (kept.shoot === here.id) local.set(kept.number, { ...kept, sent: 0, total: kept.blob.size });
  }
  return local.size;
}

/* ---- camera ---- */
const canRecord = () => typeof MediaRecorder !== "undefined" && TYPES.some((type) => MediaRecorder.isTypeSupported(type));
const typeOf = () => TYPES.find((type) => MediaRecorder.isTypeSupported(type));
async function open() {
  close();
  if (!navigator.mediaDevices?.getUserMedia) return problem(window.isSecureContext ? "recorder" : "insecure");
  if (!canRecord()) return problem("recorder");
  to("opening");
  const attempt = ++tries;
  let stream;
  try {
    stream = await ask();
  } catch (wrong) {
    return attempt === tries && problem(reason(wrong));
  }
  if (attempt !== tries || document.hidden) {
    stream.getTracks().forEach((track) => track.stop());
    return attempt === tries && to("closed");
  }
  camera = await squared(stream);
  const [track] = stream.getVideoTracks();
  track.addEventListener("ended", () => camera?.stream === stream && interrupted("ended"));
  const live = $("live");
  live.srcObject = stream;
  live.classList.toggle("is-mirrored", track.getSettings().facingMode === "user");
  await live.play().catch((wrong) => wrong.name === "AbortError" || lost("failed"));
  if (camera?.stream !== stream) return;
  const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
  $("turn").dataset.possible = cameras.length > 1 ? "1" : "";
  wakeful();
  to("ready");
}
/* A square by constraint, so that nothing has to be drawn; a microphone that is missing or refused is no reason to film nothing. */
async function ask() {
  const picture = { width: { ideal: SIDE }, height: { ideal: SIDE }, aspectRatio: { exact: 1 }, resizeMode: "crop-and-scale", facingMode: facing, frameRate: { ideal: 30 } };
  const sound = { echoCancellation: true, noiseSuppression: true };
  try {
    return await navigator.mediaDevices.getUserMedia({ video: picture, audio: sound });
  } catch (wrong) {
    if (wrong.name === "OverconstrainedError") return navigator.mediaDevices.getUserMedia({ video: { facingMode: facing }, audio: sound });
    if (wrong.name !== "NotFoundError") throw wrong;
    return navigator.mediaDevices.getUserMedia({ video: { ...picture, aspectRatio: 1 } });
  }
}
function reason(wrong) {
  const known = { NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "missing", OverconstrainedError: "missing", NotReadableError: "busy", AbortError: "busy" };
  return known[wrong.name] || "failed";
}
/* What is recorded: the track itself when it is square, else its middle drawn on a canvas. */
async function squared(stream) {
  const [track] = stream.getVideoTracks();
  const { width, height } = track.getSettings();
  const isSquare = Math.abs(width - height) <= 2 && width >= SMALLEST;
  $("cropped").hidden = isSquare;
  const stop = () => stream.getTracks().forEach((each) => each.stop());
  if (isSquare) return { stream, record: stream, stop, side: width };
  const side = Math.min(width, height);
  const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
  const pen = canvas.getContext("2d", { alpha: false });
  const source = Object.assign(document.createElement("video"), { muted: true, playsInline: true, srcObject: stream });
  await source.play();
  let over = false;
  const draw = () => {
    if (over) return;
    pen.drawImage(source, (source.videoWidth - side) / 2, (source.videoHeight - side) / 2, side, side, 0, 0, side, side);
    source.requestVideoFrameCallback ? source.requestVideoFrameCallback(draw) : requestAnimationFrame(draw);
  };
  draw();
  const drawn = canvas.captureStream(30);
  stream.getAudioTracks().forEach((each) => drawn.addTrack(each));
  return {
    stream,
    record: drawn,
    side,
    stop: () => {
      over = true;
      stop();
      drawn.getTracks().forEach((each) => each.stop());
    },
  };
}
function close() {
  tries += 1;
  camera?.stop();
  camera = null;
  $("live").srcObject = null;
  $("cropped").hidden = true;
  lock?.release().catch(() => null); // already released by the system
  lock = null;
}
let lock = null;
async function wakeful() {
  lock = await navigator.wakeLock?.request("screen").catch(() => null); // the screen may then go dark: the film is kept anyway
}
function lost(why) {
  drop();
  close();
  problem(why);
}
/* What was filmed until then is kept, unless it is too little to be of use. */
function interrupted(why) {
  if (!recorder || recorder.passed() < SHORTEST_MS) return lost(why);
  recorder.cut = true;
  end();
}
function problem(why) {
  close();
  to("problem", why);
}
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    if (recorder) interrupted("hidden");
    else if (camera) {
      drop();
      close();
      to("closed");
      $("start").dataset.resting = "1";
    }
  } else if ($("start").dataset.resting && mode === "closed") {
    delete $("start").dataset.resting;
    open();
  }
});
addEventListener("pagehide", close);

/* ---- one shot ---- */
let counting = null;
function record() {
  let left = COUNT;
  to("counting");
  const next = () => {
    if (!left) return roll();
    $("lens-count").textContent = left;
    say(String(left));
    left -= 1;
    counting = setTimeout(next, 1000);
  };
  next();
}
/* The film of one shot: its pieces, and how long it has really been rolling. */
function roll() {
  const shot = shots[now];
  const pieces = [];
  const mine = { number: now, rolled: 0, since: performance.now(), dropped: false };
  const tape = new MediaRecorder(camera.record, { mimeType: typeOf(), videoBitsPerSecond: BITS });
  tape.addEventListener("dataavailable", (event) => event.data.size && pieces.push(event.data));
  tape.addEventListener("error", () => lost("failed"));
  tape.addEventListener("stop", () => {
    clearInterval(mine.clock);
    $("stop").disabled = true;
    if (mine.dropped) return;
    recorder = null;
    const type = tape.mimeType.split(";")[0];
    const blob = new Blob(pieces, { type });
    if (!blob.size) {
      say(word("Nothing"));
      return to("ready");
    }
    decide({ number: mine.number, blob, type, accepted: false, url: null, at: Date.now(), sent: 0, total: blob.size, long: mine.rolled, cut: mine.cut });
  });
  mine.passed = () => mine.rolled + (tape.state === "recording" ? performance.now() - mine.since : 0);
  mine.tape = tape;
  recorder = mine;
  $("stop").disabled = true;
  tape.start(500);
  mine.clock = setInterval(() => {
    const passed = Math.min(mine.passed(), shot.seconds * 1000);
    $("bar").value = (passed * 100) / (shot.seconds * 1000);
    $("clock").textContent = `${(passed / 1000).toFixed(1)} / ${shot.seconds}`;
    $("stop").disabled = passed < SHORTEST_MS;
    if (passed >= shot.seconds * 1000) end();
  }, 50);
  to("recording");
  say(word("Recording"));
}
function pause() {
  recorder.rolled = recorder.passed();
  recorder.tape.pause();
  to("paused");
  say(word("Paused"));
  $("resume").focus();
}
function resume() {
  recorder.since = performance.now();
  recorder.tape.resume();
  to("recording");
  say(word("Recording"));
  $("pause").focus();
}
function end() {
  if (!recorder || recorder.tape.state === "inactive") return;
  recorder.rolled = recorder.passed();
  recorder.tape.stop();
}
/* Away with what is being counted down or recorded. */
function drop() {
  clearTimeout(counting);
  if (!recorder) return;
  recorder.dropped = true;
  clearInterval(recorder.clock);
  if (recorder.tape.state !== "inactive") recorder.tape.stop();
  recorder = null;
}
/* Recorded: looked at, then used or filmed again. It is on the device already. */
function decide(take) {
  fresh = take;
  keep(take);
  close();
  const review = $("review");
  URL.revokeObjectURL(review.src);
  review.src = URL.createObjectURL(take.blob);
  review.muted = matchMedia("(prefers-reduced-motion: reduce)").matches;
  to("review");
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) review.play().catch(() => null); // its own button plays it
  say(word(take.cut ? "Cut" : "Recorded", { s: (take.long / 1000).toFixed(1) }));
  $("use").focus();
}
function use() {
  const take = { ...fresh, accepted: true };
  fresh = null;
  accept(take);
  const next = shots.findIndex((_, at) => !has(at));
  if (next >= 0) {
    choose(next);
    open();
  } else {
    to("closed");
    say(word("All"));
    $("make").focus();
  }
}
function accept(take) {
  const before = local.get(take.number);
  before?.upload?.abort(true).catch(() => null); // what nobody finishes is thrown away by the server
  if (before && before === going) going = null; // an upload that is broken off says nothing any more
  local.set(take.number, take);
  keep(take);
  say(word("Saved"));
  list();
  pump();
}
function retake() {
  forget(fresh.number);
  const earlier = local.get(fresh.number);
  if (earlier) keep(earlier); // the take before it stays until a new one is accepted
  fresh = null;
  open();
}
function choose(number) {
  now = number;
  const shot = shots[now];
  $("count").textContent = word("Shot", { n: now + 1, all: shots.length });
  $("label").textContent = shot.label;
  $("hint").textContent = shot.hint;
  $("lens-text").textContent = shot.text;
  root.querySelectorAll("[data-guide]").forEach((guide) => guide.classList.toggle("is-on", guide.dataset.guide === shot.guide));
  list();
}
const taken = (number) => server.takes.find((take) => take.number === number);
const has = (number) => local.get(number)?.accepted || taken(number);

/* ---- what the page shows in each state ---- */
const BUTTONS = {
  closed: [],
  opening: [],
  ready: ["record", "turn", "pick"],
  counting: [],
  recording: ["pause", "stop"],
  paused: ["resume", "stop"],
  review: ["retake", "use"],
  problem: ["again", "pick"],
};
function to(next, why = "") {
  mode = next;
  root.dataset.mode = next;
  for (const name of ["record", "turn", "pause", "resume", "stop", "retake", "use", "again", "pick"]) $(name).hidden = !BUTTONS[next].includes(name);
  if (next === "ready" && !$("turn").dataset.possible) $("turn").hidden = true;
  if (next === "closed") $("pick").hidden = false;
  root.querySelectorAll("[data-problem]").forEach((box) => (box.hidden = next !== "problem" || box.dataset.problem !== why));
  const rolling = next === "recording" || next === "paused";
  $("start").hidden = next !== "closed";
  $("wait").hidden = next !== "opening";
  $("lens-count").hidden = next !== "counting";
  $("clock").hidden = $("bar").hidden = !rolling;
  $("live").hidden = !["ready", "counting", "recording", "paused"].includes(next);
  $("review").hidden = next !== "review";
  if (next !== "review") $("review").pause();
  $("lens-text").hidden = next === "review";
  root.querySelector(".guides").classList.toggle("visually-hidden", next === "review" || next === "problem");
}
const say = (text) => ($("status").textContent = text);
function list() {
  const rows = shots.map((shot, at) => {
    const row = root.querySelector("template[data-shot]").content.firstElementChild.cloneNode(true);
    const part = (name) => row.querySelector(`[data-${name}]`);
    const mine = local.get(at);
    const theirs = taken(at);
    if (at === now) row.setAttribute("aria-current", "step");
    part("name").textContent = shot.label;
    part("long").textContent = word("Seconds", { s: shot.seconds });
    if (theirs?.poster && !mine) part("thumb").append(Object.assign(document.createElement("img"), { alt: "", src: theirs.poster }));
    else part("thumb").textContent = at + 1;
    const [state, percent] = stateOf(shot, mine, theirs);
    part("state").textContent = state;
    row.classList.toggle("is-bad", Boolean(mine?.refused) || (!mine && theirs?.state === "refused"));
    part("sent").hidden = percent === null;
    part("sent").setAttribute("aria-label", shot.label);
    if (percent !== null) part("sent").value = percent;
    part("go-word").textContent = has(at) ? word("Retake") : word("Film");
    part("go-name").textContent = `: ${shot.label}`;
    part("go").addEventListener("click", () => {
      if (mode === "review") return say(word("Recorded", { s: (fresh.long / 1000).toFixed(1) }));
      drop();
      choose(at);
      $("label").focus();
      open();
    });
    return row;
  });
  const held = [...$("shots").children].findIndex((row) => row.contains(document.activeElement));
  $("shots").replaceChildren(...rows);
  if (held >= 0) rows[held].querySelector("button").focus();
  finish();
}
function stateOf(shot, mine, theirs) {
  const percent = mine?.total ? Math.floor((mine.sent * 100) / mine.total) : 0;
  if (mine && !mine.accepted) return [word("Check"), null];
  if (mine?.refused) return [word("UploadRefused", { why: mine.refused }), null];
  if (mine?.trouble) return [word("Broken", { percent: `${percent}%` }), percent];
  if (mine) return [mine.upload ? word("Sending", { percent: `${percent}%` }) : word("Kept"), percent];
  if (!theirs) return [shot.optional ? word("Optional") : word("None"), null];
  const busy = theirs.state === "uploaded" || theirs.state === "processing";
  return [theirs.words, busy ? theirs.percent : null];
}
function finish() {
  const whole = shots.every((shot, at) => shot.optional || has(at));
  const going = [...local.values()].some((take) => take.accepted);
  $("make").disabled = !whole || going || Boolean(server.film);
  $("edit").disabled = !whole || going;
  const words = server.film ? "Making" : server.asked ? "Asked" : !whole ? "Lacking" : going ? "Uploading" : "All";
  $("finish").textContent = word(words);
  if (server.film && $("film").dataset.shown !== server.film) {
    $("film").dataset.shown = server.film;
    htmx.ajax("GET", server.film, { target: "[data-film]", swap: "innerHTML" });
  } else if (!server.film) {
    $("film").replaceChildren();
    delete $("film").dataset.shown;
  }
  $("back").hidden = !server.back;
  if (server.back) $("back").firstElementChild.href = server.back;
}

/* ---- upload, one after another, while the next shot is filmed ---- */
let going = null;
let rest = null;
function pump() {
  clearTimeout(rest);
  if (going) return;
  const take = [...local.values()].find((each) => each.accepted && !each.refused);
  if (!take) return;
  going = take;
  take.trouble = false;
  const name = `${shots[take.number].label}.${take.type.includes("mp4") ? "mp4" : take.type.includes("webm") ? "webm" : "mkv"}`;
  take.upload = new tus.Upload(take.blob, {
    endpoint: root.dataset.endpoint,
    uploadUrl: take.url,
    headers: { "X-CSRFToken": root.dataset.csrf },
    metadata: { filename: name, filetype: take.type, kind: "video" },
    chunkSize: Number(root.dataset.chunkBytes) || CHUNK,
    retryDelays: RETRY,
    storeFingerprintForResuming: false, // the address is kept beside the film
    onShouldRetry: (wrong) => {
      const status = wrong.originalResponse ? wrong.originalResponse.getStatus() : 0;
      take.trouble = true;
      list();
      return status === 0 || status === 409 || status === 423 || status >= 500;
    },
    onUploadUrlAvailable: () => {
      take.url = take.upload.url;
      keep(take);
    },
    onProgress: (sent, total) => {
      Object.assign(take, { sent, total, trouble: false });
      list();
    },
    onSuccess: () => arrived(take),
    onError: (wrong) => failed(take, wrong),
  });
  take.upload.start();
  list();
}
const isOld = (take) => local.get(take.number) !== take;
async function arrived(take) {
  going = null;
  if (isOld(take)) return pump();
  const asset = take.upload.url.split("/").pop();
  take.upload = null;
  const told = await post("takes", { number: take.number, asset_id: asset });
  if (!told) {
    take.trouble = true;
    rest = setTimeout(pump, AGAIN_MS); // asked again, tus finds it whole and comes straight back here
    return list();
  }
  if (!isOld(take)) {
    local.delete(take.number);
    forget(take.number);
  }
  server = told;
  list();
  look();
  pump();
}
function failed(take, wrong) {
  going = null;
  take.upload = null;
  const response = wrong.originalResponse;
  const status = response ? response.getStatus() : 0;
  if (status === 401 || status === 400) say(word("SignedOut"));
  else if (status >= 400 && status < 500 && !isOld(take)) {
    try {
      take.refused = JSON.parse(response.getBody()).detail;
    } catch {
      take.refused = String(status);
    }
    list();
    return pump();
  }
  take.trouble = true;
  rest = setTimeout(pump, AGAIN_MS);
  list();
}
addEventListener("online", pump);
addEventListener("beforeunload", (event) => {
  if (recorder || (!store && (fresh || local.size))) event.preventDefault(); // all else is on the device
});

/* ---- the server ---- */
async function post(what, body = {}) {
  let answer, told;
  try {
    answer = await fetch(`${root.dataset.at}/${what}`, { method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": root.dataset.csrf }, body: JSON.stringify(body) });
    told = await answer.json();
  } catch {
    wrong(word("Offline"));
    return null;
  }
  if (answer.ok) return told;
  const signedOut = answer.status === 401 || answer.status === 400;
  wrong(signedOut ? word("SignedOut") : Object.values(told.errors || {}).flat().join(" ") || told.detail);
  return null;
}
const wrong = (text) => ($("wrong").textContent = text);
let looking = null;
/* Asks how far the shots are, as long as something is to be waited for. */
function look() {
  clearTimeout(looking);
  const busy = server.takes.some((take) => take.state === "uploaded" || take.state === "processing");
  if (busy || (server.asked && !server.film)) looking = setTimeout(ask_state, 2000);
}
async function ask_state() {
  if (!document.hidden) {
    const answer = await fetch(`${root.dataset.at}/state`).catch(() => null); // asked again in two seconds
    if (answer?.ok) {
      const told = await answer.json();
      if (JSON.stringify(told) !== JSON.stringify(server)) {
        server = told;
        list();
      }
    }
  }
  look();
}
$("make").addEventListener("click", async () => {
  wrong("");
  $("make").setAttribute("aria-busy", "true");
  const told = await post("film");
  $("make").removeAttribute("aria-busy");
  if (!told) return;
  server = told;
  list();
  look();
});
$("edit").addEventListener("click", async () => {
  wrong("");
  const told = await post("draft");
  if (told) location.assign(told.editor);
});

/* ---- buttons ---- */
$("open").addEventListener("click", open);
$("again").addEventListener("click", open);
$("record").addEventListener("click", record);
$("pause").addEventListener("click", pause);
$("resume").addEventListener("click", resume);
$("stop").addEventListener("click", end);
$("retake").addEventListener("click", retake);
$("use").addEventListener("click", use);
$("turn").addEventListener("click", () => {
  facing = facing === "user" ? "environment" : "user";
  open();
});
$("file").addEventListener("change", ({ target }) => {
  const [file] = target.files;
  if (!file) return;
  target.value = "";
  if (file.size > here.max_bytes) return say(word("Large"));
  drop();
  decide({ number: now, blob: file, type: file.type || "video/mp4", accepted: false, url: null, at: Date.now(), sent: 0, total: file.size, long: shots[now].seconds * 1000 });
});

/* ---- begin ---- */
to("closed");
if (!navigator.mediaDevices?.getUserMedia) problem(window.isSecureContext ? "recorder" : "insecure");
else if (!canRecord()) problem("recorder");
const found = await recall();
const undecided = [...local.values()].find((take) => !take.accepted);
const first = shots.findIndex((_, at) => !has(at));
choose(undecided ? undecided.number : Math.max(first, 0));
if (undecided) {
  local.delete(undecided.number);
  decide({ ...undecided, long: undecided.long || shots[undecided.number].seconds * 1000 });
}
if (found) say(word("Restored"));
$("unkept").hidden = Boolean(store);
$("open").disabled = $("file").disabled = false; // until here a press would be lost, or what is kept would take its place
root.dataset.ready = "1";
pump();
look();
