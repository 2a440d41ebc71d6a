package main

import (
	"net/url"
	"testing"

	"github.com/mortise-auth/mortise/examples/walk"
	"github.com/mortise-auth/mortise/mortisetest"
)

func TestJourney(t *testing.T) {
	b := walk.Start(t, run)
	b.Open("/").At("/auth/login")
	walk.Enter(t, b, "Kim")
	b.Open("/").See("Notes of Kim").See("None yet.")
	b.Fill("text", "buy oak").Submit().At("/").See("buy oak")
}

// What htmx sends with a session that ended makes the page load again.
func TestSessionEnds(t *testing.T) {
	srv := mortisetest.NewServer(t)
	h := app(srv.Auth)
	kim := srv.User(t)
	part := kim.Post("/notes", url.Values{"text": {"buy oak"}})
	part.Header.Set("HX-Request", "true")
	mortisetest.Do(t, h, part).Status(200).See("buy oak")
	mortisetest.Do(t, h, kim.Get("/htmx.min.js")).Status(200).See("htmx")

	stranger := srv.Request(t, "GET", "/notes", nil)
	stranger.Header.Set("HX-Request", "true")
	if to := mortisetest.Do(t, h, stranger).Status(401).Header.Get("HX-Redirect"); to != "/" {
		t.Errorf("HX-Redirect is %q", to)
	}
}
