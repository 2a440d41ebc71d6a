package main

import (
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/examples/walk"
)

func TestMain(m *testing.M) { walk.Main(m) }

// kept is what the app left in IndexedDB: keys that cannot be taken out, and how many
// sign-ins were begun.
const kept = `(async () => {
	const open = (r) => new Promise((done, failed) => { r.onsuccess = () => done(r.result); r.onerror = () => failed(r.error); });
	const db = await open(indexedDB.open("mortise", 1));
	const store = db.transaction("kept").objectStore("kept");
	const [names, values] = await Promise.all([open(store.getAllKeys()), open(store.getAll())]);
	db.close();
	const exported = await Promise.all(values.map((v) => crypto.subtle.exportKey("jwk", v.key.pair.privateKey).then(() => 1, () => 0)));
	return { begun: names.filter((n) => n.includes("pending")).length, all: names.length, exported: exported.reduce((a, b) => a + b, 0), refresh: values.filter((v) => v.refresh).length };
})()`

type vault struct{ Begun, All, Exported, Refresh int }

// TH-8 OA-84 OA-115
func TestJourney(t *testing.T) {
	l, origin := walk.Listen(t)
	issuer := walk.Mortise(t, "apply.yaml", "http://localhost:3000", origin)
	h, closed, err := connect(t.Context(), issuer, origin, "../../sdk/js/dist")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = closed() })
	walk.Serve(t, l, h)
	ada := walk.Ada(t)
	begin := func() {
		t.Helper()
		ada.Until("the button", func() bool { return strings.Contains(ada.Text(""), "Sign in") })
		ada.Submit("signin")
	}
	want := func(what string, want vault) {
		t.Helper()
		var got vault
		ada.Eval(kept, &got)
		if got != want {
			t.Errorf("%s: IndexedDB has %+v, want %+v", what, got, want)
		}
	}

	ada.Goto(origin)
	begin() // abandoned
	ada.Goto(origin)
	begin()
	ada.SignIn()
	ada.Agree()
	ada.See("Hello, ")
	want("signed in", vault{Begun: 1, All: 2, Refresh: 1})
	if strings.Contains(ada.URL(), "code=") {
		t.Errorf("the code stayed in the address: %s", ada.URL())
	}
	ada.Fill("text", "buy oak")
	ada.Click("save")
	ada.See("buy oak")

	ada.Reload() // the key and the refresh token are still there
	ada.See("buy oak")
	second := ada.Another()
	second.Goto(origin)
	walk.Until(t, "the second tab", func() bool { return strings.Contains(second.Text(""), "buy oak") })

	ada.Submit("signout")
	ada.At("/")
	ada.See("You are not signed in.")
	walk.Until(t, "the second tab to follow", func() bool { return strings.Contains(second.Text(""), "You are not signed in.") })
	want("signed out", vault{Begun: 1, All: 1})
	ada.Goto(issuer + "/account")
	ada.At("/login") // signed out there too
	for _, line := range ada.Complaints() {
		if !strings.Contains(line, "use_dpop_nonce") && !strings.Contains(line, "400") && !strings.Contains(line, "401") { // the first request has no nonce
			t.Error(line)
		}
	}
}
