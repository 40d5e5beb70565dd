// The button for zoom and reading of values. The still pictures and tables are complete without it; uPlot and the zoom are
// loaded only when a reader asks for them, from our own origin.
"use strict";
(() => {
  const tools = document.querySelector(".tr-tools");
  if (!tools || !tools.dataset.script) return;
  const button = tools.querySelector("[data-zoom]"), said = tools.querySelector("[role=status]");
  const load = (src) => new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement("script"), { src, onload: resolve, onerror: reject }));
  });
  const first = async () => {
    button.removeEventListener("click", first);
    document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: tools.dataset.style }));
    try {
      await load(tools.dataset.script);
      await load(tools.dataset.zoom);
    } catch {
      said.textContent = said.dataset.failed;
      button.addEventListener("click", first);
    }
  };
  button.addEventListener("click", first);
  tools.hidden = false;
})();
