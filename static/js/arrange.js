// Order a list by dragging; every order is also reached by the buttons of its rows.
for (const list of document.querySelectorAll("[data-arrange]")) {
  let held = null;
  let before = "";
  const order = () => [...list.children].map((row) => row.dataset.film);
  for (const row of list.children) {
    row.draggable = true;
    row.addEventListener("dragstart", (event) => {
      held = row;
      before = order().join();
      event.dataTransfer.effectAllowed = "move";
      row.classList.add("is-held");
    });
    row.addEventListener("dragend", () => {
      row.classList.remove("is-held");
      held = null;
      if (order().join() !== before) save();
    });
  }
  list.addEventListener("dragover", (event) => {
    const over = event.target.closest("li");
    if (!held) return;
    event.preventDefault();
    if (!over || over === held) return;
    const box = over.getBoundingClientRect();
    over[event.clientY > box.top + box.height / 2 ? "after" : "before"](held);
  });
  list.addEventListener("drop", (event) => event.preventDefault());

  async function save() {
    const body = new URLSearchParams([["csrf_token", list.dataset.csrf], ["do", "order"], ...order().map((id) => ["video_ids", id])]);
    // The page comes back with the buttons of the new order; what was not taken shows as it was.
    await fetch(list.dataset.arrange, { method: "POST", body, redirect: "manual" }).catch(() => null);
    location.reload();
  }
}
