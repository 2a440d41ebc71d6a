package dns

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mortise-auth/mortise/internal/organization"
)

// serve is a DNS server on this machine that knows what answer says of a name, and a
// Resolver that asks it and nobody else.
func serve(t *testing.T, answer func(name string) (dnsmessage.RCode, []dnsmessage.Resource)) *Resolver {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	go func() {
		for b := make([]byte, 1500); ; {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(b[:n]) != nil || len(m.Questions) != 1 || m.Questions[0].Type != dnsmessage.TypeTXT {
				continue
			}
			m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
			m.RCode, m.Answers = answer(m.Questions[0].Name.String())
			if out, err := m.Pack(); err == nil {
				_, _ = c.WriteTo(out, from)
			}
		}
	}()
	r := New()
	r.net.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", c.LocalAddr().String())
	}
	return r
}

func txt(name string, parts ...string) dnsmessage.Resource {
	return dnsmessage.Resource{
		Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(name), Type: dnsmessage.TypeTXT, Class: dnsmessage.ClassINET, TTL: 60},
		Body:   &dnsmessage.TXTResource{TXT: parts},
	}
}

// TH-40: what the DNS says that it does not have is told apart from a DNS that does
// not answer: only the first lapses a domain soon.
func TestTXT(t *testing.T) {
	t.Parallel()
	const asked = "_mortise.acme.test."
	alias := dnsmessage.Resource{
		Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(asked), Type: dnsmessage.TypeCNAME, Class: dnsmessage.ClassINET, TTL: 60},
		Body:   &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName("there.test.")},
	}
	var many []dnsmessage.Resource
	for range most + 6 {
		many = append(many, txt(asked, "x"))
	}
	for name, test := range map[string]struct {
		code dnsmessage.RCode
		all  []dnsmessage.Resource
		want []string
		none bool // there is no such record
		dumb bool // no answer
	}{
		"one":              {all: []dnsmessage.Resource{txt(asked, "a")}, want: []string{"a"}},
		"several":          {all: []dnsmessage.Resource{txt(asked, "v=spf1 -all"), txt(asked, "b")}, want: []string{"v=spf1 -all", "b"}},
		"in parts":         {all: []dnsmessage.Resource{txt(asked, strings.Repeat("a", 200), "b")}, want: []string{strings.Repeat("a", 200) + "b"}},
		"by another name":  {all: []dnsmessage.Resource{alias, txt("there.test.", "c")}, want: []string{"c"}},
		"no more than 64":  {all: many, want: slices.Repeat([]string{"x"}, most)},
		"no such name":     {code: dnsmessage.RCodeNameError, none: true},
		"no such record":   {none: true},
		"a server at odds": {code: dnsmessage.RCodeServerFailure, dumb: true},
		"a refusal":        {code: dnsmessage.RCodeRefused, dumb: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := serve(t, func(name string) (dnsmessage.RCode, []dnsmessage.Resource) {
				if name != asked { // a search domain was added
					return dnsmessage.RCodeSuccess, []dnsmessage.Resource{txt(name, "stray")}
				}
				return test.code, test.all
			})
			got, err := r.TXT(t.Context(), strings.TrimSuffix(asked, "."))
			if none := errors.Is(err, organization.ErrNoRecord); none != test.none || (err != nil && !none) != test.dumb || !slices.Equal(got, test.want) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// Who asks no longer is not told that a record is gone.
func TestTXTLeft(t *testing.T) {
	t.Parallel()
	r := serve(t, func(string) (dnsmessage.RCode, []dnsmessage.Resource) { return dnsmessage.RCodeNameError, nil })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.TXT(ctx, "_mortise.acme.test"); err == nil || errors.Is(err, organization.ErrNoRecord) {
		t.Errorf("%v", err)
	}
}
