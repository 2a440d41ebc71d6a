package clients

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// script is a program under node/. It says on its standard output what it wants of
// the person, and what it found right:
//
//	VISIT https://…   the person goes there, and on until they leave our pages
//	OK what           another check passed
//	DONE              it ran to its end
func (w *world) script(t *testing.T, file, client, email string) (passed []string) {
	t.Helper()
	if _, err := os.Stat("node/node_modules"); err != nil {
		t.Fatalf("%v; scripts/install-test-clients installs the libraries", err)
	}
	settings, err := json.Marshal(map[string]string{
		"issuer": w.issuer, "origin": w.at(client), "port": w.ports[client], "cert": w.cert, "key": w.key, "signing": w.signing, "secret": secret,
		"things": "https://things.example.test", "tools": w.ports["mcp"],
	})
	must(t, err)
	cmd := exec.CommandContext(t.Context(), "node", "node/"+file, string(settings))
	cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+w.cert)
	var log buffer
	return w.converse(t, run(t, cmd, &log), email)
}

func (w *world) converse(t *testing.T, lines *bufio.Scanner, email string) (passed []string) {
	t.Helper()
	p := w.person(t, email)
	for lines.Scan() {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "VISIT":
			p.walk(rest)
		case "OK":
			passed = append(passed, rest)
			t.Logf("%s", rest)
		case "DONE":
			return passed
		}
	}
	t.Fatalf("the script ended early, after %q", passed)
	return nil
}

// ran wants exactly these checks, so that none is left out unseen.
func ran(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("it ran\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}
