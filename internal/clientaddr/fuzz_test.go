package clientaddr_test

import (
	"net/netip"
	"testing"

	"github.com/mortise-auth/mortise/internal/clientaddr"
)

// PW-24 SE-50: whatever a client puts before what the proxy appends, it cannot
// choose its address; at worst it is counted as the proxy.
func FuzzClientCannotChooseItsAddress(f *testing.F) {
	for _, s := range []string{"", "1.1.1.1", "1.1.1.1, ", `for="1.1.1.1`, `for=1.1.1.1;proto=https`, `for="\"`, "[::1", "10.0.0.2", `x=",`} {
		f.Add(s, true)
		f.Add(s, false)
	}
	tr := trust(f, "10.0.0.1", "forwarded=10.0.0.2")
	victim := netip.MustParseAddr("192.0.2.7")
	f.Fuzz(func(t *testing.T, sent string, ownLine bool) {
		lines := func(appended string) []string {
			if ownLine {
				return []string{sent, appended}
			}
			return []string{sent + ", " + appended}
		}
		x := tr.Of(clientaddr.Request{Peer: "10.0.0.1:1", Headers: headers{"X-Forwarded-For": lines("192.0.2.7"), "Forwarded": {sent}}})
		if x.Addr != victim {
			t.Errorf("X-Forwarded-For: %v", x.Addr)
		}
		proxy := netip.MustParseAddr("10.0.0.2")
		for _, appended := range []string{"for=192.0.2.7", `for="192.0.2.7:80"`} {
			y := tr.Of(clientaddr.Request{Peer: "10.0.0.2:1", Headers: headers{"Forwarded": lines(appended), "X-Forwarded-For": {sent}}})
			if y.Addr != victim && y.Addr != proxy {
				t.Errorf("Forwarded: %v", y.Addr)
			}
		}
	})
}

func FuzzTrust(f *testing.F) {
	f.Add("10.0.0.0/8")
	f.Add("forwarded=::1")
	f.Fuzz(func(t *testing.T, entry string) {
		tr, err := clientaddr.NewTrust([]string{entry})
		if err == nil && tr.Of(clientaddr.Request{Peer: "1.1.1.1:1"}).ViaProxy && tr.Of(clientaddr.Request{Peer: "200.1.1.1:1"}).ViaProxy {
			t.Errorf("%q trusts the internet", entry)
		}
	})
}
