package verify

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Bounds of a poll.
const (
	maxLine     = 32 << 10               // one signed batch, of at most jose.MaxToken
	hold        = time.Second            // how long the issuer may wait for news
	holdMore    = 2 * time.Second        // and take to say so
	recoverIn   = 700 * time.Millisecond // while there is no proof, at least, to be back within a second
	patientFor  = 15 * time.Second       // for the first answer of all, and once a minute
	patientTry  = 64                     // or so when none came: the line may have become slow
	bodyMinutes = 2 * time.Minute
)

var errNoAnswer = errors.New("no answer in time")

// question is what a poll says.
type question struct {
	cursor, digest, nonce string
	hold                  bool // wait for news: we have a proof and want the next
}

// poller asks the feed.
type poller struct {
	fetch      *fetcher
	address    string
	audience   string
	id, secret string
	usual      time.Duration // the last answer took so long; 0: there was none
	silent     int           // tries without an answer, in a row
}

// ask sends a poll and returns the body of its answer; the caller closes it.
func (p *poller) ask(ctx context.Context, q question) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(p.patience(q), func() { cancel(errNoAnswer) })
	began := time.Now()
	resp, err := p.send(ctx, q) //nolint:bodyclose // body.Close does
	if err != nil {
		timer.Stop()
		if errors.Is(context.Cause(ctx), errNoAnswer) {
			p.silent++
			err = errNoAnswer
		}
		cancel(nil)
		p.fetch.client.CloseIdleConnections() // a dead connection is not tried again
		return nil, err
	}
	p.silent = 0
	if !q.hold {
		p.usual = max(time.Since(began), 1)
	}
	timer.Reset(bodyMinutes)
	done := func() { timer.Stop(); cancel(nil) }
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		done()
		return nil, &statusError{status: resp.StatusCode, retryAfter: retryAfter(resp.Header)}
	}
	return &body{Reader: io.LimitReader(resp.Body, maxBatch), close: func() { resp.Body.Close(); done() }}, nil
}

func (p *poller) patience(q question) time.Duration {
	switch {
	case q.hold:
		return hold + holdMore
	case p.usual == 0, p.silent%patientTry == patientTry-1:
		return patientFor
	}
	return min(max(4*p.usual, recoverIn), patientFor)
}

func (p *poller) send(ctx context.Context, q question) (*http.Response, error) {
	u, err := url.Parse(p.address)
	if err != nil {
		return nil, err
	}
	query := u.Query()
	query.Set("audience", p.audience)
	query.Set("nonce", q.nonce)
	if q.cursor != "" {
		query.Set("cursor", q.cursor)
		query.Set("previous", q.digest)
	}
	query.Set("wait", "0")
	if q.hold {
		query.Set("wait", "1")
	}
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	basic(req, p.id, p.secret)
	return p.fetch.client.Do(req)
}

// body is the answer's body with what ends the request.
type body struct {
	io.Reader
	close func()
}

func (b *body) Close() error {
	b.close()
	return nil
}
