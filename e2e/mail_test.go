package e2e

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// letter is a mail as /dev/mail.json shows it.
type letter struct {
	To, Subject, Text, HTML, Code string
	Links                         []string
}

// path is the part of the letter's main link below the origin.
func (l letter) path(t testing.TB) string {
	t.Helper()
	if len(l.Links) == 0 {
		t.Fatalf("no link in %q", l.Subject)
	}
	u, err := url.Parse(l.Links[0])
	must(t, err)
	return u.RequestURI()
}

// letters are the mails of a development server, newest first.
func (v *visitor) letters() (all []letter) {
	v.t.Helper()
	must(v.t, json.Unmarshal(v.get("/dev/mail.json").body, &all))
	return all
}

// mail waits for the newest mail to an address whose subject has a word in it.
func (v *visitor) mail(to, word string) (found letter) {
	v.t.Helper()
	eventually(v.t, "a mail to "+to+" about "+word, func() bool {
		for _, l := range v.letters() {
			if l.To == to && strings.Contains(l.Subject, word) {
				found = l
				return true
			}
		}
		return false
	})
	return found
}

// linked waits for the newest mail to an address with a link to a path.
func (v *visitor) linked(to, path string) (found letter) {
	v.t.Helper()
	eventually(v.t, "a mail to "+to+" that leads to "+path, func() bool {
		for _, l := range v.letters() {
			if l.To == to && len(l.Links) > 0 && strings.Contains(l.Links[0], path+"?") {
				found = l
				return true
			}
		}
		return false
	})
	return found
}

// postOffice is a mail server that takes everything.
type postOffice struct {
	mu   sync.Mutex
	raw  []string
	host string
}

// openPostOffice listens on a free port and speaks STARTTLS with the certificate.
func openPostOffice(t *testing.T, cert *certificate) *postOffice {
	t.Helper()
	o := &postOffice{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	o.host = l.Addr().String()
	s := smtp.NewServer(o)
	s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert.pair}}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close(); <-done })
	return o
}

// url is the setting that sends mail here.
func (o *postOffice) url() string {
	_, port, _ := net.SplitHostPort(o.host)
	return "smtp://localhost:" + port
}

func (o *postOffice) NewSession(*smtp.Conn) (smtp.Session, error) { return &counter{o}, nil }

func (o *postOffice) all() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.raw...)
}

var (
	codePattern = regexp.MustCompile(`(?m)^\s*([0-9]{6,8})\s*$`)
	linkPattern = regexp.MustCompile(`https?://[^\s<>"]+\?token=[^\s<>"]+`)
)

// mail waits for a delivered mail to an address about something.
func (o *postOffice) mail(t *testing.T, to, word string) (found letter) {
	t.Helper()
	eventually(t, "a delivered mail to "+to+" about "+word, func() bool {
		for _, raw := range o.all() {
			l := read(t, raw)
			if strings.Contains(l.To, to) && strings.Contains(l.Subject, word) {
				found = l
			}
		}
		return found.To != ""
	})
	return found
}

// counter is one conversation.
type counter struct{ office *postOffice }

func (c *counter) Mail(string, *smtp.MailOptions) error { return nil }
func (c *counter) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (c *counter) Reset()                               {}
func (c *counter) Logout() error                        { return nil }

func (c *counter) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	c.office.mu.Lock()
	defer c.office.mu.Unlock()
	c.office.raw = append(c.office.raw, string(raw))
	return err
}

// read takes the plain text of a delivered mail apart.
func read(t testing.TB, raw string) letter {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	must(t, err)
	text := plainPart(t, m)
	l := letter{To: m.Header.Get("To"), Subject: subject(m), Text: text, Links: linkPattern.FindAllString(text, -1)}
	if c := codePattern.FindStringSubmatch(text); c != nil {
		l.Code = c[1]
	}
	return l
}
