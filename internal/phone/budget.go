package phone

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Budget bounds what codes by phone may cost in a day (UTC). Amounts of money are
// thousandths of whatever the provider bills in. The zero value sends nothing.
type Budget struct {
	Allowed    []string         // beginnings of numbers, "+49"; empty: all but premium ones
	PerNumber  int64            // messages to one number
	PerRange   int64            // to the numbers that share country code and three digits
	PerCountry int64            //
	Spend      int64            // for everything: the hard cap
	Price      int64            // of a message or call, unless Prices know better; at least 1
	Prices     map[string]int64 // by the beginning of the number; the longest counts
}

// Charge is one counter of a day and what a message adds to it.
type Charge struct {
	Scope  string
	Amount int64
	Cap    int64 // the most there may be after it
}

// Admits reports whether messages to n are allowed at all.
func (b Budget) Admits(n Number) bool {
	return len(b.Allowed) == 0 || slices.ContainsFunc(b.Allowed, func(p string) bool { return strings.HasPrefix(string(n), p) })
}

// Charges are what one message to n is charged to. ErrRegion.
func (b Budget) Charges(keys Keys, n Number) ([]Charge, error) {
	if !b.Admits(n) {
		return nil, ErrRegion
	}
	return []Charge{
		{"number " + Tag(keys, n), 1, b.PerNumber},
		{"range " + n.Range(), 1, b.PerRange},
		{"country " + n.Country(), 1, b.PerCountry},
		{"spend", b.price(n), b.Spend},
	}, nil
}

func (b Budget) price(n Number) int64 {
	price, known := b.Price, 0
	for prefix, p := range b.Prices {
		if len(prefix) > known && strings.HasPrefix(string(n), prefix) {
			price, known = p, len(prefix)
		}
	}
	return max(price, 1)
}

// Day is the day that a charge at t counts for.
func Day(t time.Time) int64 { return t.UTC().Unix() / (24 * 60 * 60) }

// ParsePrices reads what messages cost: "+1=8", "+49=75".
func ParsePrices(texts []string) (map[string]int64, error) {
	prices := make(map[string]int64, len(texts))
	for _, t := range texts {
		prefix, amount, ok := strings.Cut(t, "=")
		n, err := strconv.ParseInt(strings.TrimSpace(amount), 10, 32)
		if prefix = strings.TrimSpace(prefix); !ok || err != nil || n < 1 || !goodPrefix(prefix) {
			return nil, fmt.Errorf("phone: %q is no price: write it as +49=75", t)
		}
		prices[prefix] = n
	}
	return prices, nil
}

// Check finds faults in what an operator wrote.
func (b Budget) Check() error {
	for _, p := range slices.Concat(b.Allowed, slices.Collect(maps.Keys(b.Prices))) {
		if !goodPrefix(p) {
			return fmt.Errorf("phone: %q is no beginning of a number: write it as +49", p)
		}
	}
	return nil
}

func goodPrefix(p string) bool {
	digits, ok := strings.CutPrefix(p, "+")
	return ok && digits != "" && len(digits) <= mostDigits && strings.Trim(digits, "0123456789") == "" && digits[0] != '0'
}
