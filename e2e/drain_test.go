package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// begun is a request whose handler waits for the rest of the body.
type begun struct {
	rest   []byte
	body   *io.PipeWriter
	answer chan sheet
}

// begin sends a form up to its last byte and returns once its handler reads.
func (v *visitor) begin(path string, fields url.Values) begun {
	v.t.Helper()
	whole := []byte(fields.Encode())
	reader, writer := io.Pipe()
	reads := make(chan struct{})
	ctx := httptrace.WithClientTrace(v.t.Context(), &httptrace.ClientTrace{Got100Continue: func() { close(reads) }})
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, v.base+path, reader)
	must(v.t, err)
	r.ContentLength = int64(len(whole))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Expect", "100-continue")
	v.http.Transport.(*http.Transport).ExpectContinueTimeout = patience
	v.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	b := begun{whole, writer, make(chan sheet, 1)}
	go func() {
		resp, err := v.http.Do(r)
		if err != nil {
			v.t.Errorf("a begun request was lost: %v", err)
			b.answer <- sheet{}
			return
		}
		defer resp.Body.Close()
		got, _ := io.ReadAll(resp.Body)
		b.answer <- sheet{t: v.t, status: resp.StatusCode, header: resp.Header, body: got, url: r.URL}
	}()
	select {
	case <-reads:
	case <-time.After(patience):
		v.t.Fatal("the server does not begin")
	}
	return b
}

func (b begun) finish(t *testing.T) sheet {
	t.Helper()
	_, err := io.Copy(b.body, bytes.NewReader(b.rest))
	must(t, err)
	must(t, b.body.Close())
	return <-b.answer
}

// TestStopLosesNothing: what has begun when SIGTERM comes is answered, and what
// was answered is there afterwards, its mail included.
func TestStopLosesNothing(t *testing.T) {
	t.Parallel()
	s := secure(t)
	v := s.visit(t)
	v.install(s.ready.SetupCode)
	people := []string{"a", "b", "c"}
	clients := make([]*visitor, len(people))
	waiting := make([]begun, len(people))
	for i, name := range people {
		clients[i] = s.visit(t)
		form := clients[i].get("/signup").form("/signup", "display-name", name, "email", name+"@drain.mortise-auth.org", "new-password", ownPassword)
		waiting[i] = clients[i].begin("/signup", form)
	}
	must(t, s.cmd.Process.Signal(syscall.SIGTERM))
	start := time.Now()
	var wg sync.WaitGroup
	for i := range people {
		wg.Go(func() {
			if got := waiting[i].finish(t); got.status != http.StatusSeeOther {
				t.Errorf("%s was answered %d", people[i], got.status)
			}
		})
	}
	wg.Wait()
	select {
	case <-s.gone:
	case <-time.After(patience):
		t.Fatal("it does not stop")
	}
	if code, took := s.cmd.ProcessState.ExitCode(), time.Since(start); code != 0 || took > 10*time.Second {
		t.Errorf("exit %d after %s", code, took)
	}
	s.start()
	for i, name := range people {
		clients[i].http.CheckRedirect = nil
		// The cookie of the unread answer is not needed: the link and a password suffice.
		link := s.post.mail(t, name+"@drain.mortise-auth.org", "").path(t)
		clients[i].submit(clients[i].get(link), "/verify", "new-password", ownPassword).is(200, "/verify")
		clients[i].signIn(name+"@drain.mortise-auth.org", ownPassword).is(200, "/account")
	}
	s.stopped()
	if strings.Contains(s.log.String(), "did not") {
		t.Errorf("the log complains:\n%s", tail(s.log.String(), 2000))
	}
}
