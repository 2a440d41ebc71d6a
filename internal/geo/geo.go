package geo

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"unicode"

	"github.com/oschwald/maxminddb-golang/v2"
)

// ErrFile: the file cannot be used; the text says which and why.
var ErrFile = errors.New("geo: cannot use the database of places")

// MaxFile is the most bytes a file may have. It is mapped, not read.
const MaxFile = 2 << 30

// Reader looks places up. It is safe for concurrent use until Close.
type Reader struct{ db *maxminddb.Reader }

// Open maps the file and checks that it is what it should be: a database of
// cities or countries that a look-up in works. Replace the file by renaming a
// new one over it, never in place: a process keeps the one it opened.
func Open(path string) (*Reader, error) {
	if err := checkFile(path); err != nil {
		return nil, fmt.Errorf("%w %s: %w", ErrFile, path, err)
	}
	db, err := maxminddb.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w %s: it is no intact MMDB file: %w", ErrFile, path, err)
	}
	r := &Reader{db}
	if err := r.check(); err != nil {
		return nil, errors.Join(fmt.Errorf("%w %s: %w", ErrFile, path, err), db.Close())
	}
	return r, nil
}

func checkFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("it is no file")
	case info.Size() > MaxFile:
		return fmt.Errorf("it has more than %d bytes", MaxFile)
	}
	return nil
}

// check looks up a few addresses all over the tree; a whole walk would take
// seconds with the files people have.
func (r *Reader) check() error {
	kind := r.db.Metadata.DatabaseType
	if !strings.Contains(kind, "City") && !strings.Contains(kind, "Country") {
		return fmt.Errorf("it is a database of %q; want one of cities or countries", kind)
	}
	for first := 1; first < 224; first++ {
		ip := netip.AddrFrom4([4]byte{byte(first), 1, 1, 1})
		if err := r.db.Lookup(ip).Decode(new(record)); err != nil {
			return fmt.Errorf("it is damaged: %w", err)
		}
	}
	return nil
}

// Close unmaps the file. No look-up may be under way or follow.
func (r *Reader) Close() error { return r.db.Close() }

type record struct {
	City struct {
		Names struct {
			English string `maxminddb:"en"`
		} `maxminddb:"names"`
	} `maxminddb:"city"`
	Country struct {
		Code string `maxminddb:"iso_code"`
	} `maxminddb:"country"`
}

// Place returns city and country code ("Berlin, DE"), the country code alone, or
// nothing for an address that is private, unknown or none.
func (r *Reader) Place(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	if a = a.Unmap().WithZone(""); !public(a) {
		return ""
	}
	var found record
	if err := r.db.Lookup(a).Decode(&found); err != nil {
		return "" // a damaged spot of the file costs a name and nothing else
	}
	city, country := line(found.City.Names.English), line(found.Country.Code)
	switch {
	case len(country) != 2:
		return ""
	case city == "":
		return country
	}
	return city + ", " + country
}

// shared is the space of carriers' address translation, RFC 6598.
var shared = netip.MustParsePrefix("100.64.0.0/10")

func public(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate() && !shared.Contains(a)
}

// line keeps what a stranger's file may put on our pages to one short line.
func line(s string) string {
	const most = 60
	s = strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) && r != unicode.ReplacementChar {
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, ""))
	if all := []rune(s); len(all) > most {
		s = string(all[:most])
	}
	return strings.TrimSpace(s)
}
