"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const root = document.documentElement;

  const theme = document.getElementById("theme");
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const name = () => { theme.textContent = dark() ? "Light" : "Dark"; theme.setAttribute("aria-label", `Switch to ${dark() ? "light" : "dark"} colours`); };
  theme.hidden = false;
  theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; name(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
  name();

  all("[name=metric]").forEach((choice) => choice.addEventListener("change", () =>
    all(".metric").forEach((plot) => { plot.hidden = plot.dataset.metric !== choice.value; })));

  const select = document.getElementById("class");
  const count = document.getElementById("count");
  const verdicts = all("[name=verdict]");
  const filter = () => {
    const wanted = new Set(verdicts.filter((box) => box.checked).map((box) => box.value));
    let classes = 0, pictures = 0;
    all("[data-key]").forEach((card) => {
      card.hidden = select.value !== "" && card.dataset.key !== select.value;
      classes += !card.hidden;
      all("[data-verdict]", card).forEach((button) => {
        button.hidden = !wanted.has(button.dataset.verdict);
        pictures += !card.hidden && !button.hidden;
      });
    });
    const words = (n, one, many) => `${n} ${n === 1 ? one : many}`;
    count.textContent = words(classes, "class", "classes") + (verdicts.length ? `, ${words(pictures, "synthetic picture", "synthetic pictures")}` : "");
  };
  if (select) {
    document.querySelector(".filters").hidden = false;
    select.addEventListener("change", filter);
    verdicts.forEach((box) => box.addEventListener("change", filter));
    filter();
  }

  const dialog = document.querySelector("dialog");
  if (dialog) {
    const others = JSON.parse(document.getElementById("others").textContent);
    const source = (id) => others[id] || document.querySelector(`img[data-real="${CSS.escape(id)}"]`)?.src;
    const part = (selector) => dialog.querySelector(selector);
    let shown = null;
    const words = {script: "the script, its source", source: "real, its source", pool: "pool, nearest by pixels"};
    const figure = (src, caption) => {
      const made = document.createElement("figure"), image = document.createElement("img"), text = document.createElement("figcaption");
      image.src = src; image.alt = caption; text.textContent = caption;
      made.append(image, text);
      return made;
    };
    const show = (button) => {
      shown = button;
      const data = button.dataset;
      part("h2").textContent = data.title;
      part(".about").textContent = data.about;
      const near = JSON.parse(data.near).map(([by, id]) => [source(id), words[by] || `real, nearest by ${by}`]).filter(([src]) => src);
      part(".row").replaceChildren(figure(button.querySelector("img").src, "synthetic"), ...near.map(([src, caption]) => figure(src, caption)));
      if (!dialog.open) dialog.showModal();
    };
    const step = (by) => {
      const visible = all(".sheet button").filter((button) => button.offsetParent !== null);
      show(visible[(visible.indexOf(shown) + by + visible.length) % visible.length]);
    };
    all(".sheet button").forEach((button) => { button.disabled = false; button.addEventListener("click", () => show(button)); });
    part(".before").addEventListener("click", () => step(-1));
    part(".after").addEventListener("click", () => step(1));
    part(".close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("close", () => shown?.focus());
    dialog.addEventListener("keydown", (event) => {
      if (event.key === "ArrowLeft") step(-1);
      if (event.key === "ArrowRight") step(1);
    });
  }

  addEventListener("beforeprint", () => all("details").forEach((part) => { part.open = true; }));
})();
