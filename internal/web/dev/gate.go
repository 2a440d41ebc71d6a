package dev

import (
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// Keys is what a Gate needs of the keyring.
type Keys interface {
	MAC(purpose string, parts ...[]byte) [32]byte
}

// Person is one of the demo people.
type Person struct {
	page.DevPerson
	Email string
}

// Gate knows which browsers gave the terminal's code. It is immutable and safe
// for concurrent use.
type Gate struct {
	frame  *web.Frame
	keys   Keys
	code   secret.Text
	people []Person
}

// NewGate makes a Gate for one run, whose terminal shows code.
func NewGate(frame *web.Frame, keys Keys, code secret.Text, people []Person) *Gate {
	return &Gate{frame, keys, code, people}
}

// Entry is the strip on the sign-in page; nil when there are no demo people.
func (g *Gate) Entry(r *http.Request) *page.DevEntry {
	if len(g.people) == 0 {
		return nil
	}
	e := &page.DevEntry{Proved: g.proved(r)}
	for _, p := range g.people {
		e.People = append(e.People, p.DevPerson)
	}
	return e
}

// pass is the cookie of a browser that gave the code: good for this run only.
func (g *Gate) pass() string {
	mac := g.keys.MAC("dev.enter", []byte(g.code.Reveal()))
	return hex.EncodeToString(mac[:])
}

func (g *Gate) proved(r *http.Request) bool {
	cookie, err := web.Cookie(r, g.frame.Names().Dev)
	return err == nil && subtle.ConstantTimeCompare([]byte(cookie), []byte(g.pass())) == 1
}

// fits compares a typed code without regard to case, spaces and hyphens.
func (g *Gate) fits(typed string) bool {
	want := plain(g.code.Reveal())
	return want != "" && subtle.ConstantTimeCompare([]byte(plain(typed)), []byte(want)) == 1
}

var noGaps = strings.NewReplacer("-", "", " ", "")

func plain(s string) string { return noGaps.Replace(strings.ToUpper(s)) }

func (g *Gate) person(key string) (Person, bool) {
	for _, p := range g.people {
		if p.Key == key {
			return p, true
		}
	}
	return Person{}, false
}
