// Resumable uploads. A <div data-uploader> (templates/media/ui.html) becomes a file picker whose files travel by tus:
// they survive a dropped line, a restarted server and, when the same file is chosen again, a closed page.
(() => {
  "use strict";
  const RETRY = [0, 500, 1500, 3000, 5000, 10000, 20000, 30000];
  const CHUNK = 8 * 1024 * 1024; // data-chunk-bytes on the box says otherwise
  const active = new Set();

  const bytes = (n) => {
    for (const [unit, size] of [["GB", 1 << 30], ["MB", 1 << 20], ["KB", 1 << 10]])
      if (n >= size) return `${(n / size).toFixed(n < 100 * size ? 1 : 0)} ${unit}`;
    return `${n} B`;
  };
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const idOf = (url) => url.split("/").pop();

  class Row {
    constructor(box, file) {
      this.box = box;
      this.words = box.dataset;
      this.file = file;
      this.root = box.querySelector("template[data-row]").content.firstElementChild.cloneNode(true);
      this.said = -1;
      this.known = () => {};
      this.marks = [];
      const part = (name) => this.root.querySelector(`[data-${name}]`);
      [this.bar, this.percent, this.note] = [part("bar"), part("percent"), part("note")];
      this.buttons = { pause: part("pause"), resume: part("resume"), cancel: part("cancel") };
      part("name").textContent = file.name;
      this.bar.setAttribute("aria-label", file.name);
      this.buttons.pause.addEventListener("click", () => this.pause());
      this.buttons.resume.addEventListener("click", () => this.resume());
      this.buttons.cancel.addEventListener("click", () => this.cancel());
      box.querySelector("[data-rows]").append(this.root);
    }

    async begin() {
      const most = Number(this.words.maxBytes);
      if (this.file.size === 0) return this.refuse(this.words.wordEmpty);
      if (most && this.file.size > most) return this.refuse(fill(this.words.wordLarge, { limit: bytes(most) }));
      const metadata = { filename: this.file.name, filetype: this.file.type, kind: this.kind() };
      this.upload = new tus.Upload(this.file, {
        endpoint: this.words.endpoint,
        headers: { "X-CSRFToken": this.words.csrf },
        metadata,
        chunkSize: Number(this.words.chunkBytes) || CHUNK,
        retryDelays: RETRY,
        removeFingerprintOnSuccess: true,
        onShouldRetry: (error) => this.shouldRetry(error),
        onUploadUrlAvailable: () => this.known(),
        onProgress: (sent, total) => this.progress(sent, total),
        onSuccess: () => this.done(),
        onError: (error) => this.fail(error),
      });
      const earlier = await this.upload.findPreviousUploads();
      if (earlier.length) {
        this.upload.resumeFromPreviousUpload(earlier[earlier.length - 1]);
        this.tell(this.words.wordResuming);
      }
      this.go();
    }

    /* A box for any kind goes by the browser's type, and by the ending where it has none; the server checks the bytes. */
    kind() {
      if (this.words.kind !== "any") return this.words.kind;
      const type = this.file.type.split("/")[0];
      if (type === "video" || type === "image") return type;
      return /\.(mkv|mov|mp4|webm)$/i.test(this.file.name) ? "video" : "file";
    }

    go() {
      active.add(this);
      this.marks = [];
      this.place = new Promise((resolve) => (this.known = resolve));
      this.show("uploading");
      this.upload.start();
    }

    /* Not before the server has named the upload: else it would keep an empty one that nobody knows of. */
    async stop(forGood) {
      if (!active.delete(this) && !forGood) return;
      await this.place;
      await this.upload.abort(forGood).catch(() => {}); // a server that cannot be told forgets it after two days
    }

    async pause() {
      this.show("paused");
      this.tell(this.words.wordPaused);
      this.stopping = Promise.all([this.stopping, this.stop(false)]);
      await this.stopping;
    }

    /* Not before it has stopped: one that the server has not named yet would be begun a second time. */
    async resume() {
      this.show("uploading");
      await this.stopping;
      if (this.root.dataset.state === "uploading" && this.root.isConnected && !active.has(this)) this.go();
    }

    cancel() {
      this.root.remove();
      this.box.uploader.removed(this);
      if (this.upload && !this.id) this.stop(true);
    }

    shouldRetry(error) {
      const status = error.originalResponse ? error.originalResponse.getStatus() : 0;
      this.tell(this.words.wordBroken);
      return status === 0 || status === 409 || status === 423 || status >= 500;
    }

    progress(sent, total) {
      const at = performance.now();
      this.marks.push([at, sent]);
      while (this.marks.length > 2 && at - this.marks[0][0] > 5000) this.marks.shift();
      const [since, from] = this.marks[0];
      const speed = at > since ? ((sent - from) * 1000) / (at - since) : 0;
      const percent = total ? Math.floor((sent * 100) / total) : 0;
      this.bar.value = percent;
      this.percent.textContent = `${percent}%`;
      const values = { sent: bytes(sent), total: bytes(total), speed: bytes(speed), left: this.left((total - sent) / speed) };
      this.note.textContent = fill(speed > 0 ? this.words.wordSpeed : this.words.wordBytes, values);
      if (Math.floor(percent / 10) > this.said) {
        this.said = Math.floor(percent / 10);
        this.box.uploader.announce(`${this.file.name} ${percent}%`);
      }
    }

    left(seconds) {
      if (!Number.isFinite(seconds)) return "—";
      const minutes = Math.floor(seconds / 60);
      return minutes ? fill(this.words.wordMinutes, { n: minutes }) : fill(this.words.wordSeconds, { n: Math.ceil(seconds) });
    }

    done() {
      active.delete(this);
      this.id = idOf(this.upload.url);
      this.show("done");
      this.tell(this.words.wordSent);
      this.box.uploader.finished(this);
      const place = this.root.querySelector("[data-server]");
      place.hidden = false;
      htmx.ajax("GET", `/uploads/${this.id}/progress`, { target: place, swap: "innerHTML" });
    }

    fail(error) {
      active.delete(this);
      this.known();
      const response = error.originalResponse;
      if (response && response.getStatus() >= 400) {
        let detail = "";
        try {
          detail = JSON.parse(response.getBody()).detail;
        } catch {
          detail = this.words.wordRefused;
        }
        return this.refuse(detail);
      }
      this.show("paused");
      this.tell(this.words.wordOffline);
      addEventListener("online", () => this.root.isConnected && !active.has(this) && !this.id && this.go(), { once: true });
    }

    refuse(sentence) {
      this.show("refused");
      this.tell(sentence);
      this.note.setAttribute("role", "alert");
    }

    show(state) {
      this.root.dataset.state = state;
      this.buttons.pause.hidden = state !== "uploading";
      this.buttons.resume.hidden = state !== "paused";
      if (state === "done") this.bar.value = 100;
      if (state === "done") this.percent.textContent = "100%";
    }

    tell(sentence) {
      this.note.textContent = sentence;
    }
  }

  class Uploader {
    constructor(box) {
      this.box = box;
      this.many = "multiple" in box.dataset;
      this.picker = box.querySelector("input[type=file]");
      this.live = box.querySelector("[data-live]");
      this.rows = new Set();
      this.picker.addEventListener("change", () => {
        this.take([...this.picker.files]);
        this.picker.value = "";
      });
      box.addEventListener("dragover", (event) => {
        event.preventDefault();
        box.classList.add("is-over");
      });
      box.addEventListener("dragleave", () => box.classList.remove("is-over"));
      box.addEventListener("drop", (event) => {
        event.preventDefault();
        box.classList.remove("is-over");
        this.take([...event.dataTransfer.files]);
      });
      this.remind();
    }

    take(files) {
      if (!files.length) return;
      this.box.querySelector("[data-unfinished]").hidden = true;
      if (!this.many) {
        files = files.slice(0, 1);
        for (const row of this.rows) row.cancel();
      }
      for (const file of files) {
        const row = new Row(this.box, file);
        this.rows.add(row);
        row.begin();
      }
    }

    finished(row) {
      this.box.querySelector("[data-wait]").hidden = true;
      this.announce(`${row.file.name} ${this.box.dataset.wordSent}`);
      const target = this.box.dataset.targetInput && document.querySelector(this.box.dataset.targetInput);
      if (this.many && target) {
        const copy = target.cloneNode();
        copy.removeAttribute("id");
        copy.value = row.id;
        row.root.append(copy);
      } else if (target) {
        target.value = row.id;
        target.dispatchEvent(new Event("change", { bubbles: true }));
      }
      this.box.dispatchEvent(new CustomEvent("upload:done", { bubbles: true, detail: { id: row.id, name: row.file.name } }));
    }

    removed(row) {
      this.rows.delete(row);
      const target = this.box.dataset.targetInput && document.querySelector(this.box.dataset.targetInput);
      if (target && target.value === row.id) target.value = "";
    }

    announce(text) {
      this.live.textContent = text;
    }

    /* What was left unfinished before the page was closed: the browser asks for the file again, the server has the rest. */
    async remind() {
      const known = await tus.defaultOptions.urlStorage.findAllUploads();
      const names = known.filter((each) => [each.metadata?.kind, "any"].includes(this.box.dataset.kind)).map((each) => each.metadata.filename);
      const hint = this.box.querySelector("[data-unfinished]");
      if (!names.length || !hint) return;
      hint.textContent = fill(this.box.dataset.wordUnfinished, { names: [...new Set(names)].slice(-3).join("、") });
      hint.hidden = false;
    }
  }

  function wire(root) {
    for (const box of root.querySelectorAll("[data-uploader]")) box.uploader ??= new Uploader(box);
  }

  // A form whose file is still on its way waits for it instead of being sent without it.
  document.addEventListener(
    "submit",
    (event) => {
      const busy = [...active].find((row) => event.target.contains(row.box));
      if (!busy) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      busy.box.uploader.announce(busy.words.wordWait);
      busy.box.querySelector("[data-wait]").hidden = false;
    },
    true,
  );
  addEventListener("beforeunload", (event) => {
    if (active.size) event.preventDefault();
  });
  document.addEventListener("htmx:after:swap", () => wire(document));
  wire(document);
})();
