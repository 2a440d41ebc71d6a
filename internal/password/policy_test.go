package password

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
)

func testPolicy(t testing.TB, o PolicyOptions) *Policy {
	t.Helper()
	if o.Service == "" {
		o.Service = "Mortise"
	}
	p, err := NewPolicy(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var ada = Context{Names: []string{"Augusta Ada Lovelace-King"}, Emails: []string{"ada.lovelace+news@analytical-engines.example"}}

// PW-1 PW-2 PW-3 PW-4 PW-5 PW-6
func TestPolicy(t *testing.T) {
	p := testPolicy(t, PolicyOptions{Words: []string{"Difference Engine"}})
	with2 := ada
	with2.SecondFactor = true
	for _, c := range []struct {
		name, password string
		context        Context
		want           *problem.Error
	}{
		{"four words", "correct horse battery staple", ada, nil},
		{"lower case only", "kolibri wandert nachts", ada, nil},
		{"digits only", "920471836650281", ada, nil},
		{"spaces count", "a b q d x f z h m j k", ada, nil},
		{"fifteen emoji", "🦊🌵🎻🧊🚀🍋🐙🪁🎲🧵🦜🥁🛶🧿🪐", ada, nil},
		{"joined emoji", "👩‍🚀 flies over 🏳️‍🌈 hills", ada, nil},
		{"Chinese", "我今天早上吃了三个苹果和一杯茶水", ada, nil},
		{"largest", strings.Repeat("Zq7!mW2)", 512), ada, nil},
		{"fourteen", "kolibri nachts", ada, ErrTooShort},
		{"fifteen", "kolibri nachts!", ada, nil},
		{"combining marks are one letter", "kolibri nacht" + "e\u0301", ada, ErrTooShort},
		{"eight with a factor", "vq3xkwzj", with2, nil},
		{"seven with a factor", "vq3xkwz", with2, ErrTooShort},
		{"too long", strings.Repeat("x", 4097), ada, ErrTooLong},
		{"grows when normalised", strings.Repeat("\u0344", 2048), ada, ErrTooLong},
		{"tab", "kolibri\twandert nachts", ada, ErrUnprintable},
		{"NUL", "kolibri\x00wandert nachts", ada, ErrUnprintable},
		{"not UTF-8", "kolibri wandert \xff nachts", ada, ErrUnprintable},
		{"common", "passwordpassword", ada, ErrCommon},
		{"common, other case", "PassWordPassWord", ada, ErrCommon},
		{"common with a factor", "password1", with2, ErrCommon},
		{"full name", "Augusta Ada Lovelace-King", ada, ErrContextual},
		{"full name in disguise", "4ugust@ 4da L0velace K1ng", ada, ErrContextual},
		{"local part", "Ada.Love1ace+News", ada, ErrContextual},
		{"domain", "analytical-engines", ada, ErrContextual},
		{"domain whole", "analytical-engines.example", ada, ErrContextual},
		{"address", "ada.lovelace+news@analytical-engines.example", ada, ErrContextual},
		{"configured word", "D1fference-Eng1ne", ada, ErrContextual},
		{"service with a factor", "M0rtise!!", with2, ErrContextual},
		{"name and year", "Lovelace Mortise 2026", ada, ErrWeak},
		{"one letter", strings.Repeat("a", 40), ada, ErrWeak},
		{"one word over and over", strings.Repeat("kiwi", 20), ada, ErrWeak},
		{"digits in order", "123456789012345", ada, ErrWeak},
		{"alphabet", "abcdefghijklmnopqrstuvwxyz", ada, ErrWeak},
		{"rows of keys", "qwertyuiopasdfghjkl", ada, ErrWeak},
		{"decorated", "P@ssw0rd123456!", ada, ErrWeak},
		{"word and date", "sunshine19871224", ada, nil},
		{"a long password may contain a name", "lovelace rode a purple unicycle home", ada, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := p.Check(t.Context(), secret.NewText(c.password), c.context)
			if c.want == nil {
				if err != nil {
					t.Fatalf("refused: %v (%+v)", err, p.Estimate(secret.NewText(c.password), c.context))
				}
				return
			}
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v (%+v)", err, c.want, p.Estimate(secret.NewText(c.password), c.context))
			}
			f := problem.Of(err).Fields
			if len(f) != 1 || f[0].Pointer != "/password" || f[0].Code != c.want.Code || f[0].Message == "" {
				t.Errorf("fields %+v", f)
			}
		})
	}
}

// PW-1
func TestPolicyRefusesMinimaBelowEight(t *testing.T) {
	for _, o := range []PolicyOptions{{MinAlone: 7}, {MinWithFactor: 7}, {MinAlone: 9, MinWithFactor: 10}, {MinAlone: 2000}} {
		if _, err := NewPolicy(o); !errors.Is(err, ErrParameters) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	p := testPolicy(t, PolicyOptions{MinAlone: 8})
	if err := p.Check(t.Context(), secret.NewText("vq3xkwzj"), ada); err != nil {
		t.Error(err)
	}
}

type breachList map[string]error

func (b breachList) Seen(_ context.Context, s secret.Text) (bool, error) {
	err, ok := b[s.Reveal()]
	return ok && err == nil, err
}

// PW-6
func TestBreachesFailOpenAndAreReported(t *testing.T) {
	down := errors.New("no answer")
	var reported []error
	p := testPolicy(t, PolicyOptions{
		Breaches: []Breaches{breachList{"kolibri wandert nachts": down, "eleven sad giraffes": down}, breachList{"eleven sad giraffes": nil}},
		Report:   func(_ context.Context, err error) { reported = append(reported, err) },
	})
	if err := p.Check(t.Context(), secret.NewText("kolibri wandert nachts"), Context{}); err != nil {
		t.Errorf("list down: %v", err)
	}
	if len(reported) != 1 || !errors.Is(reported[0], down) || strings.Contains(fmt.Sprint(reported), "kolibri") {
		t.Errorf("reported %v", reported)
	}
	c := Context{Field: "/new_password"}
	err := p.Check(t.Context(), secret.NewText("eleven sad giraffes"), c)
	if !errors.Is(err, ErrBreached) || problem.Of(err).Fields[0].Pointer != "/new_password" {
		t.Errorf("on the second list: %v", err)
	}
}

func TestEstimateOrdersPasswords(t *testing.T) {
	p := testPolicy(t, PolicyOptions{})
	last := -1.0
	for _, s := range []string{"", "aaaaaaaa", "sunshine", "sunshine2019", "tr0ub4dor&3", "kolibri nachts", "correct horse battery staple"} {
		got := p.Estimate(secret.NewText(s), Context{})
		if got.Guesses < last {
			t.Errorf("%q: %.1f is below the one before (%.1f)", s, got.Guesses, last)
		}
		if got.Score < 4 && got.Hint.Text == "" {
			t.Errorf("%q: score %d without a hint", s, got.Score)
		}
		last = got.Guesses
	}
	for s, want := range map[string]Hint{
		"abcdefghijkl": hintSequence, "asdfghjkl;'zxcvbnm,": hintKeyboard, "zzzzzzzzzzzz": hintRepeat, "mortisemortise": hintContext, "sunshine": hintCommon, "x9": hintShort, "k19871224": hintDate,
	} {
		if got := p.Estimate(secret.NewText(s), Context{}); got.Hint != want {
			t.Errorf("%q: hint %q, want %q", s, got.Hint.Code, want.Code)
		}
	}
}

func FuzzPolicy(f *testing.F) {
	f.Add("correct horse battery staple", "Ada", "ada@example.test")
	f.Add(strings.Repeat("a", 5000), "", "@")
	f.Add("\xff\u0344", ".", "@.@")
	p := testPolicy(f, PolicyOptions{})
	f.Fuzz(func(t *testing.T, s, name, address string) {
		c := Context{Names: []string{name}, Emails: []string{address}}
		err := p.Check(t.Context(), secret.NewText(s), c)
		st := p.Estimate(secret.NewText(s), c)
		if st.Score < 0 || st.Score > 4 || st.Guesses < 0 || st.Guesses > 2*analysed {
			t.Fatalf("strength %+v", st)
		}
		if err == nil && (utf8.RuneCountInString(s) < 15 && len(s) < 15 || len(s) > MaxBytes || st.Guesses < 8) {
			t.Fatalf("accepted %q at %+v", s, st)
		}
	})
}

func BenchmarkEstimate4096(b *testing.B) {
	p := testPolicy(b, PolicyOptions{})
	for name, s := range map[string]string{"random": strings.Repeat("Zq7!mW2)", 512), "same": strings.Repeat("1", 4096), "words": strings.Repeat("p4ssw0rd sunsh1ne ", 227)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				p.Estimate(secret.NewText(s), ada)
			}
		})
	}
}
