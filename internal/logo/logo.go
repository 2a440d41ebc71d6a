package logo

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/base64"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
)

// ErrNone: there is no picture, or none that may be shown.
var ErrNone = problem.New(problem.NotFound, "logo_unknown", "There is no such picture.")

// Path is where pictures are served, with the MAC and the query u behind it.
const Path = "/client-logo/"

const (
	// MaxBytes is how large a picture may be.
	MaxBytes = 128 << 10
	maxKept  = 64
	keep     = 24 * time.Hour
	keepNone = 10 * time.Minute
	timeout  = 3 * time.Second
	maxURI   = 2048
	abroad   = 4 // fetches at once
)

// Fetcher gets an address within the bounds of package egress: of at most most
// bytes, without redirects.
type Fetcher interface {
	Fetch(ctx context.Context, address string, most int64) (status int, body []byte, err error)
}

// Keys is what the package needs of a keyring.
type Keys interface {
	MAC(purpose string, parts ...[]byte) [32]byte
}

// Image is a picture and the media type it really has.
type Image struct {
	Type string
	Body []byte
}

// Book fetches and remembers pictures. It is safe for concurrent use.
type Book struct {
	from Fetcher
	keys Keys
	now  func() time.Time
	log  *slog.Logger
	room chan struct{}

	mu   sync.Mutex
	kept map[string]*entry
}

type entry struct {
	done  chan struct{} // closed when image is there
	image Image         // zero: none that may be shown
	until time.Time
}

// New makes a Book.
func New(from Fetcher, keys Keys, now func() time.Time, log *slog.Logger) *Book {
	return &Book{from: from, keys: keys, now: now, log: log, room: make(chan struct{}, abroad), kept: map[string]*entry{}}
}

// URL is the path of ours that shows the picture at address, empty for none. It
// is relative to where we are mounted.
func (b *Book) URL(address string) string {
	if address == "" || len(address) > maxURI {
		return ""
	}
	return Path + b.mark(address) + "?u=" + url.QueryEscape(address)
}

func (b *Book) mark(address string) string {
	sum := b.keys.MAC("client logo", []byte(address))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// Get returns the picture at an address that URL has marked, or ErrNone.
func (b *Book) Get(ctx context.Context, mark, address string) (Image, error) {
	if len(address) > maxURI || !hmac.Equal([]byte(mark), []byte(b.mark(address))) {
		return Image{}, ErrNone.Becausef("not an address of one of our pages")
	}
	e, mine := b.entry(address)
	if mine {
		b.fill(ctx, address, e)
	}
	select {
	case <-e.done:
	case <-ctx.Done():
		return Image{}, ErrNone.Because(ctx.Err())
	}
	if e.image.Type == "" {
		return Image{}, ErrNone.Becausef("nothing that may be shown")
	}
	return e.image, nil
}

// entry returns what is known of an address, and whether the caller is the one to
// find out.
func (b *Book) entry(address string) (*entry, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.kept[address]
	if e != nil && (e.until.IsZero() || b.now().Before(e.until)) {
		return e, false
	}
	for victim, other := range b.kept {
		if len(b.kept) < maxKept {
			break
		}
		if !other.until.IsZero() { // those under way are waited for
			delete(b.kept, victim)
		}
	}
	e = &entry{done: make(chan struct{})}
	b.kept[address] = e
	return e, true
}

// fill fetches for everybody who waits, whether or not the first of them stays.
func (b *Book) fill(ctx context.Context, address string, e *entry) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	image, err := b.fetch(ctx, address)
	life := keep
	if err != nil {
		b.log.Info("a client's logo is not shown", "logo_uri", address, "error", err)
		life = keepNone
	}
	b.mu.Lock()
	e.image, e.until = image, b.now().Add(life)
	b.mu.Unlock()
	close(e.done)
}

func (b *Book) fetch(ctx context.Context, address string) (Image, error) {
	select {
	case b.room <- struct{}{}:
		defer func() { <-b.room }()
	case <-ctx.Done():
		return Image{}, ctx.Err()
	}
	status, body, err := b.from.Fetch(ctx, address, MaxBytes)
	if err != nil {
		return Image{}, err
	}
	kind := sniff(body)
	if status != 200 || kind == "" {
		return Image{}, ErrNone.Becausef("status %d, type %q", status, kind)
	}
	return Image{kind, body}, nil
}

// sniff tells the kinds of picture that are shown by how they begin. What the
// other server calls them is nothing to go by.
func sniff(body []byte) string {
	switch {
	case bytes.HasPrefix(body, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png"
	case bytes.HasPrefix(body, []byte("\xff\xd8\xff")):
		return "image/jpeg"
	case bytes.HasPrefix(body, []byte("GIF87a")), bytes.HasPrefix(body, []byte("GIF89a")):
		return "image/gif"
	case len(body) > 12 && bytes.HasPrefix(body, []byte("RIFF")) && bytes.Equal(body[8:12], []byte("WEBP")):
		return "image/webp"
	}
	return ""
}
