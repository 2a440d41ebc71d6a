import { createRedirectClient } from "/sdk/redirect.js";

const part = (id) => document.getElementById(id);
const api = location.origin + "/api";
const auth = createRedirectClient({
  issuer: document.querySelector("meta[name=issuer]").content,
  clientId: "spa",
  redirectUri: location.origin + "/",
  scope: "openid profile notes:read notes:write",
  resource: api,
});

async function show() {
  const { status, user } = auth.session;
  const inside = status === "signed-in";
  part("who").textContent = inside ? `Hello, ${user?.name ?? user?.id}!` : "You are not signed in.";
  part("signin").hidden = inside;
  part("add").hidden = part("signout").hidden = !inside;
  const answer = inside && (await auth.fetch(api + "/notes"));
  const { notes } = answer && answer.ok ? await answer.json() : { notes: [] };
  part("list").replaceChildren(...notes.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
}

part("signin").onclick = () => auth.signIn();
part("signout").onclick = () => auth.signOut({ returnTo: location.origin + "/" }); // at the issuer too
part("add").onsubmit = async (event) => {
  event.preventDefault();
  await auth.fetch(api + "/notes", { method: "POST", body: JSON.stringify({ text: part("text").value }) });
  part("text").value = "";
  await show();
};
auth.onChange(() => void show());

try {
  if (!(await auth.handleCallback())) {
    await auth.refresh();
  }
  await show();
} catch (problem) {
  part("who").textContent = `${problem.code}: ${problem.message}`;
  part("signin").hidden = false;
}
