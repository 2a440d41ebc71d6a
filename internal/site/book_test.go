package site

import (
	"context"
	"errors"
	"testing"
	"time"
)

// shelf is a store that can be changed, broken, and halted while it is read.
type shelf struct {
	Store
	all    []Site
	err    error
	reads  int
	before func()
}

func (s *shelf) All(context.Context) ([]Site, error) {
	s.reads++
	all := s.all
	if s.before != nil {
		s.before()
	}
	return all, s.err
}

type proof bool

func (p *proof) Fresh(time.Time) bool { return bool(*p) }

func open(t *testing.T) (*shelf, *proof, *Book) {
	t.Helper()
	st, fresh := &shelf{all: []Site{{Host: "a"}}}, proof(true)
	return st, &fresh, NewBook(st, &fresh, time.Now)
}

func (b *Book) has(t *testing.T, host string) error {
	t.Helper()
	_, err := b.Site(t.Context(), host)
	return err
}

// TH-11: without a proof the store is read each time, and its silence is no answer.
func TestBookNeedsAProof(t *testing.T) {
	st, fresh, b := open(t)
	for range 3 {
		if err := b.has(t, "a"); err != nil {
			t.Fatal(err)
		}
	}
	if st.reads != 1 {
		t.Errorf("read %d times while fresh", st.reads)
	}
	*fresh, st.err = false, errors.New("gone")
	if err := b.has(t, "a"); !errors.Is(err, ErrUncertain) {
		t.Errorf("stale and silent: %v", err)
	}
}

// TH-10: what is changed while it is read is read again.
func TestBookIsNotFilledLate(t *testing.T) {
	st, _, b := open(t)
	st.before = func() {
		st.all, st.before = nil, nil
		b.Forget()
	}
	if err := b.has(t, "a"); err != nil {
		t.Fatal(err)
	}
	if err := b.has(t, "a"); !errors.Is(err, ErrUnknown) {
		t.Errorf("the deleted site is served: %v", err)
	}
}
