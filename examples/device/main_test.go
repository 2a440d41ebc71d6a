package main

import (
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/examples/walk"
)

func TestMain(m *testing.M) { walk.Main(m) }

var shown = regexp.MustCompile(`Open (\S+) and enter (\S+),`)

func TestJourney(t *testing.T) {
	issuer := walk.Mortise(t, "apply.yaml")
	ada := walk.Ada(t)
	screen, out := io.Pipe()
	go func() { out.CloseWithError(run(t.Context(), issuer, out)) }()
	address, code := read(t, screen)

	ada.Goto(address)
	ada.SignIn()
	ada.At("/device")
	ada.Fill("code", strings.ToLower(strings.ReplaceAll(code, "-", " "))) // as people type
	ada.Submit("submit")
	if got := ada.Text("user-code"); got != code {
		t.Errorf("the page shows %q, the device %q", got, code)
	}
	ada.See("Living room TV")
	ada.Submit("approve")
	rest, err := io.ReadAll(screen)
	if err != nil || string(rest) != "Hello, Ada Lovelace!\n" {
		t.Errorf("it says %q: %v", rest, err)
	}
}

// read waits until the screen shows a QR code and what to do.
func read(t *testing.T, screen io.Reader) (address, code string) {
	t.Helper()
	var text strings.Builder
	for part := make([]byte, 4096); ; {
		n, err := screen.Read(part)
		text.Write(part[:n])
		if m := shown.FindStringSubmatch(text.String()); m != nil {
			if strings.Count(text.String(), "█") < 20 {
				t.Errorf("there is no QR code:\n%s", text.String())
			}
			return m[1], m[2]
		}
		if err != nil {
			t.Fatalf("it ended with %v:\n%s", err, text.String())
		}
	}
}
