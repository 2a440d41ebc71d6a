package decision

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// kept is a store in memory.
type kept struct {
	records map[string]Record
	err     error
}

func (k *kept) Put(_ context.Context, records []Record) error {
	if k.err != nil {
		return k.err
	}
	for _, r := range records {
		k.records[r.Code] = r
	}
	return nil
}

func (k *kept) ByCode(_ context.Context, code string) (Record, error) {
	if r, ok := k.records[code]; ok {
		return r, nil
	}
	return Record{}, ErrUnknown
}

func (k *kept) Sweep(context.Context, time.Time, int, int) (int, error) { return 0, nil }

var noon = time.Date(2033, 5, 6, 12, 0, 0, 0, time.UTC)

func recorder(allow func(context.Context, string) bool) (*Recorder, *kept) {
	k := &kept{records: map[string]Record{}}
	return New(k, func() time.Time { return noon }, allow), k
}

// A code is found at once, before and after it is written, however it is typed.
func TestFind(t *testing.T) {
	d, k := recorder(nil)
	want := Record{Refusal: "missing_role", Reason: "because", Checks: []Check{{Name: "rules", Wanted: "a", Got: "b"}}, At: noon}
	want.Code = d.Record(t.Context(), want)
	if len(want.Code) != 7 {
		t.Fatalf("code %q", want.Code)
	}
	k.err = errors.New("the disk is full")
	if err := d.Flush(t.Context()); err == nil {
		t.Fatal("flushed")
	}
	for range 2 {
		for _, typed := range []string{want.Code, strings.ToLower(want.Code), " " + strings.ReplaceAll(want.Code, "-", "")} {
			got, err := d.Find(t.Context(), typed)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Fatalf("%q: %v\n%s", typed, err, diff)
			}
		}
		k.err = nil
		if err := d.Flush(t.Context()); err != nil || len(d.pending) != 0 {
			t.Fatal(err, d.pending)
		}
	}
	for _, typed := range []string{"", "ABC", "ABC-DE", want.Code + "X", strings.Repeat("A", 1000)} {
		if _, err := d.Find(t.Context(), typed); !errors.Is(err, ErrUnknown) {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

// Explaining is bounded: by the source's budget, by what may wait, in bytes.
func TestBounds(t *testing.T) {
	d, _ := recorder(func(_ context.Context, source string) bool { return source != "flood" })
	if code := d.Record(t.Context(), Record{IP: "flood"}); code != "" {
		t.Error("beyond its budget a source got a code")
	}
	long := strings.Repeat("ä", lasting)
	code := d.Record(t.Context(), Record{Reason: long, UserAgent: long, Checks: []Check{{Got: long}}})
	r, err := d.Find(t.Context(), code)
	if err != nil || len(r.Reason) > lasting || len(r.UserAgent) > lasting || len(r.Checks[0].Got) > lasting {
		t.Errorf("%v %d", err, len(r.Reason))
	}
	for range 2 * waiting {
		d.Record(t.Context(), Record{})
	}
	if len(d.pending) != waiting {
		t.Errorf("%d wait", len(d.pending))
	}
}

// What came while a batch was written is not lost with it.
func TestFlushKeepsLater(t *testing.T) {
	d, k := recorder(nil)
	first := d.Record(t.Context(), Record{})
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := d.Run(ctx); err != nil {
		t.Fatal(err)
	}
	second := d.Record(t.Context(), Record{})
	if _, ok := k.records[first]; !ok {
		t.Error("the end of Run did not write")
	}
	if _, err := d.Find(t.Context(), second); err != nil {
		t.Error(err)
	}
}
