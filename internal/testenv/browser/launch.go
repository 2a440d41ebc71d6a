package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// patience bounds every single wait.
const patience = 30 * time.Second

// flags keep the browser quiet: it may reach the server under test and nothing else.
var flags = []string{
	"--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
	"--disable-dev-shm-usage", "--disable-quic", "--no-first-run", "--no-default-browser-check",
	"--disable-background-networking", "--disable-component-update", "--disable-sync",
	"--disable-default-apps", "--disable-extensions", "--disable-breakpad",
	"--disable-domain-reliability", "--metrics-recording-only", "--password-store=basic",
	"--use-mock-keychain", "--hide-scrollbars", "--force-color-profile=srgb",
	"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]",
	"--disable-features=Translate,OptimizationHints,MediaRouter,HttpsUpgrades,PasswordLeakDetection",
}

// Browser is one running Chromium. It is safe for concurrent use.
type Browser struct{ conn *conn }

// Launch starts the Chromium at path, with a fresh profile and extra flags. It ends
// with t.
func Launch(t testing.TB, path string, extra ...string) *Browser {
	t.Helper()
	profile, err := os.MkdirTemp("", "mortise-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	toBrowser, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r, fromBrowser, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, append(append([]string{"--user-data-dir=" + profile}, flags...), append(extra, "about:blank")...)...)
	cmd.ExtraFiles = []*os.File{toBrowser, fromBrowser} // file descriptors 3 and 4
	err = cmd.Start()
	toBrowser.Close()
	fromBrowser.Close()
	if err != nil {
		t.Fatalf("browser: %v", err)
	}
	b := &Browser{conn: newConn(r, w)}
	t.Cleanup(func() {
		b.close(cmd)
		w.Close()
		r.Close()
		if err := os.RemoveAll(profile); err != nil {
			t.Logf("browser: %v", err)
		}
	})
	return b
}

// close asks the browser to end, and ends it when it does not.
func (b *Browser) close(cmd *exec.Cmd) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	_ = b.conn.call(ctx, "", "Browser.close", nil, nil)
	_ = cmd.Wait()
}

// Version is what the browser calls itself.
func (b *Browser) Version(t testing.TB) string {
	t.Helper()
	var v struct{ Product string }
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := b.conn.call(ctx, "", "Browser.getVersion", nil, &v); err != nil {
		t.Fatal(fmt.Errorf("browser: %w", err))
	}
	return v.Product
}
