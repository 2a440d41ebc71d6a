package mortisetest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// jar keeps the cookies of one host by the rules of RFC 6265bis: prefixes, Secure,
// Path, Max-Age and Expires. Ports share cookies; schemes do not when Secure.
type jar struct {
	kept    []kept
	refused []string // why cookies were not kept, for failure texts
}

type kept struct {
	http.Cookie
	expires time.Time // zero: with the browser
}

// refusal says why a browser would not keep c from origin, or "".
func refusal(origin *url.URL, c *http.Cookie) string {
	secure := origin.Scheme == "https"
	name := strings.ToLower(c.Name)
	domain := strings.TrimPrefix(strings.ToLower(c.Domain), ".")
	switch {
	case c.Secure && !secure:
		return "Secure over plain http"
	case strings.HasPrefix(name, "__secure-") && !c.Secure:
		return "__Secure- without Secure"
	case strings.HasPrefix(name, "__host-") && (!c.Secure || c.Path != "/" || c.Domain != ""):
		return "__Host- needs Secure, Path=/ and no Domain"
	case c.SameSite == http.SameSiteNoneMode && !c.Secure:
		return "SameSite=None without Secure"
	case domain != "" && domain != origin.Hostname() && !strings.HasSuffix(origin.Hostname(), "."+domain):
		return "Domain of another site"
	}
	return ""
}

func (j *jar) set(origin *url.URL, c *http.Cookie, now time.Time) {
	if why := refusal(origin, c); why != "" {
		j.refused = append(j.refused, c.Name+": "+why)
		return
	}
	k := kept{Cookie: *c}
	if !strings.HasPrefix(k.Path, "/") {
		k.Path = defaultPath(origin.Path)
	}
	switch {
	case c.MaxAge < 0:
		k.expires = now
	case c.MaxAge > 0:
		k.expires = now.Add(time.Duration(c.MaxAge) * time.Second)
	case !c.Expires.IsZero():
		k.expires = c.Expires
	}
	j.kept = slices.DeleteFunc(j.kept, func(old kept) bool {
		return old.Name == k.Name && old.Path == k.Path && old.Domain == k.Domain
	})
	if !k.over(now) {
		j.kept = append(j.kept, k)
	}
}

func (k kept) over(now time.Time) bool { return !k.expires.IsZero() && !now.Before(k.expires) }

// defaultPath is RFC 6265 section 5.1.4.
func defaultPath(path string) string {
	i := strings.LastIndexByte(path, '/')
	if i <= 0 {
		return "/"
	}
	return path[:i]
}

// cookies are those a browser sends to target, longest path first.
func (j *jar) cookies(target *url.URL, now time.Time) []kept {
	var send []kept
	for _, k := range j.kept {
		if !k.over(now) && (!k.Secure || target.Scheme == "https") && below(target.Path, k.Path) {
			send = append(send, k)
		}
	}
	slices.SortStableFunc(send, func(a, b kept) int { return len(b.Path) - len(a.Path) })
	return send
}

func below(path, folder string) bool {
	if path == "" {
		path = "/"
	}
	return path == folder || strings.HasPrefix(path, strings.TrimSuffix(folder, "/")+"/")
}
