package e2e

import (
	wire "encoding/binary"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// pgLine is what may stand between a server and its PostgreSQL: a pooler that
// swallows notifications, or a network that swallows everything.
type pgLine struct {
	net.Listener
	to string

	mu    sync.Mutex
	open  chan struct{} // closed while bytes pass
	conns []net.Conn
}

// openPGLine returns the line and the database's address by it.
func openPGLine(t *testing.T, database string) (*pgLine, string) {
	t.Helper()
	u, err := url.Parse(database)
	must(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &pgLine{Listener: l, to: u.Host, open: make(chan struct{})}
	close(p.open)
	var wg sync.WaitGroup
	wg.Go(func() { p.serve(&wg) })
	t.Cleanup(func() {
		p.mend()
		_ = l.Close()
		p.mu.Lock()
		for _, c := range p.conns {
			_ = c.Close()
		}
		p.mu.Unlock()
		wg.Wait()
	})
	u.Host = l.Addr().String()
	return p, u.String()
}

func (p *pgLine) serve(wg *sync.WaitGroup) {
	for {
		in, err := p.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = in.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, in, out)
		p.mu.Unlock()
		wg.Go(func() { p.ask(out, in); _ = out.Close() })
		wg.Go(func() { p.answer(in, out); _ = in.Close() })
	}
}

// swallow lets no more bytes pass; nobody is told.
func (p *pgLine) swallow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = make(chan struct{})
}

func (p *pgLine) mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.open:
	default:
		close(p.open)
	}
}

func (p *pgLine) wait() {
	p.mu.Lock()
	open := p.open
	p.mu.Unlock()
	<-open
}

// ask passes what the client says.
func (p *pgLine) ask(to io.Writer, from io.Reader) {
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		p.wait()
		if n > 0 {
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// answer passes the server's messages, but no notification: a pooler in
// transaction mode takes LISTEN and forgets it.
func (p *pgLine) answer(to io.Writer, from io.Reader) {
	const notification = 'A'
	var head [5]byte // type, and length with itself
	for {
		if _, err := io.ReadFull(from, head[:]); err != nil {
			return
		}
		body := make([]byte, int(wire.BigEndian.Uint32(head[1:]))-4)
		if _, err := io.ReadFull(from, body); err != nil {
			return
		}
		p.wait()
		if head[0] == notification {
			continue
		}
		if _, err := to.Write(append(head[:], body...)); err != nil {
			return
		}
	}
}
