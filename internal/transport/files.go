package transport

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Files is a certificate chain and its key in two PEM files that may be replaced
// while we serve. It is safe for concurrent use.
type Files struct {
	cert, key, host string
	now             func() time.Time

	current atomic.Pointer[tls.Certificate]
	mu      sync.Mutex
	loaded  [2]stamp
}

// stamp tells one version of a file from the next.
type stamp struct {
	modified time.Time
	size     int64
}

// NewFiles loads the pair. It refuses with ErrBadCertificate when key and
// certificate do not belong together, when the certificate is not for host, or
// when it is out of date.
func NewFiles(cert, key, host string, now func() time.Time) (*Files, error) {
	f := &Files{cert: cert, key: key, host: host, now: now}
	if err := f.Reload(); err != nil {
		return nil, err
	}
	return f, nil
}

// Certificate is for tls.Config.GetCertificate.
func (f *Files) Certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return f.current.Load(), nil
}

// Reload reads the files again. When they are no good pair it returns
// ErrBadCertificate and the last good one stays in use. Open connections go on.
func (f *Files) Reload() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	seen, err := f.stamps()
	if err != nil {
		return err
	}
	return f.load(seen)
}

func (f *Files) load(seen [2]stamp) error {
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBadCertificate, err)
	}
	if err := f.check(&pair); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrBadCertificate, f.cert, err)
	}
	f.current.Store(&pair)
	f.loaded = seen
	return nil
}

func (f *Files) check(pair *tls.Certificate) error {
	now := f.now()
	switch {
	case now.After(pair.Leaf.NotAfter):
		return fmt.Errorf("it expired on %s", pair.Leaf.NotAfter.Format(time.DateOnly))
	case now.Before(pair.Leaf.NotBefore):
		return fmt.Errorf("it is not valid before %s", pair.Leaf.NotBefore.Format(time.DateOnly))
	}
	if f.host == "" {
		return nil
	}
	return pair.Leaf.VerifyHostname(f.host)
}

// Poll reloads when a file has changed since it was last loaded, and reports
// whether a new pair is in use. Half-written files are an error now and are
// tried again at the next Poll.
func (f *Files) Poll() (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	seen, err := f.stamps()
	if err != nil || seen == f.loaded {
		return false, err
	}
	if err := f.load(seen); err != nil {
		return false, err
	}
	return true, nil
}

func (f *Files) stamps() (s [2]stamp, err error) {
	for i, name := range []string{f.cert, f.key} {
		info, err := os.Stat(name)
		if err != nil {
			return s, fmt.Errorf("%w: %w", ErrBadCertificate, err)
		}
		s[i] = stamp{info.ModTime(), info.Size()}
	}
	return s, nil
}

// Watch polls every interval, and reloads whenever hup receives (a nil channel
// never does), until ctx ends. report gets nil after each change and every new
// error once.
func (f *Files) Watch(ctx context.Context, interval time.Duration, hup <-chan os.Signal, report func(error)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	var last string
	for {
		var changed bool
		var err error
		select {
		case <-ctx.Done():
			return
		case <-hup:
			changed, err, last = true, f.Reload(), ""
		case <-tick.C:
			changed, err = f.Poll()
		}
		switch text := fmt.Sprint(err); {
		case err == nil && changed:
			report(nil)
			last = ""
		case err != nil && text != last:
			report(err)
			last = text
		}
	}
}

// Expires is when the certificate in use ends.
func (f *Files) Expires() time.Time { return f.current.Load().Leaf.NotAfter }
