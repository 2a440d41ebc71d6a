package web

import (
	"net/http"
	"testing"
)

func TestUnchanged(t *testing.T) {
	const tag = `"abc"`
	for _, c := range []struct {
		lists []string
		want  bool
	}{
		{nil, false},
		{[]string{""}, false},
		{[]string{`"abc"`}, true},
		{[]string{`W/"abc"`}, true},
		{[]string{`"x", W/"abc"`}, true},
		{[]string{`"x"`, `"abc"`}, true},
		{[]string{"*"}, true},
		{[]string{"abc"}, false},
		{[]string{`"abcd"`}, false},
		{[]string{`"x"abc""`}, false}, // a part of another tag
	} {
		r := &http.Request{Header: http.Header{}}
		if c.lists != nil {
			r.Header["If-None-Match"] = c.lists
		}
		if got := Unchanged(r, tag); got != c.want {
			t.Errorf("%q: %v", c.lists, got)
		}
	}
}
