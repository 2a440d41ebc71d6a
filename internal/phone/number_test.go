package phone_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/user"
)

// PW-48: numbers are read as people write them, and only as numbers in full.
func TestParse(t *testing.T) {
	for typed, want := range map[string]phone.Number{
		"+49 171 1234567":      "+491711234567",
		"0049 (171) 123-45.67": "+491711234567",
		"+49 (0) 171/1234567":  "+491711234567",
		" ＋４９ １７１ １２３４５６７ ":    "+491711234567",
		"+1 (415) 555-2671":    "+14155552671",
		"+39 06 12345678":      "+390612345678", // Italy keeps its zero
		"+3725012345":          "+3725012345",
		"+44 7700 900123":      "+447700900123",
	} {
		if got, err := phone.Parse(typed); err != nil || got != want {
			t.Errorf("%q: %q, %v", typed, string(got), err)
		}
	}
	for _, typed := range []string{
		"", "+", "00", "171 1234567", "0171 1234567", "+0049171123456", "+49 0171 1234567", "+4917", "+49171123456789012", "+999 1234567", "+210 1234567",
		"+1 115 555 2671", "+1 415 155 2671", "+1 415 555 267", "+49 171 12345a7", "+49171123456++", "4+9171123456", "tel:+491711234567", "+49 171 1234567;ext=1",
		"+49\x001711234567", "+٤٩١٧١١٢٣٤٥٦٧", strings.Repeat(" ", 41), "+881 6 1234 5678", "+800 1234 5678", "+979 1 2345 6789",
	} {
		if got, err := phone.Parse(typed); !errors.Is(err, phone.ErrNumber) {
			t.Errorf("%q: %q, %v", typed, string(got), err)
		}
	}
	for _, typed := range []string{"+1 900 555 2671", "+44 909 879 0123", "+44 70 1234 5678", "+49 900 1 234567", "+49 137 1234567", "+33 899 12 34 56", "+81 990 123456", "+5399 123456"} {
		if got, err := phone.Parse(typed); !errors.Is(err, phone.ErrPremium) {
			t.Errorf("%q: %q, %v", typed, string(got), err)
		}
	}
}

// AU-23: a number that is printed is not told.
func TestNumbersAreMasked(t *testing.T) {
	n, err := phone.Parse("+49 171 1234567")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{n.String(), fmt.Sprintf("%v %s %#v", n, n, n), fmt.Sprint(struct{ N phone.Number }{n})} {
		if strings.Contains(text, "1234") || !strings.Contains(text, "567") {
			t.Error(text)
		}
	}
	if n.Country() != "+49" || n.Range() != "+49171" {
		t.Errorf("%s %s", n.Country(), n.Range())
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"+49 171 1234567", "0049(0)171", "+1 415 555 2671", "＋４９"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		n, err := phone.Parse(typed)
		if err != nil {
			return
		}
		if again, err := phone.Parse(string(n)); err != nil || again != n {
			t.Errorf("%q is %q, which is %q (%v)", typed, string(n), string(again), err)
		}
		if len(n) < 9 || len(n) > 16 || n.Country() == "" || strings.Trim(string(n[1:]), "0123456789") != "" {
			t.Errorf("%q", string(n))
		}
	})
}

type keys struct{}

func (keys) MAC(purpose string, parts ...[]byte) (out [32]byte) {
	copy(out[:], fmt.Sprint(purpose, parts))
	return out
}

func (keys) Seal(_ string, aad, plain []byte) []byte {
	return append(append([]byte{}, aad...), plain...)
}

func (keys) Open(_ string, aad, sealed []byte) ([]byte, error) {
	if rest, ok := strings.CutPrefix(string(sealed), string(aad)); ok {
		return []byte(rest), nil
	}
	return nil, errors.New("not this")
}

// A sealed number belongs to its phone and owner.
func TestSealed(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	p := phone.New(keys{}, user.NewID(now), "+491711234567", now)
	if n, err := p.Open(keys{}); err != nil || n != "+491711234567" {
		t.Fatal(n, err)
	}
	p.User = user.NewID(now)
	if _, err := p.Open(keys{}); err == nil {
		t.Error("another account opens it")
	}
}

// PW-48: each message is charged to its number, range, country and the whole.
func TestBudget(t *testing.T) {
	prices, err := phone.ParsePrices([]string{"+49=75", "+49171 = 80", "+1=8"})
	if err != nil {
		t.Fatal(err)
	}
	b := phone.Budget{Allowed: []string{"+49", "+1"}, PerNumber: 5, PerRange: 50, PerCountry: 500, Spend: 1000, Price: 100, Prices: prices}
	for n, want := range map[phone.Number]int64{"+491711234567": 80, "+493012345678": 75, "+14155552671": 8} {
		charges, err := b.Charges(keys{}, n)
		if err != nil || len(charges) != 4 {
			t.Fatal(n, err)
		}
		if last := charges[3]; last.Scope != "spend" || last.Amount != want || last.Cap != 1000 {
			t.Errorf("%s: %+v", n, last)
		}
		for _, c := range charges {
			if strings.Contains(c.Scope, string(n[4:])) {
				t.Errorf("a counter tells the number: %s", c.Scope)
			}
		}
	}
	if _, err := b.Charges(keys{}, "+33612345678"); !errors.Is(err, phone.ErrRegion) {
		t.Errorf("a country that is not allowed: %v", err)
	}
	if (phone.Budget{}).Spend != 0 {
		t.Error("the zero value sends")
	}
	for _, bad := range []string{"49=75", "+49", "+49=0", "+49=x", "+=5", "+0=5", "+49 171=5"} {
		if _, err := phone.ParsePrices([]string{bad}); err == nil {
			t.Errorf("%q is a price", bad)
		}
	}
	if err := (phone.Budget{Allowed: []string{"49"}}).Check(); err == nil {
		t.Error("a prefix without its sign")
	}
}
