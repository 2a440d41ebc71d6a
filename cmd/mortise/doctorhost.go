package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/settings"
)

// hostFindings are what only this host sees: files and settings.
func (p *program) hostFindings(s settings.Settings) ([]finding, error) {
	if err := dataExists(s); err != nil {
		return nil, err
	}
	all := append(p.secretFile(), behindProxy(s)...)
	found, err := searchFolder(s)
	return append(all, found...), err
}

// maxKeyFile is more than any file of master keys has.
const maxKeyFile = 64 << 10

// searchFolder looks for the master key in the data folder, by its text: whoever
// gets a copy of the folder would have both (TH-28). It reports files that
// others may read.
func searchFolder(s settings.Settings) ([]finding, error) {
	var all []finding
	keys := bytes.FieldsFunc([]byte(s.SecretKey.Reveal()), func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) })
	err := filepath.WalkDir(s.Data, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // gone meanwhile, as files of a database are
		}
		if err != nil {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if f, open := openToOthers(path, info); open && path == s.Data {
			all = append(all, f)
		}
		if !info.Mode().IsRegular() || info.Size() > maxKeyFile {
			return nil
		}
		text, err := readBounded(path)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if len(key) >= 16 && bytes.Contains(text, key) {
				all = append(all, finding{
					"MD-10", asProblem, "The master key lies in the data folder", "Whoever copies or backs up the folder has the key to everything sealed in it.",
					path, "mv " + quote(path) + " /etc/mortise/, point MORTISE_SECRET_KEY_FILE there, restart, and replace the key if copies of the folder exist: docs/keys.md",
				})
				break
			}
		}
		return nil
	})
	return all, err
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, maxKeyFile))
}

// openToOthers reports a file or folder that other users of the machine may use.
func openToOthers(path string, info fs.FileInfo) (finding, bool) {
	want, mode := fs.FileMode(0o600), info.Mode().Perm()
	if info.IsDir() {
		want = 0o700
	}
	if mode&0o077 == 0 {
		return finding{}, false
	}
	return finding{
		"MD-11", asProblem, "Other users of this machine may read what is secret", "The permissions are wider than the owner.",
		fmt.Sprintf("%s has mode %04o", path, mode), fmt.Sprintf("chmod %04o %s", want, quote(path)),
	}, true
}

// secretFile looks at the file that the master key is read from.
func (p *program) secretFile() []finding {
	path := p.getenv("MORTISE_SECRET_KEY_FILE")
	if path == "" {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil // the settings were read from it; whoever may not look again is not told more
	}
	// A service manager may own the file and let the group of the service read it.
	if info.Mode().Perm()&0o037 == 0 {
		return nil
	}
	f, _ := openToOthers(path, info)
	return []finding{f}
}

// behindProxy: with https that somebody else ends, every request comes from the
// proxy's address unless its headers are believed, and limits by address hold
// everybody together.
func behindProxy(s settings.Settings) []finding {
	u, err := url.Parse(s.URL)
	if err != nil || u.Scheme != "https" || s.TLS.CertFile != "" || s.TLS.ACME.Enabled || len(s.TrustedProxies) > 0 {
		return nil
	}
	return []finding{{
		"MD-12", asProblem, "Requests seem to come from the proxy alone", "The public address is https and Mortise has no certificate, so a proxy ends TLS; yet no proxy is trusted to say who asks.",
		"url=" + s.URL + " listen=" + s.Listen + ", no tls, no trusted_proxies", "export MORTISE_TRUSTED_PROXIES=" + proxyGuess(s.Listen) + " (the proxy's address), then restart: docs/https.md",
	}}
}

func proxyGuess(listen string) string {
	if at, err := netip.ParseAddrPort(listen); err == nil && !at.Addr().IsLoopback() {
		return "10.0.0.2"
	}
	return "127.0.0.1"
}
