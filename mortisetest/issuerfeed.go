package mortisetest

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/feed"
)

// polls tells when followers have taken up what was published.
type polls struct {
	held int           // wait for news now
	last time.Time     // of any poll
	took map[int64]int // by number: polls that had it all
	tick chan struct{} // closed at each poll
}

const (
	takeUp   = 5 * time.Second // of a test, for its followers
	recently = 2 * time.Second // a follower polls at least each second
)

// revoke publishes an entry and waits for those that follow.
func (i *TokenIssuer) revoke(t testing.TB, k feed.Kind, value string) {
	t.Helper()
	i.mu.Lock()
	i.entries = append(i.entries, feed.Entry{Kind: k, Value: feed.Mask(i.mask, k, value), Until: time.Now().Add(20 * time.Minute).Unix()})
	number, want := i.head(), i.polls.held
	if want == 0 && time.Since(i.polls.last) < recently {
		want = 1
	}
	close(i.news)
	i.news = make(chan struct{})
	i.mu.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), takeUp)
	defer cancel()
	for {
		i.mu.Lock()
		done, tick := i.polls.took[number] >= want, i.ticking()
		i.mu.Unlock()
		if done {
			return
		}
		select {
		case <-tick:
		case <-ctx.Done():
			t.Logf("mortisetest: nobody took up a revocation within %s; is the verifier closed?", takeUp)
			return
		}
	}
}

func (i *TokenIssuer) head() int64 { return int64(len(i.entries)) }

func (i *TokenIssuer) ticking() chan struct{} {
	if i.polls.tick == nil {
		i.polls.tick = make(chan struct{})
	}
	return i.polls.tick
}

// note remembers that a follower has everything up to number.
func (i *TokenIssuer) note(number int64) {
	if i.polls.took == nil {
		i.polls.took = map[int64]int{}
	}
	i.polls.last = time.Now()
	i.polls.took[number]++
	close(i.ticking())
	i.polls.tick = nil
}

func (i *TokenIssuer) serveFeed(w http.ResponseWriter, r *http.Request) {
	id, given, _ := r.BasicAuth()
	if plain, err := url.QueryUnescape(given); err != nil || id != "api" || plain != i.secret {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	q := r.URL.Query()
	i.mu.Lock()
	defer i.mu.Unlock()
	if q.Get("cursor") == "" {
		i.polls.last = time.Now()
		i.send(w, feed.Batch{To: i.head(), Nonce: q.Get("nonce"), Snapshot: true, MaskKey: i.mask, Entries: i.entries}, q.Get("audience"))
		return
	}
	_, number, _ := strings.Cut(q.Get("cursor"), ":")
	from, err := strconv.ParseInt(number, 10, 64)
	if err != nil || from < 0 || from > i.head() {
		w.WriteHeader(http.StatusGone)
		return
	}
	i.note(from)
	if q.Get("wait") != "" && q.Get("wait") != "0" && from == i.head() {
		i.hold(r.Context())
	}
	i.send(w, feed.Batch{From: from, To: i.head(), Previous: q.Get("previous"), Nonce: q.Get("nonce"), Entries: i.entries[from:]}, q.Get("audience"))
}

// hold waits for news, one second at most.
func (i *TokenIssuer) hold(ctx context.Context) {
	news := i.news
	i.polls.held++
	i.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	select {
	case <-news:
	case <-ctx.Done():
	}
	i.mu.Lock()
	i.polls.held--
}

func (i *TokenIssuer) send(w http.ResponseWriter, b feed.Batch, audience string) {
	b.Issuer, b.Audience, b.Epoch, b.At = i.URL, audience, "test", time.Now().Unix()
	b.Cursor = fmt.Sprintf("test:%d", b.To)
	payload, err := b.Payload()
	if err == nil {
		var text string
		if text, err = i.feed.Sign(feed.Type, payload); err == nil {
			writeJSON(w, map[string]any{"batches": []string{text}})
			return
		}
	}
	http.Error(w, err.Error(), http.StatusInternalServerError)
}
