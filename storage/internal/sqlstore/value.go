package sqlstore

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// raw is an id or digest as an argument.
func raw(v [16]byte) []byte { return v[:] }

// ref is raw, with the zero id as NULL.
func ref(v [16]byte) any {
	if v == [16]byte{} {
		return nil
	}
	return v[:]
}

// seal is a digest as an argument; the digest of nothing is NULL.
func seal(v [32]byte) any {
	if v == [32]byte{} {
		return nil
	}
	return v[:]
}

// at is a time as an argument; the zero time is NULL, never.
func at(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// octets is bytes as an argument; none at all is NULL.
func octets(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// words is a list as an argument.
func words(list []string) string {
	if len(list) == 0 {
		return "[]"
	}
	b, _ := json.Marshal(list) // a list of strings cannot fail
	return string(b)
}

// text is a string as an argument. Strangers choose user agents and the like;
// PostgreSQL takes neither invalid UTF-8 nor the zero byte.
func text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// The destinations of a Scan.
type (
	bytesOf []byte                   // fills an array, given as a slice of it; NULL leaves zeros
	timeOf  struct{ t *time.Time }   // NULL is the zero time
	listOf  struct{ list *[]string } // JSON
	namesOf struct{ list *[]string } // joined by spaces, returned sorted; NULL is none
)

func (dst bytesOf) Scan(src any) error {
	b, ok := src.([]byte)
	if src == nil {
		return nil
	}
	if !ok || len(b) != len(dst) {
		return fmt.Errorf("want %d bytes, got %T of %d", len(dst), src, len(b))
	}
	copy(dst, b)
	return nil
}

func (dst timeOf) Scan(src any) error {
	*dst.t = time.Time{}
	if src == nil {
		return nil
	}
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("want microseconds, got %T", src)
	}
	*dst.t = time.UnixMicro(n).UTC()
	return nil
}

func (dst listOf) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("want a JSON text, got %T", src)
	}
	*dst.list = nil
	if s == "[]" {
		return nil
	}
	return json.Unmarshal([]byte(s), dst.list)
}

func (dst namesOf) Scan(src any) error {
	s, ok := src.(string)
	if !ok && src != nil {
		return fmt.Errorf("want a text, got %T", src)
	}
	*dst.list = nil
	if s != "" {
		*dst.list = strings.Split(s, " ")
		slices.Sort(*dst.list)
	}
	return nil
}

// nameOf fills a text that has a type of its own.
type nameOf[T ~string] struct{ v *T }

func (dst nameOf[T]) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("want a text, got %T", src)
	}
	*dst.v = T(s)
	return nil
}

// typesOf fills a list from JSON; an empty one is nil.
type typesOf[T any] struct{ v *[]T }

func (dst typesOf[T]) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("want a JSON text, got %T", src)
	}
	*dst.v = nil
	if s == "[]" {
		return nil
	}
	return json.Unmarshal([]byte(s), dst.v)
}

// seconds is a duration as an argument.
func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// secondsOf fills a duration.
type secondsOf struct{ d *time.Duration }

func (dst secondsOf) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("want seconds, got %T", src)
	}
	*dst.d = time.Duration(n) * time.Second
	return nil
}
