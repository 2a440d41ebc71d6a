package password

import (
	"math"
	"strings"
	"unicode"
)

// Strength is an estimate of how many guesses somebody needs who tries patterns
// before chance.
type Strength struct {
	Score   int     // 0 (at once) to 4 (out of reach for a stolen hash)
	Guesses float64 // log10
	Hint    Hint    // what would help most; zero when nothing needs to
}

// Hint is one sentence of advice. Code is stable, for translations.
type Hint struct{ Code, Text string }

var (
	hintShort    = Hint{"add_words", "Add a few unrelated words."}
	hintCommon   = Hint{"common_word", "It is built on a word or password that many people use; add a few unrelated words."}
	hintContext  = Hint{"personal_word", "It is built on your name, your address or this service's name; use words that have nothing to do with you."}
	hintSequence = Hint{"sequence", "Runs such as abcdef or 12345 are tried first; replace them with unrelated words."}
	hintKeyboard = Hint{"keyboard", "Rows of keys such as qwerty are tried first; replace them with unrelated words."}
	hintRepeat   = Hint{"repeat", "Repeating the same characters adds little; add different words instead."}
	hintDate     = Hint{"date", "Dates and years are quickly tried; replace them with unrelated words."}
)

// Costs of patterns, in log10 guesses.
const (
	costCommon   = 4.5 // one of some 56,000
	costLeet     = 0.5 // on top, for digits that stand for letters
	costContext  = 0.7
	costSequence = 1.8
	costKeyboard = 2.0
	costCopy     = 1.5
	costYear     = 2.0
	costDate     = 4.2
	costASCII    = 1.0
	costOther    = 1.5
	costCase     = 0.3
)

// analysed bounds the work: what follows the first hundred characters can only
// make a password stronger and is not looked at.
const analysed = 100

// step is the best way found to reach a position.
type step struct {
	cost float64
	from int
	hint Hint
}

// estimate finds the cheapest way to build s from patterns and single
// characters, by dynamic programming over positions.
func estimate(s string, w words) Strength {
	t := newText(s)
	best := make([]step, t.n+1)
	for i := range best[1:] {
		best[i+1].cost = math.Inf(1)
	}
	for i := range t.n {
		reach := func(length int, cost float64, h Hint) {
			if c, to := best[i].cost+cost, &best[i+length]; c < to.cost {
				*to = step{c, i, h}
			}
		}
		single := costASCII
		if t.lower[i] >= 0x80 {
			single = costOther
		}
		reach(1, single, Hint{})
		t.patterns(i, w, reach)
	}
	guesses := best[t.n].cost
	if t.mixed {
		guesses += costCase
	}
	return Strength{Score: score(guesses), Guesses: guesses, Hint: advice(best, score(guesses))}
}

func score(log10 float64) int {
	n := 0
	for _, limit := range [...]float64{3, 6, 8, 10} {
		if log10 >= limit {
			n++
		}
	}
	return n
}

// advice names the pattern that covers most of the cheapest way.
func advice(best []step, score int) Hint {
	if score == 4 {
		return Hint{}
	}
	covered := map[Hint]int{}
	top, most := hintShort, 2
	for i := len(best) - 1; i > 0; i = best[i].from {
		h := best[i].hint
		covered[h] += i - best[i].from
		if h != (Hint{}) && covered[h] > most {
			top, most = h, covered[h]
		}
	}
	return top
}

// text is a password prepared for matching, position by position.
type text struct {
	n     int
	lower []rune
	look  []rune    // see look
	leet  [2][]rune // digits read as letters, 1 as i and as l
	mixed bool      // has upper and lower case
}

func newText(s string) *text {
	t := &text{}
	for _, r := range s {
		if t.n == analysed {
			break
		}
		l := unicode.ToLower(r)
		t.mixed = t.mixed || l != r
		t.lower = append(t.lower, l)
		t.look = append(t.look, look(l))
		t.leet[0] = append(t.leet[0], letter(l, 'i'))
		t.leet[1] = append(t.leet[1], letter(l, 'l'))
		t.n++
	}
	return t
}

func letter(r, one rune) rune {
	if r == '1' || r == '!' || r == '|' {
		return one
	}
	if strings.ContainsRune("0345@$7+8€", r) {
		return look(r)
	}
	return r
}
