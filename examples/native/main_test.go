package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/examples/walk"
)

func TestMain(m *testing.M) { walk.Main(m) }

// OA-9
func TestJourney(t *testing.T) {
	issuer := walk.Mortise(t, "apply.yaml")
	ada := walk.Ada(t)
	addresses, done := make(chan string, 1), make(chan error, 1)
	var out bytes.Buffer
	start := func() {
		go func() { done <- run(t.Context(), issuer, func(address string) { addresses <- address }, &out) }()
		select {
		case address := <-addresses:
			ada.Goto(address)
		case err := <-done:
			t.Fatal(err)
		}
	}
	start()
	ada.SignIn()
	ada.Agree()
	ada.See("You can close this window")
	if err := <-done; err != nil || out.String() != "Hello, Ada Lovelace!\n" {
		t.Fatalf("it says %q: %v", out.String(), err)
	}
	start() // a program that anybody could claim to be is asked about each time (RFC 8252, 8.6)
	ada.At("/consent")
	ada.Submit("deny")
	if err := <-done; err == nil || !strings.Contains(err.Error(), "access_denied") {
		t.Errorf("refused, it ends with %v", err)
	}
}
