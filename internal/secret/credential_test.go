package secret

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

var credentialKinds = []CredentialKind{RefreshToken, OpaqueAccessToken, ClientSecret, LiveKey, TestKey, PersonalToken, DeviceCode}

// OA-40 AK-1: 256 bits with a prefix and a checksum, and a digest that depends
// on kind, instance and every bit.
func TestCredential(t *testing.T) {
	here, there := [16]byte{1}, [16]byte{2}
	digests := map[Digest]bool{}
	for _, kind := range credentialKinds {
		c := NewCredential(kind)
		text := c.Reveal()
		if !strings.HasPrefix(text, "mrt_"+string(kind)+"_") || len(c.Body()) != Size || NewCredential(kind).Reveal() == text {
			t.Fatalf("%s: wrong prefix or size, or the same twice", kind)
		}
		read, err := ParseCredential(kind, text)
		if err != nil || read.Digest(here) != c.Digest(here) || read.Reveal() != text || read.Kind() != kind {
			t.Fatalf("%s is not read back: %v", kind, err)
		}
		digests[c.Digest(there)] = true
		for _, other := range credentialKinds {
			if _, err := ParseCredential(other, text); other != kind && !errors.Is(err, ErrMalformed) {
				t.Errorf("%s passes for %s", kind, other)
			}
			digests[CredentialOf(other, c.Body()).Digest(here)] = true
		}
	}
	if n := len(credentialKinds); len(digests) != n*n+n {
		t.Errorf("%d digests of %d that must differ", len(digests), n*n+n)
	}
	if !(Credential{}).Digest(here).IsZero() || (Credential{}).Reveal() != "" || !(Credential{}).IsZero() {
		t.Error("the zero credential holds something")
	}
}

// The form is public: a scanner's rule must not stop matching.
func TestCredentialForm(t *testing.T) {
	const want = "mrt_cs_001IYT0XLWR0glqewhlWlr1NWOlQOzi1H24Gwru6DtGh2vssFB"
	body := make([]byte, Size)
	for i := range body {
		body[i] = byte(i)
	}
	if got := CredentialOf(ClientSecret, body).Reveal(); got != want {
		t.Errorf("got %s", got)
	}
}

// A changed, cut or re-cased text is no credential.
func TestCredentialRefusesOtherSpellings(t *testing.T) {
	text := NewCredential(RefreshToken).Reveal()
	for name, bad := range map[string]string{
		"empty": "", "prefix only": "mrt_rt_", "upper case": strings.ToUpper(text), "cut": text[:len(text)-1], "longer": text + "0",
		"space": " " + text, "padded": text[:len(text)-checksumLen] + "=" + text[len(text)-checksumLen:], "no mark": strings.TrimPrefix(text, "mrt_"),
		"no body": sealed("mrt_rt_"), "line end": sealed("mrt_rt_AAAAA\nAAAAA"), "part of a block": sealed("mrt_rt_AB"), "beyond 64 bits": sealed("mrt_rt_zzzzzzzzzzz"),
		"other alphabet": sealed("mrt_rt_AAAAA-AAAAA"), "too long": sealed("mrt_rt_" + strings.Repeat("A", 143)), "long": strings.Repeat("A", 1<<20),
	} {
		if _, err := ParseCredential(RefreshToken, bad); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func sealed(front string) string {
	sum := checksum(front)
	return front + string(sum[:])
}

// SE-2: one secret has one spelling; everything else is no secret.
func FuzzParseCredential(f *testing.F) {
	for _, kind := range credentialKinds {
		f.Add(string(kind), NewCredential(kind).Reveal(), true)
	}
	f.Add("rt", "mrt_rt_AAAAAAAAAA\n", true)
	f.Fuzz(func(t *testing.T, kind, text string, seal bool) {
		if seal {
			text = sealed(text)
		}
		c, err := ParseCredential(CredentialKind(kind), text)
		if err == nil && c.Reveal() != text {
			t.Fatalf("%q has another spelling", text)
		}
	})
}

// AU-31: however a credential is printed, it prints as a redaction.
func TestCredentialsDoNotPrint(t *testing.T) {
	c := NewCredential(ClientSecret)
	holder := struct{ C Credential }{c}
	hidden := struct{ c Credential }{c}
	asJSON, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "c", c, "all", holder)
	said := log.String() + string(asJSON)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		said += fmt.Sprintf(verb+verb+verb, c, holder, hidden)
	}
	for _, leak := range []string{c.Reveal(), c.Reveal()[10:30], fmt.Sprintf("%x", c.Body()), fmt.Sprintf("%d", c.Body())} {
		if strings.Contains(said, leak) {
			t.Errorf("printed: %s", said)
		}
	}
}
