package password

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// words are those an attacker tries first for one account, folded.
type words map[string]struct{}

const (
	shortestWord = 3
	mostWords    = 64
	longestText  = 256 // bytes of one name or address that are looked at
)

func (p *Policy) words(c Context) words {
	w := make(words)
	for _, name := range c.Names {
		w.addPhrase(name)
	}
	for _, address := range c.Emails {
		w.addEmail(address)
	}
	w.addPhrase(p.o.Service)
	for _, word := range p.o.Words {
		w.addPhrase(word)
	}
	return w
}

// addPhrase adds the whole, its parts, and two parts in either order.
func (w words) addPhrase(s string) {
	s = clip(s)
	w.add(s)
	parts := strings.FieldsFunc(s, notAlphanumeric)
	for i, a := range parts {
		w.add(a)
		if i > 0 {
			w.add(a + parts[0])
			w.add(parts[0] + a)
		}
	}
}

func (w words) addEmail(address string) {
	address = clip(address)
	w.add(address)
	local, domain, _ := strings.Cut(address, "@")
	w.addPhrase(local)
	w.add(domain)
	labels := strings.Split(domain, ".")
	for _, label := range labels[:len(labels)-1] { // not the top-level domain
		w.addPhrase(label)
	}
}

func (w words) add(s string) {
	if f := fold(s); len([]rune(f)) >= shortestWord && len(w) < mostWords {
		w[f] = struct{}{}
	}
}

// are reports whether s as a whole, folded, is one of the words. Parts of a
// password are left to the estimate (PW-5).
func (w words) are(s string) bool {
	_, ok := w[fold(s)]
	_, bare := w[fold(strings.TrimFunc(s, notAlphanumeric))]
	return ok || bare
}

func notAlphanumeric(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// fold brings spellings of one word together: case, compatibility forms, the
// usual digits for letters, and everything between letters dropped.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		r = look(unicode.ToLower(r))
		if notAlphanumeric(r) {
			return -1
		}
		return r
	}, norm.NFKC.String(s))
}

// look maps characters that stand for each other to one of them. 1, l, i, ! and |
// are one class, so a word folds the same way however it is disguised.
func look(r rune) rune {
	switch r {
	case '0':
		return 'o'
	case '1', 'l', '!', '|':
		return 'i'
	case '3', '€':
		return 'e'
	case '4', '@':
		return 'a'
	case '5', '$':
		return 's'
	case '7', '+':
		return 't'
	case '8':
		return 'b'
	}
	return r
}

func clip(s string) string {
	if len(s) > longestText {
		return strings.ToValidUTF8(s[:longestText], "")
	}
	return s
}
