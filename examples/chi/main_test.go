package main

import (
	"testing"
	"time"

	"github.com/mortise-auth/mortise/examples/walk"
	"github.com/mortise-auth/mortise/mortisetest"
)

func TestJourney(t *testing.T) {
	b := walk.Start(t, run)
	b.Open("/").See("Hello, stranger!")
	walk.Enter(t, b, "Kim")
	b.Open("/").See("Hello, Kim!")
	b.Open("/notes/").See("The notes of Kim")
}

func TestWhoMayDoWhat(t *testing.T) {
	srv := mortisetest.NewServer(t)
	h := app(srv.Auth)
	kim, admin := srv.User(t), srv.User(t, mortisetest.Role("admin"))
	mortisetest.Do(t, h, srv.Request(t, "POST", "/notes/", nil)).Problem(401, "not_signed_in")
	mortisetest.Do(t, h, kim.Post("/notes/", nil)).Status(201)
	mortisetest.Do(t, h, kim.Delete("/notes/1")).Problem(403, "missing_role")
	mortisetest.Do(t, h, admin.Delete("/notes/1")).Status(204)
	srv.Clock.Advance(11 * time.Minute)
	mortisetest.Do(t, h, admin.Delete("/notes/1")).Problem(403, "sign_in_again")
}
