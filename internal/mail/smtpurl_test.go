package mail_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/mail"
)

func TestParseServer(t *testing.T) {
	s, err := mail.ParseServer("smtp://me%40acme.org:p%40ss@mail.acme.org?name=Acme&timeout=5s\n")
	if err != nil {
		t.Fatal(err)
	}
	if s.Port != 587 || s.Implicit || s.Insecure || s.From.Address != "me@acme.org" || s.From.Name != "Acme" ||
		s.Password.Reveal() != "p@ss" || s.Timeout != 5*time.Second {
		t.Errorf("%+v", s)
	}
	if strings.Contains(fmt.Sprintf("%v %+v %#v %s", s, s, s, s), "p@ss") {
		t.Error("the password is printed")
	}
	s, err = mail.ParseServer("smtps://mail.acme.org:2465?from=a@acme.org&insecure=true")
	if err != nil || s.Port != 2465 || !s.Implicit || s.Insecure {
		t.Errorf("%+v, %v", s, err)
	}
	for text, insecure := range map[string]bool{
		"smtp://127.0.0.1?from=a@b.org": true, "smtp://[::1]:25?from=a@b.org": true, "smtp://localhost?from=a@b.org": true,
		"smtp://10.0.0.1?from=a@b.org": false, "smtp://10.0.0.1?from=a@b.org&insecure=true": true, "smtp://localhost.evil.org?from=a@b.org": false,
	} {
		if s, err := mail.ParseServer(text); err != nil || s.Insecure != insecure {
			t.Errorf("%s: insecure %v, %v", text, s.Insecure, err)
		}
	}
}

var badServers = []string{
	"", "mail.acme.org", "http://mail.acme.org?from=a@b.org", "smtp://?from=a@b.org", "smtp://h/path?from=a@b.org",
	"smtp://h?from=", "smtp://h", "smtp://u:hunter2@h", "smtp://u@h?from=a@b.org", "smtp://:hunter2@h?from=a@b.org",
	"smtp://u:hunter2@h:0?from=a@b.org", "smtp://u:hunter2@h:99999?from=a@b.org", "smtp://u:hunter2/x@h?from=a@b.org",
	"smtp://u:hunter2%zz@h?from=a@b.org", "smtp://u:hunter2@h?from=a@b.org&tls=no", "smtp://u:hunter2@h?from=a@b.org&from=c@d.org",
	"smtp://u:hunter2@h?from=A+<a@b.org>", "smtp://u:hunter2@h?from=a@b.org%0d%0aBcc:x@y.org", "smtp://u:hunter2@h?from=a@b.org&auth=ntlm",
	"smtp://h?from=a@b.org&auth=plain", "smtp://u:hunter2@h?from=a@b.org&timeout=1h", "smtp://u:hunter2@h?from=a@b.org&insecure=yes",
	"smtp://u:hunter2@h?from=a@b.org&reply_to=x", "smtp://u:hunter2@h?from=a@b.org;x",
}

func TestParseServerRefuses(t *testing.T) {
	for _, text := range badServers {
		_, err := mail.ParseServer(text)
		if !errors.Is(err, mail.ErrURL) {
			t.Errorf("%q: %v", text, err)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the password is in %v", text, err)
		}
	}
}

func FuzzParseServer(f *testing.F) {
	for _, text := range badServers {
		f.Add(text)
	}
	f.Add("smtp://u:p@h:25?from=a@b.org&name=x&auth=login")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := mail.ParseServer(text)
		if err != nil {
			if !errors.Is(err, mail.ErrURL) {
				t.Fatal(err)
			}
			return
		}
		if s.Host == "" || s.Port == 0 || !strings.Contains(s.From.Address, "@") || strings.ContainsAny(s.From.String(), "\r\n") {
			t.Fatalf("%q gave %+v", text, s)
		}
	})
}
