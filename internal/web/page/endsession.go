package page

import (
	"html/template"
	"net/url"
	"slices"
	"strings"
)

// EndSession is /oauth2/end_session when an app's request is not enough to sign
// somebody out. It posts to /oauth2/end_session/confirm.
type EndSession struct {
	Form
	App    string  // the name of who asks; empty: nobody knows
	Fields []Field // the request, carried on
}

// Field is a hidden field of a form.
type Field struct{ Name, Value string }

// SignedOff is the page after signing out for an app: it loads the addresses of
// apps that are told in the browser, and leads on.
type SignedOff struct {
	App    string // the name of the app that it leads back to; may be empty
	To     string // a registered address, which the answer's header Refresh names too; may be empty
	Frames []string
	// Service is a way out of the service that they had signed in with.
	Service Parting
}

// Href is To as a link: of the web, or of a native app, whose scheme is a reversed
// domain name (RFC 8252, 7.1). Anything else is no link.
func (v SignedOff) Href() template.URL {
	u, err := url.Parse(v.To)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" && !strings.Contains(u.Scheme, ".") {
		return ""
	}
	return template.URL(u.String()) //nolint:gosec // see above
}

// FrameOrigins are what the page's policy must let it load.
func (v SignedOff) FrameOrigins() (origins []string) {
	for _, f := range v.Frames {
		u, err := url.Parse(f)
		if err != nil {
			continue
		}
		if o := u.Scheme + "://" + u.Host; !slices.Contains(origins, o) {
			origins = append(origins, o)
		}
	}
	return origins
}

func (EndSession) sheet() sheet { return sheet{name: "end_session", layout: card} }
func (SignedOff) sheet() sheet  { return sheet{name: "signed_off", layout: card} }
