// Small islands on every page: what is live, keyboard in tables, copying of ids, menus, the plan's zoom.
"use strict";

// One stream a browser: the tab that holds the lock listens and tells the others.
(function live() {
  const shown = document.querySelector("[data-live]");
  if (!shown || !window.EventSource) return;
  const channel = new BroadcastChannel("orderloom-live");
  let last = shown.dataset.live; // how far the page had read when it was drawn

  const state = (name, words) => { shown.dataset.state = name; shown.querySelector("span").textContent = words; };
  const tell = (message) => { take(message); channel.postMessage(message); };
  const take = (message) => {
    if (message.state) state(message.state, message.words);
    if (message.told && last && message.told !== last) pulse("all");
    if (message.last) last = message.last;
    if (!message.kind) return;
    pulse(message.kind); pulse(message.kind + "-" + message.id);
  };
  // Many changes at once become one refresh of each fragment; the next follows later than the fragments' own
  // throttle of a second, which would swallow it.
  const waiting = new Map();
  const pulsed = new Map();
  const pulse = (name) => {
    if (waiting.has(name)) return;
    const wait = Math.max(250, 1200 - (performance.now() - (pulsed.get(name) ?? -1200)));
    waiting.set(name, setTimeout(() => {
      waiting.delete(name);
      pulsed.set(name, performance.now());
      document.body.dispatchEvent(new CustomEvent("live:" + name));
    }, wait));
  };
  channel.onmessage = (event) => {
    if (event.data.ask) { if (holding) channel.postMessage({ state: shown.dataset.state, words: shown.querySelector("span").textContent, told: last }); return; }
    take(event.data);
  };

  let holding = false;
  const listen = () => new Promise((resolve) => {
    holding = true;
    const source = new EventSource("/live" + (last ? "?since=" + encodeURIComponent(last) : ""));
    source.onopen = () => tell({ state: "on", words: "Live" });
    source.onerror = () => {
      tell({ state: "lost", words: "Reconnecting" });
      if (source.readyState === EventSource.CLOSED) setTimeout(() => { holding = false; resolve(); }, 5000);
    };
    source.addEventListener("change", (event) => tell({ last: event.lastEventId, ...JSON.parse(event.data) }));
    window.addEventListener("pagehide", () => source.close(), { once: true });
  });
  const hold = () => navigator.locks
    ? navigator.locks.request("orderloom-live", listen).then(hold)
    : listen().then(hold);
  hold();
  channel.postMessage({ ask: true });
})();

// Tables: arrows move, Enter opens, a click anywhere in the row opens.
document.addEventListener("click", (event) => {
  const copied = event.target.closest("button.copy");
  if (copied) {
    navigator.clipboard?.writeText(copied.dataset.copy || copied.textContent.trim());
    copied.dataset.copied = "";
    setTimeout(() => delete copied.dataset.copied, 1200);
    return;
  }
  const opener = event.target.closest("[data-opens]");
  if (opener) { document.getElementById(opener.dataset.opens)?.showModal(); return; }
  if (event.target.closest("[data-closes]")) { event.target.closest("dialog")?.close(); return; }
  const row = event.target.closest("tr[data-href]");
  if (row && !event.target.closest("a, button, input, select, label, summary") && !String(window.getSelection())) {
    if (event.metaKey || event.ctrlKey) window.open(row.dataset.href); else window.location.assign(row.dataset.href);
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "Escape") { for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false; return; }
  if (typing || event.target.closest("dialog, .finds") || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
  const rows = [...document.querySelectorAll("tr[data-href] a.opens")];
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement);
  rows[Math.max(0, Math.min(rows.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)))].focus();
  event.preventDefault();
});

// The plan: wheel or buttons zoom, dragging moves, the fit button shows all of it.
// The view is remembered while fragments of the page are read again.
const views = new Map();
function steer(plan) {
  const svg = plan.querySelector("svg");
  if (!svg || plan.dataset.steered) return;
  plan.dataset.steered = "yes";
  const whole = svg.getAttribute("viewBox").split(" ").map(Number);
  let view = views.get(plan.id) || beginning(whole, svg);
  const show = () => { views.set(plan.id, view); svg.setAttribute("viewBox", view.join(" ")); };
  const zoom = (factor, x = 0.5, y = 0.5) => {
    const [left, top, width, height] = view;
    const scale = Math.min(Math.max(factor, 200 / width), (whole[2] * 1.5) / width);
    view = [left + width * x * (1 - scale), top + height * y * (1 - scale), width * scale, height * scale];
    show();
  };
  show();
  plan.addEventListener("click", (event) => {
    const tool = event.target.closest("[data-zoom]")?.dataset.zoom;
    if (tool === "in") zoom(0.8); else if (tool === "out") zoom(1.25); else if (tool === "fit") { view = [...whole]; show(); }
  });
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = svg.getBoundingClientRect();
    zoom(event.deltaY > 0 ? 1.1 : 0.9, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  }, { passive: false });
  let from = null;
  let dragged = false;
  svg.addEventListener("dragstart", (event) => event.preventDefault());
  svg.addEventListener("pointerdown", (event) => { from = [event.clientX, event.clientY, ...view]; dragged = false; });
  svg.addEventListener("pointermove", (event) => {
    if (!from || !(event.buttons & 1)) { from = null; return; }
    dragged = dragged || Math.hypot(event.clientX - from[0], event.clientY - from[1]) > 5;
    const scale = view[2] / svg.getBoundingClientRect().width;
    view = [from[2] - (event.clientX - from[0]) * scale, from[3] - (event.clientY - from[1]) * scale, view[2], view[3]];
    show();
  });
  svg.addEventListener("click", (event) => { if (dragged) { event.preventDefault(); event.stopPropagation(); } }, true);
}
// The whole plan if it can be read so; else its beginning, at reading size.
function beginning(whole, svg) {
  const room = svg.getBoundingClientRect();
  if (whole[2] <= room.width * 1.25) return [...whole];
  return [0, 0, room.width, room.height];
}
const steerAll = () => document.querySelectorAll(".plan").forEach(steer);
document.addEventListener("DOMContentLoaded", steerAll);
document.addEventListener("htmx:load", steerAll);
// A menu that somebody has open is not pulled away; the next change reads again.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target?.querySelector?.("details.menu[open]") && event.detail.requestConfig?.verb === "get") event.preventDefault();
});
document.addEventListener("htmx:responseError", (event) => { event.detail.elt?.closest("dialog")?.close(); });
// What scrolls sideways or down can be reached by keyboard, and says what it is.
function reachable() {
  for (const part of document.querySelectorAll(".scroll, pre.wire, .secret")) {
    const scrolls = part.scrollWidth > part.clientWidth || part.scrollHeight > part.clientHeight;
    if (!scrolls) { part.removeAttribute("tabindex"); continue; }
    part.tabIndex = 0;
    part.setAttribute("role", "region");
    if (!part.hasAttribute("aria-label")) part.setAttribute("aria-label", (part.closest("section") || document).querySelector("h1, h2, h3")?.textContent.trim() || document.title);
  }
}
document.addEventListener("DOMContentLoaded", reachable);
document.addEventListener("htmx:load", reachable);
window.addEventListener("resize", reachable);
