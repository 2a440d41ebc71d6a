package main

import (
	"testing"

	"github.com/mortise-auth/mortise/examples/walk"
)

func TestJourney(t *testing.T) {
	b := walk.Start(t, run)
	b.Open("/").At("/auth/login")
	walk.Enter(t, b, "Kim")
	b.Open("/").See("Hello, Kim!")
}
