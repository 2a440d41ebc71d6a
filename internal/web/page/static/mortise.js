// Comfort only: every page works without this file, and what it adds does not
// exist without it.
const all = (selector, act) => document.querySelectorAll(selector).forEach(act);
const make = (tag, props) => Object.assign(document.createElement(tag), props);
const svg = (paths) => {
  const node = new DOMParser().parseFromString(
    `<svg xmlns="http://www.w3.org/2000/svg" class="icon" viewBox="0 0 24 24" aria-hidden="true">${paths}</svg>`, "image/svg+xml");
  return document.importNode(node.documentElement, true);
};

// Show and hide a password.
const eye = '<path d="M2.06 12.35a1 1 0 0 1 0-.7 10.75 10.75 0 0 1 19.88 0 1 1 0 0 1 0 .7 10.75 10.75 0 0 1-19.88 0"/><circle cx="12" cy="12" r="3"/><path class="slash" d="m4 4 16 16"/>';
all("input[type=password][data-show]", (input) => {
  const button = make("button", { type: "button", className: "reveal", title: input.dataset.show });
  const say = (shown) => {
    input.type = shown ? "text" : "password";
    button.title = shown ? input.dataset.hide : input.dataset.show;
    button.setAttribute("aria-label", input.dataset.show);
    button.setAttribute("aria-pressed", String(shown));
  };
  button.append(svg(eye));
  button.setAttribute("aria-controls", input.id);
  button.addEventListener("click", () => { say(input.type === "password"); input.focus(); });
  input.form?.addEventListener("submit", () => say(false));
  say(false);
  input.after(button);
});

// A bar that fills while a new password grows; the server decides.
all("input[data-least]", (input) => {
  const bar = make("div", { className: "strength" });
  const fill = make("i", {});
  bar.setAttribute("aria-hidden", "true");
  bar.append(fill);
  input.parentElement.after(bar);
  input.addEventListener("input", () => {
    const share = Math.min(1, [...input.value.normalize("NFC")].length / Number(input.dataset.least));
    fill.style.setProperty("--filled", share);
    bar.classList.toggle("enough", share === 1);
  });
});

// Keep the button shut until a waiting time is over.
all("[data-wait]", (box) => {
  const shut = [...document.querySelectorAll("main #submit")];
  const until = performance.now() + 1000 * Number(box.dataset.wait);
  shut.forEach((b) => { b.disabled = true; });
  const open = () => { clearInterval(timer); shut.forEach((b) => { b.disabled = false; }); };
  const timer = setInterval(() => {
    if (performance.now() < until) return;
    open();
    box.querySelector(".alert-wait")?.remove();
  }, 250);
  document.getElementById("identifier")?.addEventListener("input", open); // another account need not wait
});

// Copy what is worth copying.
all("[data-copy]", (code) => {
  if (!navigator.clipboard) return;
  const button = make("button", { type: "button", className: "copy", textContent: code.dataset.copy });
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(code.textContent.trim());
    button.textContent = code.dataset.copied;
    setTimeout(() => { button.textContent = code.dataset.copy; }, 2000);
  });
  code.after(button);
});

// Times in the zone of whoever reads, in the page's language as their region
// writes it.
const { lang } = document.documentElement;
const region = navigator.languages.find((l) => l.split("-")[0] === lang) ?? lang;
const zoned = new Intl.DateTimeFormat(region === "en" ? "en-GB" : region, { dateStyle: "medium", timeStyle: "short" });
all("time[data-local]", (time) => { time.textContent = zoned.format(new Date(time.dateTime)); });

// Change colours at once, without losing what was typed.
all("form.prefs", (form) => form.addEventListener("submit", (event) => {
  if (event.submitter?.name !== "theme") return;
  event.preventDefault();
  const chosen = event.submitter.value;
  if (chosen) document.documentElement.dataset.theme = chosen;
  else delete document.documentElement.dataset.theme;
  form.querySelectorAll("[name=theme]").forEach((b) => b.setAttribute("aria-pressed", String(b === event.submitter)));
  const body = new URLSearchParams(new FormData(form, event.submitter));
  fetch(form.action, { method: "POST", body, redirect: "manual", keepalive: true }).catch(() => {});
}));

// On a small screen, bring the current entry of the menu into sight.
document.querySelector(".menu [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// An answer on its way to an app.
document.querySelector("form[data-send]")?.submit();
