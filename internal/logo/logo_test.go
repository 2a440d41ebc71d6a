package logo

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

type keys struct{}

func (keys) MAC(purpose string, parts ...[]byte) [32]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%s|%q", purpose, parts))
}

// web answers by address.
type web struct {
	pages map[string]string
	asked atomic.Int64
	wait  chan struct{} // nil: at once
}

func (w *web) Fetch(ctx context.Context, address string, most int64) (int, []byte, error) {
	w.asked.Add(1)
	if w.wait != nil {
		<-w.wait
	}
	body, ok := w.pages[address]
	switch {
	case !ok:
		return 404, nil, nil
	case int64(len(body)) > most:
		return 0, nil, errors.New("too large")
	}
	return 200, []byte(body), ctx.Err()
}

const png = "\x89PNG\r\n\x1a\nrest"

type rig struct {
	*Book
	*web
	at time.Time
}

func newRig(pages map[string]string) *rig {
	r := &rig{web: &web{pages: pages}, at: time.Date(2033, 1, 2, 3, 4, 5, 0, time.UTC)}
	r.Book = New(r.web, keys{}, func() time.Time { return r.at }, slog.New(slog.DiscardHandler))
	return r
}

// show follows a link as a browser would.
func (r *rig) show(t *testing.T, link string) (Image, error) {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	return r.Get(t.Context(), strings.TrimPrefix(u.Path, Path), u.Query().Get("u"))
}

// OA-71: only what begins as a picture is given on, as what it is.
func TestKinds(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		png: "image/png", "\xff\xd8\xff\xe0x": "image/jpeg", "GIF89a...": "image/gif", "RIFF\x01\x02\x03\x04WEBPVP8 ": "image/webp",
		"<svg xmlns='http://www.w3.org/2000/svg'/>": "", "<!doctype html>": "", "": "", "\x89PNG": "", "RIFF1234WAVEfmt ": "",
		png + strings.Repeat("x", MaxBytes): "",
	} {
		r := newRig(map[string]string{"https://app.example/logo": body})
		got, err := r.show(t, r.URL("https://app.example/logo"))
		if got.Type != want || (err == nil) != (want != "") || want != "" && string(got.Body) != body {
			t.Errorf("%.20q: %q, %v", body, got.Type, err)
		}
	}
}

// OA-71: whoever makes an address up is refused before anything is fetched.
func TestOnlyOurLinks(t *testing.T) {
	t.Parallel()
	r := newRig(map[string]string{"https://app.example/logo": png, "https://other.example/": png})
	own := r.URL("https://app.example/logo")
	for _, link := range []string{
		Path + "?u=https://other.example/", strings.Replace(own, "app", "other", 1), Path + "x?u=https://app.example/logo", strings.Split(own, "?")[0],
	} {
		if _, err := r.show(t, link); !errors.Is(err, ErrNone) {
			t.Errorf("%s: %v", link, err)
		}
	}
	if n := r.asked.Load(); n != 0 {
		t.Errorf("%d fetches for links that are not ours", n)
	}
	if r.URL("") != "" || r.URL(strings.Repeat("x", maxURI+1)) != "" {
		t.Error("a link to nothing")
	}
}

// Whoever looks at a page is nothing the other server can count: it is asked once
// a day, and after a failure not for a while.
func TestOncePerDay(t *testing.T) {
	t.Parallel()
	r := newRig(map[string]string{"https://app.example/logo": png})
	good, bad := r.URL("https://app.example/logo"), r.URL("https://app.example/gone")
	for range 3 {
		if _, err := r.show(t, good); err != nil {
			t.Fatal(err)
		}
		if _, err := r.show(t, bad); !errors.Is(err, ErrNone) {
			t.Fatal(err)
		}
	}
	if n := r.asked.Load(); n != 2 {
		t.Errorf("asked %d times", n)
	}
	r.at = r.at.Add(keepNone)
	_, _ = r.show(t, good)
	_, _ = r.show(t, bad)
	if n := r.asked.Load(); n != 3 {
		t.Errorf("asked %d times after ten minutes", n)
	}
	r.at = r.at.Add(keep)
	if _, err := r.show(t, good); err != nil || r.asked.Load() != 4 {
		t.Errorf("%v, asked %d times the next day", err, r.asked.Load())
	}
}

// Many at once are one fetch, and memory is bounded.
func TestOneFlightAndBounds(t *testing.T) {
	t.Parallel()
	r := newRig(map[string]string{"https://app.example/logo": png})
	r.wait = make(chan struct{})
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := r.show(t, r.URL("https://app.example/logo")); err != nil {
				t.Error(err)
			}
		})
	}
	close(r.wait)
	wg.Wait()
	if n := r.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	for i := range 3 * maxKept {
		_, _ = r.show(t, r.URL(fmt.Sprintf("https://app.example/%d", i)))
	}
	if n := len(r.kept); n > maxKept {
		t.Errorf("%d pictures are kept", n)
	}
}
