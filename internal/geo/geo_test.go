package geo_test

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"github.com/mortise-auth/mortise/internal/geo"
)

// made is a small database of the kind named.
func made(t testing.TB, kind string) []byte {
	t.Helper()
	w, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: kind, RecordSize: 24, IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	for network, place := range map[string][2]string{
		"81.2.69.0/24":   {"Berlin", "DE"},
		"2.125.160.0/24": {"", "GB"},
		"89.160.20.0/24": {"Nowhere", ""},
		"2a02:d5c0::/32": {"Lyon\n\u202e" + strings.Repeat("x", 99), "FR"},
		"10.0.0.0/8":     {"Inside", "XX"},
		"100.64.0.0/10":  {"Carrier", "XX"},
		"127.0.0.0/8":    {"Home", "XX"},
		"fd00::/8":       {"Inside", "XX"},
	} {
		value := mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String(place[1])}}
		if place[0] != "" {
			value["city"] = mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String(place[0]), "de": mmdbtype.String("anders")}}
		}
		if err := w.Insert(subnet(t, network), value); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := w.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func subnet(t testing.TB, text string) *net.IPNet {
	t.Helper()
	_, n, err := net.ParseCIDR(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func kept(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "places.mmdb")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func opened(t testing.TB) *geo.Reader {
	t.Helper()
	r, err := geo.Open(kept(t, made(t, "GeoLite2-City")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func TestPlace(t *testing.T) {
	r := opened(t)
	for ip, want := range map[string]string{
		"81.2.69.142":        "Berlin, DE",
		"::ffff:81.2.69.142": "Berlin, DE",
		"2.125.160.216":      "GB",
		"89.160.20.112":      "",
		"2a02:d5c0::1":       "Lyon" + strings.Repeat("x", 56) + ", FR",
		"203.0.113.9":        "",
		"10.1.2.3":           "",
		"100.64.1.1":         "",
		"127.0.0.1":          "",
		"fd00::1":            "",
		"fe80::1%eth0":       "",
		"::":                 "",
		"":                   "",
		"nonsense":           "",
	} {
		if got := r.Place(ip); got != want {
			t.Errorf("%q: %q, want %q", ip, got, want)
		}
	}
}

func TestPlaceConcurrently(t *testing.T) {
	r := opened(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				if got := r.Place("81.2.69.1"); got != "Berlin, DE" {
					t.Errorf("%q", got)
					return
				}
			}
		})
	}
	all.Wait()
}

func TestOpenRefuses(t *testing.T) {
	good := made(t, "GeoLite2-City")
	holes := bytes.Clone(good)
	for i := range len(holes) / 2 {
		holes[i] = 0xff
	}
	for name, path := range map[string]string{
		"missing":   filepath.Join(t.TempDir(), "absent.mmdb"),
		"folder":    t.TempDir(),
		"empty":     kept(t, nil),
		"text":      kept(t, []byte("not a database")),
		"cut":       kept(t, good[:len(good)-40]),
		"holes":     kept(t, holes),
		"of others": kept(t, made(t, "GeoLite2-ASN")),
	} {
		if r, err := geo.Open(path); !errors.Is(err, geo.ErrFile) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, %v", name, r, err)
		}
	}
}

// Whatever the file holds, opening and asking end in an answer.
func FuzzOpen(f *testing.F) {
	f.Add(made(f, "GeoLite2-City"), byte(81))
	f.Add([]byte("\xab\xcd\xefMaxMind.com"), byte(2))
	f.Fuzz(func(t *testing.T, content []byte, first byte) {
		r, err := geo.Open(kept(t, content))
		if err != nil {
			return
		}
		if got := r.Place(netip.AddrFrom4([4]byte{first, 2, 69, 1}).String()); len(got) > 4*64 || strings.ContainsAny(got, "\n\x00") {
			t.Errorf("%q", got)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}
