package endsession

import (
	"net/url"
	"strings"
)

// frame adds to a client's address which session ended (Front-Channel Logout, 2).
func frame(registered, issuer, sid string) string {
	separator := "?"
	if strings.Contains(registered, "?") {
		separator = "&"
	}
	return registered + separator + "iss=" + url.QueryEscape(issuer) + "&sid=" + url.QueryEscape(sid)
}
