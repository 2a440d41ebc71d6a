package web

import (
	"net/http"
	"strings"
)

// Unchanged reports whether the client has what the entity tag names already: the
// weak comparison of If-None-Match (RFC 9110, 13.1.2).
func Unchanged(r *http.Request, tag string) bool {
	for _, list := range r.Header["If-None-Match"] {
		for one := range strings.SplitSeq(list, ",") {
			if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
				return true
			}
		}
	}
	return false
}
