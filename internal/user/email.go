package user

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// The limits of RFC 5321 section 4.5.3.1, in bytes.
const (
	maxAddress = 254
	maxLocal   = 64
)

// ParseEmail reads one address as a person types it and returns it in the form
// to show and to send to, and the key to compare by.
//
// Accepted are the addresses that mail systems deliver in practice: a dot-atom
// local part (RFC 5321, and UTF-8 by RFC 6531) and a domain of at least two
// labels. Quoted local parts, comments, address literals and display names are
// refused with ErrBadEmail. The domain is mapped by IDNA (UTS 46) to its ASCII
// form; the key folds case and compatibility forms of the whole, so that
// look-ups, limits and uniqueness agree on what "the same address" is (PW-24).
func ParseEmail(s string) (address, key string, err error) {
	s = strings.TrimSpace(s)
	if len(s) > maxAddress || !utf8.ValidString(s) {
		return "", "", ErrBadEmail
	}
	s = norm.NFC.String(s)
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || strings.IndexByte(s[:at], '@') >= 0 {
		return "", "", ErrBadEmail
	}
	local, domain := s[:at], s[at+1:]
	if !dotAtom(local) {
		return "", "", ErrBadEmail
	}
	domain, err = hostname(domain)
	if err != nil || len(local)+1+len(domain) > maxAddress {
		return "", "", ErrBadEmail.Because(err)
	}
	key = strings.ToLower(norm.NFKC.String(local)) + "@" + domain
	return local + "@" + domain, key, nil
}

// EmailKey is the key of what somebody typed to identify themselves. It never
// fails: text that is no address becomes a key that no account has.
func EmailKey(s string) string {
	if _, key, err := ParseEmail(s); err == nil {
		return key
	}
	if len(s) > maxAddress {
		s = s[:maxAddress]
	}
	return "\x00" + strings.ToLower(strings.ToValidUTF8(strings.TrimSpace(s), ""))
}

func hostname(s string) (string, error) {
	d, err := idna.Lookup.ToASCII(strings.TrimSuffix(s, "."))
	if err != nil {
		return "", err
	}
	d = strings.ToLower(d)
	if !strings.Contains(d, ".") || len(d) > 253 {
		return "", ErrBadEmail
	}
	if _, err := netip.ParseAddr(d); err == nil {
		return "", ErrBadEmail
	}
	return d, nil
}

func dotAtom(local string) bool {
	if local == "" || len(local) > maxLocal || local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, "..") {
		return false
	}
	for _, r := range norm.NFKC.String(local) {
		switch {
		case r == '.', 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		case strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r):
		case r >= utf8.RuneSelf && unicode.In(r, unicode.L, unicode.M, unicode.N):
		default:
			return false
		}
	}
	return true
}
