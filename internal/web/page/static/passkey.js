// Passkeys: what navigator.credentials wants and gives, as forms and JSON carry it.
// A form with data-passkey fetches its question there and posts the answer in its
// field "passkey"; without this file, or without passkeys, nothing of it is shown.
const { credentials } = navigator;
const PKC = window.PublicKeyCredential;
const bytes = (s) => Uint8Array.from(atob(s.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (b) => btoa(String.fromCharCode(...new Uint8Array(b))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const ids = (list) => (list ?? []).map((d) => ({ ...d, id: bytes(d.id) }));

const ask = async (url) => {
  const answer = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store" });
  return answer.status === 200 ? answer.json() : null;
};
const request = (o) => ({ ...o, challenge: bytes(o.challenge), allowCredentials: ids(o.allowCredentials) });
const creation = (o) => ({
  ...o, challenge: bytes(o.challenge), user: { ...o.user, id: bytes(o.user.id) }, excludeCredentials: ids(o.excludeCredentials),
});

// packed is a PublicKeyCredential as JSON.
const packed = (c) => {
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (c.response[part]) response[part] = text(c.response[part]);
  }
  if (c.response.getTransports) response.transports = c.response.getTransports();
  return JSON.stringify({
    id: c.id, rawId: text(c.rawId), type: c.type, response,
    authenticatorAttachment: c.authenticatorAttachment ?? undefined, clientExtensionResults: c.getClientExtensionResults(),
  });
};

// One request at a time: autofill gives way to whatever is asked for (PW-54).
let waiting = null;
const turn = () => { waiting?.abort(); waiting = new AbortController(); return waiting.signal; };
// The form's own submit is hidden by the button of that id.
const submit = (form) => HTMLFormElement.prototype.submit.call(form);
const fill = (form, credential) => { form.querySelector("input[name=passkey]").value = packed(credential); };
const send = (form, credential) => { fill(form, credential); submit(form); };
const say = (form, error) => {
  const note = form.querySelector("[data-failed]");
  if (note && error?.name !== "AbortError") note.hidden = false;
};

// Sign in, or prove that it is you.
const prove = async (form) => {
  const signal = turn();
  const o = await ask(form.dataset.passkey);
  if (o) send(form, await credentials.get({ publicKey: request(o), signal }));
};

// Suggestions in the identifier field, with a new question before the old one is stale.
const suggest = async (form) => {
  if (!await PKC.isConditionalMediationAvailable?.()) return;
  const signal = turn();
  const o = await ask(form.dataset.passkey);
  if (!o || signal.aborted) return;
  const renew = setTimeout(() => { if (!signal.aborted) suggest(form); }, o.timeout * 0.8);
  try {
    send(form, await credentials.get({ publicKey: request(o), signal, mediation: "conditional" }));
  } catch { clearTimeout(renew); }
};

const each = (selector, act) => document.querySelectorAll(selector).forEach(act);
if (PKC && credentials) {
  each("form[data-passkey]", (form) => {
    const button = form.querySelector("[data-passkey-button]");
    button.closest("[hidden]").hidden = false;
    button.addEventListener("click", () => prove(form).catch((e) => { say(form, e); if (form.dataset.suggest) suggest(form); }));
    if (form.dataset.suggest) suggest(form).catch(() => {});
  });

  // A passkey for an account, or for one to be: there its button stands beside the password.
  each("form[data-create]", (form) => {
    const make = () => credentials.create({ publicKey: creation(JSON.parse(form.dataset.create)), signal: turn() })
      .then((c) => send(form, c))
      .catch((e) => { const same = form.querySelector("[data-same]"); if (same && e.name === "InvalidStateError") same.hidden = false; else say(form, e); });
    const button = form.querySelector("[data-passkey-button]");
    if (!button) return form.addEventListener("submit", (event) => { event.preventDefault(); make(); });
    button.closest("[hidden]").hidden = false;
    button.addEventListener("click", make);
  });
  each("[data-with-passkeys]", (box) => { box.hidden = false; });

  // Suggested on each device until somebody says "later".
  each("[data-offer]", (box) => {
    try {
      box.hidden = localStorage.getItem("passkey") === "later";
      box.querySelector("[data-later]").addEventListener("click", () => { localStorage.setItem("passkey", "later"); box.hidden = true; });
    } catch { /* no storage: nothing is suggested */ }
  });

  // What there is now, and what it is called: password managers forget the rest.
  const told = [...document.querySelectorAll("[data-signals]")].map(async (box) => {
    try {
      const s = PKC.signalAllAcceptedCredentials && await ask(box.dataset.signals);
      if (!s) return;
      const { rpId, userId, name, displayName, allAcceptedCredentialIds } = s;
      await PKC.signalAllAcceptedCredentials({ rpId, userId, allAcceptedCredentialIds });
      await PKC.signalCurrentUserDetails?.({ rpId, userId, name, displayName });
    } catch { /* comfort only */ }
  });

  // After a sign-in by password: a passkey without a question, where the browser does
  // that. It comes after what there was before, which would hide it.
  each("form[data-upgrade]", async (form) => {
    try {
      if (!(await PKC.getClientCapabilities?.())?.conditionalCreate) return;
      await Promise.all(told);
      const o = await ask(form.dataset.upgrade);
      if (!o) return;
      fill(form, await credentials.create({ publicKey: creation(o), mediation: "conditional" }));
      await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" });
    } catch { /* the browser would rather not */ }
  });

  // One that just was refused because nobody has it.
  each("[data-forgotten]", (box) => { PKC.signalUnknownCredential?.(JSON.parse(box.dataset.forgotten)).catch(() => {}); });
}
