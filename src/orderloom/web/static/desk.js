// The search over everything and the list of keys, on every page.
"use strict";

(function search() {
  const box = document.querySelector("[data-find]");
  const panel = document.getElementById("found");
  if (!box || !panel) return;
  const least = 1;
  const open = (is) => { panel.hidden = !is; };
  const hits = () => [...panel.querySelectorAll("a.hit")];

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    const called = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
    if (called || (!typing && event.key === "/")) {
      document.querySelector("dialog[open]")?.close();
      box.focus(); box.select(); event.preventDefault(); return;
    }
    if (!typing && event.key === "?" && !document.querySelector("dialog[open]")) {
      document.getElementById("keys")?.showModal(); event.preventDefault(); return;
    }
    if (!event.target.closest("form.find")) return;
    if (event.key === "Escape") { open(false); box.focus(); event.preventDefault(); return; }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const all = hits();
    if (!all.length || panel.hidden) return;
    const at = all.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    (at < 0 ? box : all[Math.min(at, all.length - 1)]).focus();
    event.preventDefault();
  });
  // What is shown answers what stands in the box now: an emptied box shows nothing, and is not asked about.
  box.addEventListener("input", () => { if (box.value.trim().length < least) open(false); });
  box.addEventListener("focus", () => { if (panel.childElementCount && box.value.trim()) open(true); });
  panel.addEventListener("htmx:afterSwap", () => open(box.value.trim().length >= least && box.closest("form").contains(document.activeElement)));
  document.addEventListener("click", (event) => { if (!event.target.closest("form.find")) open(false); });
  document.addEventListener("focusin", (event) => { if (!event.target.closest("form.find")) open(false); });
})();
