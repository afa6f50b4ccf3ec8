// A clock face in days, hours, minutes, seconds. Screen readers keep the words beside it.
for (const clock of document.querySelectorAll("[data-clock]")) {
  const face = clock.querySelector(".clock-face");
  const words = clock.querySelector(".clock-words");
  const unit = (name) => face.querySelector(`[data-unit=${name}]`);
  const end = new Date(clock.dataset.clock);
  const two = (value) => String(Math.floor(value)).padStart(2, "0");
  function tick() {
    const left = Math.max(0, Math.floor((end - Date.now()) / 1000));
    if (!left) {
      face.hidden = true;
      words.hidden = false;
      words.textContent = clock.dataset.over;
      clearInterval(timer);
      return;
    }
    unit("d").textContent = String(Math.floor(left / 86400));
    unit("h").textContent = two((left % 86400) / 3600);
    unit("m").textContent = two((left % 3600) / 60);
    unit("s").textContent = two(left % 60);
    face.hidden = false;
    words.hidden = true;
  }
  const timer = setInterval(tick, 1000);
  tick();
}
