// Keys of the lists, and the line of progress. Every page works without it.
"use strict";
const items = [...document.querySelectorAll(".item")];
const typing = (element) => element.closest("input, select, textarea, summary");
function move(by) {
  const here = items.indexOf(document.activeElement.closest(".item"));
  const next = items[Math.min(items.length - 1, Math.max(0, here + by))];
  if (next) next.focus();
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const key = event.key.toLowerCase();
  if (key === "j") move(1);
  else if (key === "k") move(-1);
  else if (key === "s" || key === "d") {
    const item = document.activeElement.closest(".item");
    const button = item && item.querySelector(`button[data-key="${key}"]`);
    if (button) button.click();
  } else return;
  event.preventDefault();
});
for (const button of document.querySelectorAll("button[data-skip]")) {
  button.addEventListener("click", () => { button.closest(".item").focus(); move(1); });
}
if (document.querySelector("button[data-key]")) {
  const first = document.querySelector(".item.open");
  if (first && first.matches("[tabindex]")) first.focus({ preventScroll: location.search === "" });
}
const line = document.querySelector("[data-events]");
if (line) {
  const told = line.querySelector("[data-progress]");
  const source = new EventSource(line.dataset.events);
  source.onmessage = (event) => {
    const now = JSON.parse(event.data);
    if (!now.running) { source.close(); location.reload(); return; }
    told.textContent = now.line;
  };
}
