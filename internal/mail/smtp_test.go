package mail_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/mortise-auth/mortise/internal/mail"
)

const password = "s3cret/with?odd:chars"

// postOffice is a real SMTP server on loopback.
type postOffice struct {
	mu        sync.Mutex
	replies   []error // to RCPT, one each, then accept
	data      func(*smtp.Conn) error
	letters   [][]byte
	from, to  string
	mechanism string
	encrypted bool

	addr  string
	roots *x509.CertPool
}

type visit struct {
	o  *postOffice
	c  *smtp.Conn
	in bool
}

func (o *postOffice) NewSession(c *smtp.Conn) (smtp.Session, error) { return &visit{o: o, c: c}, nil }

func (v *visit) AuthMechanisms() []string { return []string{sasl.Plain, sasl.Login} }

func (v *visit) Auth(mech string) (sasl.Server, error) {
	v.o.mu.Lock()
	v.o.mechanism = mech
	v.o.mu.Unlock()
	check := func(user, pass string) error {
		if v.in = user == "mortise" && pass == password; !v.in {
			return &smtp.SMTPError{Code: 535, Message: "no: " + pass}
		}
		return nil
	}
	if mech == sasl.Login {
		return &loginServer{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, pass string) error { return check(user, pass) }), nil
}

// loginServer is the LOGIN mechanism: two prompts.
type loginServer struct {
	check func(user, pass string) error
	heard []string
}

func (l *loginServer) Next(response []byte) ([]byte, bool, error) {
	if response != nil {
		l.heard = append(l.heard, string(response))
	}
	switch len(l.heard) {
	case 0:
		return []byte("Username:"), false, nil
	case 1:
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.heard[0], l.heard[1])
}

func (v *visit) Mail(from string, _ *smtp.MailOptions) error {
	v.o.mu.Lock()
	defer v.o.mu.Unlock()
	if !v.in {
		return smtp.ErrAuthRequired
	}
	_, v.o.encrypted = v.c.TLSConnectionState()
	v.o.from = from
	return nil
}

func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	v.o.mu.Lock()
	defer v.o.mu.Unlock()
	v.o.to = to
	if len(v.o.replies) == 0 {
		return nil
	}
	err := v.o.replies[0]
	v.o.replies = v.o.replies[1:]
	return err
}

func (v *visit) Data(r io.Reader) error {
	if v.o.data != nil {
		return v.o.data(v.c)
	}
	b, err := io.ReadAll(r)
	v.o.mu.Lock()
	defer v.o.mu.Unlock()
	v.o.letters = append(v.o.letters, b)
	return err
}

func (*visit) Reset()        {}
func (*visit) Logout() error { return nil }

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(nil, tpl, tpl, pub, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func open(t *testing.T, o *postOffice, implicit, startTLS bool) {
	t.Helper()
	cert, pool := certificate(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := smtp.NewServer(o)
	s.Domain, s.AllowInsecureAuth = "post.test", true
	conf := &tls.Config{Certificates: []tls.Certificate{cert}}
	if startTLS {
		s.TLSConfig = conf
	}
	o.addr, o.roots = ln.Addr().String(), pool
	if implicit {
		ln = tls.NewListener(ln, conf)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(ln) }()
	t.Cleanup(func() { _ = s.Close(); <-done })
}

// sender is an SMTP sender for o; pass may be wrong, query is added to the URL.
func (o *postOffice) sender(t *testing.T, scheme, pass, query string, strict bool) *mail.SMTP {
	t.Helper()
	text := fmt.Sprintf("%s://mortise:%s@%s?from=login@acme.org&name=Acme%%20%%C3%%9C&reply_to=help@acme.org%s",
		scheme, strings.NewReplacer("/", "%2F", "?", "%3F", ":", "%3A").Replace(pass), o.addr, query)
	s, err := mail.ParseServer(text)
	if err != nil {
		t.Fatal(err)
	}
	if strict { // as if the host were not loopback
		s.Insecure = false
	}
	return mail.NewSMTP(s, o.roots)
}

func letter(t *testing.T) mail.Letter { return render(t, full(mail.Recover, "de")) }

func TestSMTPDelivers(t *testing.T) {
	for name, c := range map[string]struct {
		scheme, query      string
		implicit, startTLS bool
		strict, encrypted  bool
	}{
		"STARTTLS":          {"smtp", "", false, true, true, true},
		"STARTTLS login":    {"smtp", "&auth=login", false, true, true, true},
		"implicit":          {"smtps", "&auth=plain", true, false, true, true},
		"loopback in clear": {"smtp", "", false, false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := &postOffice{}
			open(t, o, c.implicit, c.startTLS)
			l := letter(t)
			if err := o.sender(t, c.scheme, password, c.query, c.strict).Send(t.Context(), l); err != nil {
				t.Fatal(err)
			}
			o.mu.Lock()
			defer o.mu.Unlock()
			if o.encrypted != c.encrypted || o.from != "login@acme.org" || o.to != "ada@acme.org" || len(o.letters) != 1 {
				t.Fatalf("encrypted %v, from %s to %s, %d letters", o.encrypted, o.from, o.to, len(o.letters))
			}
			if strings.Contains(c.query, "login") != (o.mechanism == sasl.Login) {
				t.Errorf("signed in by %s", o.mechanism)
			}
			checkMail(t, o.letters[0], l)
		})
	}
}

func checkMail(t *testing.T, raw []byte, l mail.Letter) {
	t.Helper()
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"Message-Id": "<" + l.ID.String() + "@acme.org>", "To": "<ada@acme.org>", "Reply-To": "<help@acme.org>",
		"Auto-Submitted": "auto-generated", "Date": "Sun, 22 Nov 2026 12:00:00 +0000", "User-Agent": "", "X-Mailer": "",
	} {
		if got := m.Header.Get(key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	dec := new(mime.WordDecoder)
	if got, _ := dec.DecodeHeader(m.Header.Get("From")); got != `"Acme Ü" <login@acme.org>` && got != `Acme Ü <login@acme.org>` {
		t.Errorf("From: %s", got)
	}
	if got, _ := dec.DecodeHeader(m.Header.Get("Subject")); got != l.Subject {
		t.Errorf("Subject: %q, want %q", got, l.Subject)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []struct{ kind, body string }{{"text/plain", l.Text}, {"text/html", l.HTML}} {
		p, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil || !strings.HasPrefix(p.Header.Get("Content-Type"), want.kind) ||
			strings.TrimSpace(strings.ReplaceAll(string(body), "\r\n", "\n")) != strings.TrimSpace(want.body) {
			t.Errorf("%s differs (%v):\n%s", want.kind, err, body)
		}
	}
}

func TestSMTPRefusals(t *testing.T) {
	wrongCA := func(o *postOffice) { o.roots = x509.NewCertPool() }
	for name, c := range map[string]struct {
		reply     error
		pass      string
		startTLS  bool
		break_    func(*postOffice)
		permanent bool
		says      string
	}{
		"5xx recipient":   {reply: &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no ada@acme.org here"}, startTLS: true, permanent: true, says: "no (recipient) here"},
		"4xx recipient":   {reply: &smtp.SMTPError{Code: 451, Message: "greylisted"}, startTLS: true, says: "greylisted"},
		"sign-in refused": {pass: "wrong/pass?", startTLS: true, says: "535"},
		"no STARTTLS":     {says: "STARTTLS"},
		"unknown CA":      {startTLS: true, break_: wrongCA, says: "certificate"},
		"5xx content": {startTLS: true, permanent: true, says: "spam", break_: func(o *postOffice) {
			o.data = func(*smtp.Conn) error { return &smtp.SMTPError{Code: 554, Message: "spam"} }
		}},
		"dropped in DATA": {startTLS: true, says: "smtp://127.0.0.1", break_: func(o *postOffice) {
			o.data = func(c *smtp.Conn) error { return c.Conn().Close() }
		}},
	} {
		t.Run(name, func(t *testing.T) {
			o := &postOffice{}
			open(t, o, false, c.startTLS)
			if c.reply != nil {
				o.replies = []error{c.reply}
			}
			if c.break_ != nil {
				c.break_(o)
			}
			pass := password
			if c.pass != "" {
				pass = c.pass
			}
			s := o.sender(t, "smtp", pass, "", true)
			err := s.Send(t.Context(), letter(t))
			if err == nil || errors.Is(err, mail.ErrPermanent) != c.permanent || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("err = %v", err)
			}
			for _, leak := range []string{pass, "ada@acme.org", "492013"} {
				if strings.Contains(err.Error(), leak) {
					t.Errorf("%q leaks into %v", leak, err)
				}
			}
			if c.reply != nil && !c.permanent {
				if err := s.Send(t.Context(), letter(t)); err != nil {
					t.Errorf("second attempt: %v", err)
				}
			}
		})
	}
}

// A server that says nothing holds an attempt only as long as its context.
func TestSMTPSlowServer(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	ctx, cancel := context.WithCancel(t.Context())
	closed := make(chan error, 1)
	go func() {
		c, err := ln.Accept()
		if err != nil {
			closed <- err
			return
		}
		cancel()
		_, err = bufio.NewReader(c).ReadByte()
		closed <- err
	}()
	o := &postOffice{addr: ln.Addr().String()}
	if err := o.sender(t, "smtp", password, "", true).Send(ctx, letter(t)); err == nil || errors.Is(err, mail.ErrPermanent) {
		t.Errorf("err = %v", err)
	}
	if err := <-closed; err != io.EOF {
		t.Errorf("the connection was not closed: %v", err)
	}
}

func TestReservedDomainsNeverLeave(t *testing.T) {
	o := &postOffice{addr: "127.0.0.1:1"} // nobody listens: a dial would give another error
	s := o.sender(t, "smtp", password, "", true)
	for _, to := range []string{"a@example.test", "a@test", "a@EXAMPLE.com", "a@mail.example.org.", "a@x.invalid", "a@b.localhost", "a@shop.example"} {
		l := letter(t)
		l.To = to
		if err := s.Send(t.Context(), l); !errors.Is(err, mail.ErrReserved) || !errors.Is(err, mail.ErrPermanent) {
			t.Errorf("%s: %v", to, err)
		}
	}
	for _, to := range []string{"a@myexample.com", "a@contest", "a@test.org", "a@example.com.evil.org"} {
		if mail.Reserved(to) {
			t.Errorf("%s is not reserved", to)
		}
	}
}

func TestHeaderInjection(t *testing.T) {
	o := &postOffice{}
	open(t, o, false, true)
	l := letter(t)
	l.Subject = "Hi\r\nBcc: eve@evil.org\r\n\r\nbody"
	s := o.sender(t, "smtp", password, "", true)
	if err := s.Send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	m, err := netmail.ReadMessage(bytes.NewReader(o.letters[0]))
	if err != nil || m.Header.Get("Bcc") != "" {
		t.Fatalf("Bcc %q, %v", m.Header.Get("Bcc"), err)
	}
	for _, to := range []string{"ada@acme.org\r\nRCPT TO:<eve@evil.org>", "ada@acme.org, eve@evil.org", "Ada <ada@acme.org>", ""} {
		l.To = to
		if err := s.Send(t.Context(), l); !errors.Is(err, mail.ErrPermanent) {
			t.Errorf("%q: %v", to, err)
		}
	}
	if len(o.letters) != 1 {
		t.Errorf("%d letters", len(o.letters))
	}
}
