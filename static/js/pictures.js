// Choosing pictures in a form: each file goes up resumably at once, its id stands in a hidden field.
for (const box of document.querySelectorAll("[data-pictures]")) {
  const list = box.querySelector(".picture-list");
  const input = box.querySelector("[data-picture-input]");
  const status = box.querySelector(".picture-status");
  const { wait, failed, remove, full, done, most } = box.dataset;
  const token = box.closest("form").querySelector("[name=csrf_token]").value;
  const room = () => Number(most) - list.children.length;

  function card(file) {
    const item = document.createElement("li");
    const thumb = document.createElement("span");
    thumb.className = "thumb";
    const picture = document.createElement("img");
    picture.src = URL.createObjectURL(file);
    picture.alt = file.name;
    const bar = document.createElement("progress");
    bar.max = file.size;
    bar.value = 0;
    bar.setAttribute("aria-label", `${wait} ${file.name}`);
    thumb.append(picture);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-quiet btn-sm";
    button.dataset.pictureRemove = "";
    button.textContent = remove;
    item.append(thumb, bar, button);
    list.append(item);
    return { item, bar };
  }

  function send(file) {
    const { item, bar } = card(file);
    const upload = new tus.Upload(file, {
      endpoint: "/uploads/files",
      retryDelays: [0, 1000, 3000, 5000],
      headers: { "X-CSRFToken": token },
      metadata: { filename: file.name, filetype: file.type, kind: "image" },
      onProgress: (sent) => (bar.value = sent),
      onError: () => {
        item.remove();
        status.textContent = `${failed}: ${file.name}`;
      },
      onSuccess: () => {
        const field = document.createElement("input");
        field.type = "hidden";
        field.name = "image_ids";
        field.value = upload.url.split("/").pop();
        bar.remove();
        item.prepend(field);
        status.textContent = `${file.name}: ${done}`;
      },
    });
    item.upload = upload;
    upload.start();
  }

  input.addEventListener("change", () => {
    for (const file of input.files) {
      if (room() > 0) send(file);
      else status.textContent = full;
    }
    input.value = "";
  });
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-picture-remove]");
    if (!button) return;
    const item = button.closest("li");
    item.upload?.abort();
    item.remove();
    input.focus();
  });
}
