package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// discovery measures documents that never change, beside a bare GET of the same
// bytes.
func discovery(b *bench) error {
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	dir, _, err := b.folder("discovery", addr, 1)
	if err != nil {
		return err
	}
	host, err := b.serverAt(addr, "host", nil, dir, master)
	if err != nil {
		return err
	}
	defer host.stop()
	for _, d := range documents {
		if err := b.document(host, d.name, d.path); err != nil {
			return err
		}
	}
	return nil
}

// documents that never change.
var documents = []struct{ name, path string }{
	{"JWKS", "/oauth2/jwks"},
	{"discovery", "/.well-known/openid-configuration"},
	{"metadata of RFC 8414", "/.well-known/oauth-authorization-server"},
}

func (b *bench) document(host *process, name, path string) error {
	resp, body, err := fetch("http://"+host.addr+path, http.Header{})
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %d", path, resp.StatusCode)
	}
	again, rest, err := fetch("http://"+host.addr+path, http.Header{"If-None-Match": {resp.Header.Get("ETag")}})
	if err != nil {
		return err
	}
	file := filepath.Join(b.tmp, filepath.Base(path)+".json")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		return err
	}
	bare, err := b.server("document", file)
	if err != nil {
		return err
	}
	defer bare.stop()
	span := time.Duration(b.rounds(1000, 500)) * time.Millisecond
	var ours, floors, above []float64
	for range b.rounds(9, 5) {
		f, err := costOf(bare, get(bare.addr, "/document", ""), span)
		o, err1 := costOf(host, get(host.addr, path, ""), span)
		if err := firstOf(err, err1); err != nil {
			return err
		}
		ours, floors, above = append(ours, o.cpu), append(floors, f.cpu), append(above, o.cpu-f.cpu)
	}
	more := median(above)
	b.add(row{
		fmt.Sprintf("%s over loopback, %d bytes, CPU of a request", name, len(body)), fmt.Sprintf("%.1f µs", median(ours)),
		fmt.Sprintf("%.1f µs", median(floors)), fmt.Sprintf("%+.1f µs", more), fmt.Sprintf("≤ 6 µs above a bare GET; %d with its ETag", again.StatusCode),
		judge(more <= 6 && again.StatusCode == http.StatusNotModified && len(rest) == 0),
	})
	return nil
}
