package testenv

import (
	"os"
	"os/exec"
	"testing"
)

// Chromium returns the path of a browser: MORTISE_TEST_CHROMIUM or an installed one.
func Chromium(t testing.TB) string {
	t.Helper()
	if p := os.Getenv("MORTISE_TEST_CHROMIUM"); p != "" {
		return p
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
	}
	t.Fatal("testenv: there is no Chromium. Run make test once, it installs what is missing, or set MORTISE_TEST_CHROMIUM.")
	return ""
}
