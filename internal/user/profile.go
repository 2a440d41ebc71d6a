package user

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// Profile is what people may say about themselves.
type Profile struct {
	Name     string
	Locale   string
	TimeZone string
}

// MaxName is the longest display name, in code points.
const MaxName = 100

// Clean returns p in canonical form, or the first error of its parts.
func (p Profile) Clean() (Profile, error) {
	name, err := CleanName(p.Name)
	if err != nil {
		return p, err
	}
	p.Name = name
	if p.Locale != "" {
		tag, err := language.Parse(p.Locale)
		if err != nil {
			return p, ErrBadLocale.Because(err)
		}
		p.Locale = tag.String()
	}
	if p.TimeZone != "" {
		if _, err := time.LoadLocation(p.TimeZone); err != nil || p.TimeZone == "Local" {
			return p, ErrBadTimeZone.Because(err)
		}
	}
	return p, nil
}

// CleanName trims and normalises a display name. Control characters, line
// breaks and bidirectional overrides are refused, because names are shown to
// other people and stand in mails and logs.
func CleanName(s string) (string, error) {
	if !utf8.ValidString(s) || len(s) > 8*MaxName {
		return "", ErrBadName
	}
	s = strings.Join(strings.Fields(norm.NFC.String(s)), " ")
	if utf8.RuneCountInString(s) > MaxName {
		return "", ErrBadName
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError {
			return "", ErrBadName
		}
	}
	return s, nil
}
