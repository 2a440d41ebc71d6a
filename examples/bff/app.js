const part = (id) => document.getElementById(id);

async function show() {
  const { subject } = await (await fetch("/bff/session")).json();
  const answer = subject && (await fetch("/api/notes"));
  const inside = Boolean(answer && answer.ok);
  part("who").textContent = inside ? `Hello, ${subject}!` : "You are not signed in.";
  part("signin").hidden = inside;
  part("add").hidden = part("signout").hidden = !inside;
  const { notes } = inside ? await answer.json() : { notes: [] };
  part("list").replaceChildren(...notes.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
}

part("add").onsubmit = async (event) => {
  event.preventDefault();
  await fetch("/api/notes", { method: "POST", body: JSON.stringify({ text: part("text").value }) });
  part("text").value = "";
  await show();
};
await show();
