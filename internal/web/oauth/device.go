package oauth

import (
	"net/http"
	"net/url"
	"time"

	"github.com/mortise-auth/mortise/internal/oauth"
	"github.com/mortise-auth/mortise/internal/web"
)

// deviceAnswer is RFC 8628 section 3.2.
type deviceAnswer struct {
	DeviceCode string `json:"device_code"`
	UserCode   string `json:"user_code"`
	URI        string `json:"verification_uri"`
	Complete   string `json:"verification_uri_complete"`
	ExpiresIn  int64  `json:"expires_in"`
	Interval   int64  `json:"interval"`
}

func (s *surface) device(w http.ResponseWriter, r *http.Request) error {
	single, resources, err := form(w, r)
	if err != nil {
		return err
	}
	c, err := credentials(r, single)
	if err != nil {
		return err
	}
	q := web.Of(r)
	q.Presents("client", named(c))
	d, err := s.Flow.AuthorizeDevice(r.Context(), oauth.Request{Client: c, Form: single, Resource: resources, Source: q.Caller.Source})
	s.share(w, r, c.ID, err)
	if err != nil {
		return err
	}
	page := s.URL.JoinPath("device").String()
	s.write(w, http.StatusOK, deviceAnswer{
		DeviceCode: d.DeviceCode.Reveal(), UserCode: d.UserCode, URI: page, Complete: page + "?user_code=" + url.QueryEscape(d.UserCode),
		ExpiresIn: int64(d.ExpiresIn / time.Second), Interval: int64(d.Interval / time.Second),
	})
	return nil
}
