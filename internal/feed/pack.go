package feed

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
)

// Packed, an entry is its 16 bytes of value, a byte of kind, the version as an
// unsigned varint where the kind has one, and the deadline as another: 23 bytes
// for most, so that a snapshot of a million stays small.

// pack writes entries ordered by value, so that the order tells nothing of who
// was revoked with whom (TH-16), and merges what is told twice.
func pack(entries []Entry) []byte {
	entries = slices.Clone(entries)
	slices.SortFunc(entries, order)
	var b []byte
	for i := 0; i < len(entries); {
		e := entries[i]
		for i++; i < len(entries) && order(e, entries[i]) == 0; i++ {
			e = widest(e, entries[i])
		}
		b = append(b, e.Value[:]...)
		b = append(b, byte(e.Kind))
		if e.Kind.versioned() {
			b = binary.AppendUvarint(b, uint64(max(e.Version, 0)))
		}
		b = binary.AppendUvarint(b, uint64(max(e.Until, 0)))
	}
	return b
}

func order(a, b Entry) int {
	return cmp.Or(bytes.Compare(a.Value[:], b.Value[:]), cmp.Compare(a.Kind, b.Kind))
}

// widest is the entry that kills what either does, as long as either does.
func widest(a, b Entry) Entry {
	if a.Version < 1 || b.Version < 1 {
		a.Version = 0
	} else {
		a.Version = max(a.Version, b.Version)
	}
	if a.Until < 1 || b.Until < 1 {
		a.Until = 0
	} else {
		a.Until = max(a.Until, b.Until)
	}
	return a
}

// unpack takes only what pack makes.
func unpack(b []byte) (entries []Entry, err error) {
	for len(b) > 0 {
		e, rest, ok := unpackOne(b)
		if !ok || len(entries) == MaxEntries {
			return nil, fmt.Errorf("%w: entry %d", ErrMalformed, len(entries))
		}
		if n := len(entries); n > 0 && order(entries[n-1], e) >= 0 {
			return nil, fmt.Errorf("%w: entries out of order", ErrMalformed)
		}
		entries, b = append(entries, e), rest
	}
	return entries, nil
}

func unpackOne(b []byte) (e Entry, rest []byte, ok bool) {
	if len(b) < 17 {
		return e, nil, false
	}
	copy(e.Value[:], b)
	e.Kind = Kind(b[16])
	b = b[17:]
	if e.Kind < Session || e.Kind > last || (e.Kind == Instance) != (e.Value == [16]byte{}) {
		return e, nil, false
	}
	if e.Kind.versioned() {
		if e.Version, b, ok = varint(b); !ok {
			return e, nil, false
		}
	}
	e.Until, b, ok = varint(b)
	return e, b, ok
}

// varint reads the one shortest spelling of a number.
func varint(b []byte) (int64, []byte, bool) {
	v, n := binary.Uvarint(b)
	if n <= 0 || v > highest || n > 1 && b[n-1] == 0 {
		return 0, nil, false
	}
	return int64(v), b[n:], true
}
