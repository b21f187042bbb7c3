// The shop's one script. Every page works without it; it adds live prices, waiting, copying and a countdown.
// It holds no texts: words come from data attributes, drawn by the server in the reader's language.

const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => root.querySelectorAll(selector);
const store = (name, value) => { // a browser may forbid storage; then the page only loses a comfort
  try {
    if (value === undefined) return sessionStorage.getItem(name);
    value === null ? sessionStorage.removeItem(name) : sessionStorage.setItem(name, value);
  } catch { return null; }
};
const ask = (url, options = {}) => fetch(url, { ...options, headers: { "X-Fragment": "1", Accept: "text/html", ...options.headers } });

// --- copy ---------------------------------------------------------------------------------------------------------
async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // in-app browsers: select and use the old command
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "sr";
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus();
  }
  const label = $("span", button), before = button.dataset.label ??= label.textContent;
  label.textContent = button.dataset.done;
  clearTimeout(button.timer);
  button.timer = setTimeout(() => { label.textContent = before; }, 2000);
}

// --- submit once --------------------------------------------------------------------------------------------------
function busy(form, button, on) {
  form.dataset.sent = on ? "1" : "";
  if (!button?.dataset.busy) return;
  const label = $("span", button) ?? button, before = button.dataset.before ??= label.textContent;
  label.textContent = on ? button.dataset.busy : before;
  on ? button.setAttribute("aria-busy", "true") : button.removeAttribute("aria-busy");
}

// --- live total ---------------------------------------------------------------------------------------------------
let quoting, turn = 0;
function quote(form) {
  clearTimeout(quoting);
  const mine = ++turn;
  quoting = setTimeout(async () => {
    const chosen = new FormData(form), asked = new URLSearchParams();
    for (const name of ["sku", "quantity", "channel"]) if (chosen.get(name)) asked.set(name, chosen.get(name));
    const sum = $("#sum");
    sum.setAttribute("aria-busy", "true");
    try {
      const answer = await ask(`${form.dataset.quote}?${asked}`);
      const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("sum");
      if (next && mine === turn) { // a slow answer to an older question is dropped
        sum.replaceChildren(...next.childNodes);
        $("[data-bar-total]", form).textContent = next.dataset.total || "—";
      }
    } catch { /* offline: the server asks to confirm the total anyway */ } finally { sum.removeAttribute("aria-busy"); }
  }, 150);
}

// --- choices that go together --------------------------------------------------------------------------------------
function together(form) {
  for (const option of all("option[data-only]", form)) {
    const fits = option.dataset.only.split(";").every((rule) => {
      const [name, values] = rule.split("=");
      const chosen = form.elements[name]?.value;
      return !chosen || values.split(",").includes(chosen);
    });
    option.hidden = option.disabled = !fits;
    if (!fits && option.selected) option.parentElement.value = "";
  }
}

// --- the order page -----------------------------------------------------------------------------------------------
const flag = (stage) => `paying:${stage.dataset.order}`;
let waiting, pause = 0;

function swap(text) {
  const next = new DOMParser().parseFromString(text, "text/html").getElementById("stage");
  const stage = $("#stage");
  if (!next || !stage) return location.reload();
  stage.replaceWith(next);
  dress(next);
  document.title = document.title.replace(stage.dataset.title, next.dataset.title);
  begin(next);
  $("[data-headline]", next)?.focus();
}

async function poll(stage) {
  if (document.hidden) return;
  try {
    const answer = await ask(stage.dataset.status, { headers: { "X-State": stage.dataset.state } });
    if (!stage.isConnected) return; // the buyer was faster: what he opened stays
    if (answer.status === 200) { pause = 0; return swap(await answer.text()); }
    if (answer.status === 404) return;
  } catch { /* offline: ask again */ }
  pause = Math.max(Math.min(pause * 1.3, 5000), stage.dataset.poll * 1000);
  waiting = setTimeout(poll, pause, stage);
}

async function reveal(form) {
  const button = $("button", form);
  busy(form, button, true);
  try {
    const answer = await ask(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    swap(await answer.text());
  } catch { busy(form, button, false); }
}

function begin(stage) {
  clearTimeout(waiting);
  const seconds = Number(stage.dataset.poll), form = $("form[data-reveal]", stage);
  if (seconds === 1) store(flag(stage), "1"); // this tab saw the order unpaid: its card opens by itself, once
  if (form && store(flag(stage)) && (!seconds || form.dataset.reveal === "self")) {
    store(flag(stage), null);
    if (form.dataset.reveal === "self") return reveal(form);
  }
  if (!seconds) return;
  pause = Math.max(pause, seconds * 1000);
  waiting = setTimeout(poll, pause, stage);
}

// --- everything that a fresh part of the page needs -----------------------------------------------------------------
function dress(root) {
  for (const clock of all("[data-until]", root)) {
    const skew = Date.parse(clock.dataset.now) - Date.now();
    const tick = () => {
      if (!clock.isConnected) return;
      const left = Math.max(0, Math.round((Date.parse(clock.dataset.until) - Date.now() - skew) / 1000));
      clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      if (left) setTimeout(tick, 1000);
    };
    tick();
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button");
  if (!button) return;
  if (button.dataset.copy) copy(button, document.getElementById(button.dataset.copy).textContent);
  if (button.dataset.copyAll) {
    const cards = [...all(".secret", document.getElementById(button.dataset.copyAll))];
    copy(button, cards.map((card) => [...all(".secret-text", card)].map((part) => part.textContent).join("\t")).join("\n"));
  }
  if (button.dataset.step) {
    const field = $("input", button.parentElement);
    field.value = Math.max(1, (parseInt(field.value, 10) || 0) + Number(button.dataset.step));
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
});
document.addEventListener("input", (event) => {
  const form = event.target.form, another = $("#saved-another");
  if (another && event.target.name.startsWith("account_")) another.checked = true; // where the style does not hide what is typed beside it
  if (form?.dataset.quote && event.target.matches("select")) together(form);
  if (form?.dataset.quote && ["sku", "quantity", "channel"].includes(event.target.name)) quote(form);
});
document.addEventListener("submit", (event) => {
  const form = event.target, button = event.submitter;
  if (form.hasAttribute("data-themes")) {
    event.preventDefault();
    document.documentElement.dataset.theme = button.value;
    for (const one of all("button", form)) one.setAttribute("aria-pressed", String(one === button));
    const chosen = new URLSearchParams(new FormData(form));
    chosen.set("theme", button.value);
    ask(form.action, { method: "POST", body: chosen });
  } else if (form.dataset.sent) {
    event.preventDefault();
  } else if (form.hasAttribute("data-reveal")) {
    event.preventDefault();
    reveal(form);
  } else if (form.hasAttribute("data-once") && !button?.name) {
    busy(form, button?.dataset.busy ? button : $("[data-busy]", form), true);
  }
});
addEventListener("pageshow", (event) => { // back from the payment: the form may be used again, the page asks anew
  if (!event.persisted) return;
  for (const form of all("form[data-sent]")) busy(form, $("[data-busy]", form), false);
  if ($("#stage")) location.reload();
});
document.addEventListener("visibilitychange", () => {
  const stage = $("#stage");
  if (!document.hidden && Number(stage?.dataset.poll)) { clearTimeout(waiting); poll(stage); }
});

document.documentElement.classList.add("js");
dress(document);
for (const form of all("form[data-quote]")) together(form);
if ($("#stage")) {
  if (location.search) history.replaceState(null, "", location.pathname); // a reload shows the page, not the question again
  begin($("#stage"));
}
$("[data-focus]")?.focus();
