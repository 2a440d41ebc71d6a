package main

import (
	"testing"

	"github.com/mortise-auth/mortise/examples/walk"
)

func TestMain(m *testing.M) { walk.Main(m) }

func TestJourney(t *testing.T) {
	l, origin := walk.Listen(t)
	issuer := walk.Mortise(t, "apply.yaml", "http://localhost:3000", origin)
	a, err := connect(t.Context(), issuer, origin)
	if err != nil {
		t.Fatal(err)
	}
	walk.Serve(t, l, a.handler())

	ada := walk.Ada(t)
	ada.Goto(origin)
	ada.Submit("signin")
	ada.SignIn()
	ada.Agree()
	ada.See("Hello, Ada Lovelace (ada@example.test)!")
	ada.Submit("signout")
	ada.See("Sign in")
	ada.Goto(issuer + "/account")
	ada.At("/login") // signed out there too

	// Signed out at Mortise: the app learns of it by itself.
	ada.Goto(origin)
	ada.Submit("signin")
	ada.SignIn()
	ada.See("Hello, Ada Lovelace") // what was agreed to is remembered
	ada.Goto(issuer + "/logout")
	ada.Submit("logout-confirm")
	ada.Until("the app to be told", func() bool { ada.Goto(origin); return ada.Has("signin") })
}
