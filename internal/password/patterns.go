package password

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// patterns offers every pattern that begins at i. All lengths are bounded, so the
// whole estimate is.
func (t *text) patterns(i int, w words, reach func(length int, cost float64, h Hint)) {
	t.common(i, reach)
	for word := range w {
		if n := utf8.RuneCountInString(word); i+n <= t.n && string(t.look[i:i+n]) == word {
			reach(n, costContext, hintContext)
		}
	}
	upTo := func(longest, shortest int, cost float64, h Hint) {
		for n := shortest; n <= longest; n++ {
			reach(n, cost, h)
		}
	}
	upTo(t.sequence(i), 3, costSequence, hintSequence)
	upTo(t.row(i), 3, costKeyboard, hintKeyboard)
	upTo(t.copied(i), 2, costCopy, hintRepeat)
	if t.year(i) {
		reach(4, costYear, hintDate)
	}
	if t.date(i) {
		reach(8, costDate, hintDate)
	}
}

// common offers words of the embedded list, plain and disguised. Shorter ones
// cost less character by character.
func (t *text) common(i int, reach func(int, float64, Hint)) {
	t.listed(i, t.lower, costCommon, reach)
	for _, leet := range t.leet {
		t.listed(i, leet, costCommon+costLeet, reach)
	}
}

func (t *text) listed(i int, in []rune, cost float64, reach func(int, float64, Hint)) {
	const shortest, longest = 5, 20
	f, key := common(), newCommonKey
	for n := 1; n <= longest && i+n <= t.n; n++ {
		key = key.add(in[i+n-1])
		if n >= shortest && f.Contains(uint64(key)) {
			reach(n, cost, hintCommon)
		}
	}
}

// sequence is the length of the run of neighbours, up or down, from i.
func (t *text) sequence(i int) int {
	if i+1 >= t.n {
		return 1
	}
	delta := t.lower[i+1] - t.lower[i]
	if delta != 1 && delta != -1 {
		return 1
	}
	n := 2
	for i+n < t.n && t.lower[i+n]-t.lower[i+n-1] == delta {
		n++
	}
	return n
}

// rows are ways fingers walk over common keyboards.
var rows = func() (all []string) {
	for _, r := range []string{
		"1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "qwertzuiopü", "azertyuiop", "yxcvbnm", "!@#$%^&*()_+",
		"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "qazwsxedcrfvtgbyhnujmikolp", "1q2w3e4r5t6y7u8i9o0p", "147258369", "789456123",
	} {
		back := []rune(r)
		slices.Reverse(back)
		all = append(all, r, string(back))
	}
	return all
}()

// row is the length of the longest walk from i.
func (t *text) row(i int) int {
	longest := 0
	for _, r := range rows {
		at := strings.IndexRune(r, t.lower[i])
		if at < 0 {
			continue
		}
		n := 0
		for _, key := range r[at:] {
			if i+n >= t.n || t.lower[i+n] != key {
				break
			}
			n++
		}
		longest = max(longest, n)
	}
	return longest
}

// copied is the length of the longest piece from i that already stood before,
// overlapping itself or not: aaaa, abcabc and passwordpassword alike.
func (t *text) copied(i int) int {
	longest := 0
	for k := range i {
		n := 0
		for i+n < t.n && t.look[k+n] == t.look[i+n] {
			n++
		}
		longest = max(longest, n)
	}
	return longest
}

func (t *text) year(i int) bool {
	v, ok := t.digits(i, 4)
	return ok && v >= 1900 && v < 2100
}

// date recognises eight digits with the year first or last.
func (t *text) date(i int) bool {
	v, ok := t.digits(i, 8)
	if !ok {
		return false
	}
	return t.year(i) && dayAndMonth(v/100%100, v%100) || t.year(i+4) && dayAndMonth(v/1000000, v/10000%100)
}

func dayAndMonth(a, b int) bool {
	return a >= 1 && b >= 1 && (a <= 12 && b <= 31 || a <= 31 && b <= 12)
}

func (t *text) digits(i, n int) (v int, ok bool) {
	if i+n > t.n {
		return 0, false
	}
	for _, r := range t.lower[i : i+n] {
		if r < '0' || r > '9' {
			return 0, false
		}
		v = 10*v + int(r-'0')
	}
	return v, true
}
