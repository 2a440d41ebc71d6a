// Package twilio sends messages by the HTTP interface of Twilio, which other
// providers speak too.
package twilio

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/url"
	"strings"

	"github.com/mortise-auth/mortise/internal/egress"
	"github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/secret"
)

// Account is where, and as whom, messages are sent.
type Account struct {
	URL   string // of the API; empty: https://api.twilio.com
	ID    string // AC…
	Token secret.Text
	From  string // a number, a name, or a messaging service (MG…)
}

// HTTP makes requests; see egress.Client.
type HTTP interface {
	Do(ctx context.Context, r egress.Request) (egress.Response, error)
}

// Sender is a phone.Sender. It is safe for concurrent use.
type Sender struct {
	account Account
	http    HTTP
}

// New makes a Sender. It asks nothing of the provider.
func New(a Account, h HTTP) (*Sender, error) {
	if a.URL == "" {
		a.URL = "https://api.twilio.com"
	}
	if a.ID == "" || a.Token.IsZero() || a.From == "" {
		return nil, fmt.Errorf("phone: the provider needs phone.account, phone.token and phone.from")
	}
	return &Sender{a, h}, nil
}

// mostAnswer bounds what is read of an answer, in bytes.
const mostAnswer = 64 << 10

// Send implements phone.Sender.
func (s *Sender) Send(ctx context.Context, m phone.Message) error {
	form := url.Values{"To": {string(m.To)}}
	resource := "Messages"
	switch {
	case m.Voice:
		resource = "Calls"
		form.Set("Twiml", spoken(m))
		form.Set("From", s.account.From)
	case strings.HasPrefix(s.account.From, "MG"):
		form.Set("MessagingServiceSid", s.account.From)
		form.Set("Body", m.Text)
	default:
		form.Set("From", s.account.From)
		form.Set("Body", m.Text)
	}
	basic := base64.StdEncoding.EncodeToString([]byte(s.account.ID + ":" + s.account.Token.Reveal()))
	resp, err := s.http.Do(ctx, egress.Request{
		Method: "POST", MaxBytes: mostAnswer, Body: []byte(form.Encode()),
		URL: strings.TrimRight(s.account.URL, "/") + "/2010-04-01/Accounts/" + url.PathEscape(s.account.ID) + "/" + resource + ".json",
		Header: map[string][]string{
			"Authorization": {"Basic " + basic}, "Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"},
		},
	})
	if err != nil {
		return fmt.Errorf("%w: %w", phone.ErrProvider, err)
	}
	return judge(resp)
}

// judge reads what became of a message. Texts of the provider are not passed on:
// they repeat the number.
func judge(r egress.Response) error {
	var answer struct {
		Code      int    `json:"code"`
		ErrorCode int    `json:"error_code"`
		Status    any    `json:"status"`
		SID       string `json:"sid"`
	}
	parsed := json.Unmarshal(r.Body, &answer)
	code := answer.Code
	if code == 0 {
		code = answer.ErrorCode
	}
	if r.Status == 200 || r.Status == 201 {
		if parsed == nil && answer.SID != "" && code == 0 {
			return nil
		}
		if code == 0 {
			return fmt.Errorf("%w: its answer cannot be read", phone.ErrProvider)
		}
	}
	return fmt.Errorf("%w (status %d, code %d)", kind(r.Status, code), r.Status, code)
}

// kind tells by status and code what is wrong (Twilio's error dictionary).
func kind(status, code int) error {
	switch code {
	case 21211, 21214, 21217, 21219, 21421, 21612, 21614, 13224, 30003, 30005, 30006:
		return phone.ErrRefused
	case 21610, 30004:
		return phone.ErrOptedOut
	case 21408, 21215, 13227, 30450, 60410:
		return phone.ErrCountry
	case 20003, 20005, 20006, 20403, 20404, 21212, 21606:
		return phone.ErrCredentials
	}
	if status == 401 || status == 403 {
		return phone.ErrCredentials
	}
	return phone.ErrProvider
}

// spoken is what a call says, twice.
func spoken(m phone.Message) string {
	var text strings.Builder
	_ = xml.EscapeText(&text, []byte(m.Text)) // a Builder takes everything
	lang := "en-GB"
	if strings.HasPrefix(m.Lang, "de") {
		lang = "de-DE"
	}
	say := `<Say language="` + lang + `">` + text.String() + `</Say>`
	return "<Response>" + say + `<Pause length="1"/>` + say + "</Response>"
}
