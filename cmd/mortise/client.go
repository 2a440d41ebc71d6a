package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/output"
	"github.com/mortise-auth/mortise/cmd/mortise/internal/settings"
)

// origin is what requests over the socket are addressed to. The host is a
// loopback name, because development servers answer no other.
const origin = "http://localhost"

const maxAnswer = 64 << 20

// client asks the API as the host.
type client struct {
	http  *http.Client
	close func() error
}

// connect reaches the running server through its socket, else opens the folder
// in this process.
func (p *program) connect(ctx context.Context, s settings.Settings) (*client, error) {
	if err := dataExists(s); err != nil {
		return nil, err
	}
	path, err := socketPath(s.Data)
	if err != nil {
		return nil, err
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err == nil {
		_ = conn.Close() // it only showed that somebody listens
		return overSocket(path), nil
	}
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ECONNREFUSED) {
		return nil, unreachable(path, err)
	}
	if err := sameOwner(s.Data); err != nil {
		return nil, err
	}
	handler, closer, err := p.backend.Open(ctx, s)
	if err != nil {
		return nil, err
	}
	c := &http.Client{Transport: inProcess{handler}, CheckRedirect: noRedirect}
	return &client{http: c, close: closer.Close}, nil
}

func unreachable(path string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fail(exitDenied, "not_allowed", "the socket of the server belongs to another user",
			fmt.Sprintf("Run this as the owner of %s: sudo -u mortise mortise …", path))
	}
	return err
}

func overSocket(path string) *client {
	t := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		},
	}
	c := &http.Client{Transport: t, Timeout: 2 * time.Minute, CheckRedirect: noRedirect}
	return &client{http: c, close: func() error { t.CloseIdleConnections(); return nil }}
}

// noRedirect keeps an act what it is: following a redirect would repeat it
// elsewhere, or turn it into a question.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// inProcess answers requests with a handler, without a connection.
type inProcess struct{ handler http.Handler }

func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := &recorder{header: http.Header{}, status: http.StatusOK}
	t.handler.ServeHTTP(w, r)
	return &http.Response{
		StatusCode: w.status, Header: w.header, Body: io.NopCloser(&w.body), Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(w.body.Len()),
	}, nil
}

type recorder struct {
	header http.Header
	status int
	wrote  bool
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) {
	if !w.wrote {
		w.status, w.wrote = status, true
	}
}

func (w *recorder) Write(b []byte) (int, error) {
	w.wrote = true
	return w.body.Write(b)
}

// do sends one request and returns the body of its answer, or its problem as a
// failure.
func (c *client) do(ctx context.Context, a act) (json.RawMessage, error) {
	r, err := http.NewRequestWithContext(ctx, a.method, origin+a.path, bytes.NewReader(a.body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "mortise/"+version)
	if a.body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxAnswer {
		return nil, fmt.Errorf("the answer to %s %s is larger than 64 MiB", a.method, a.path)
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		return nil, refused(res.StatusCode, b)
	}
	return b, nil
}

// refused turns an answer of the API into how the command ends.
func refused(status int, body []byte) error {
	var pr output.Problem
	if json.Unmarshal(body, &pr) != nil || pr.Title == "" {
		pr = output.Problem{Title: "the server answered " + http.StatusText(status)}
	}
	if pr.Code == "" {
		pr.Code = "failed"
	}
	pr.Status, pr.Exit = status, exitFailed
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		pr.Exit = exitDenied
	}
	return &failure{hinted(pr)}
}
