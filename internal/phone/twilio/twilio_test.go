package twilio_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/egress"
	"github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/phone/twilio"
	"github.com/mortise-auth/mortise/internal/secret"
)

// provider answers like Twilio.
type provider struct {
	asked  []egress.Request
	answer egress.Response
	err    error
}

func (p *provider) Do(_ context.Context, r egress.Request) (egress.Response, error) {
	p.asked = append(p.asked, r)
	return p.answer, p.err
}

func sender(t *testing.T, p *provider, from string) *twilio.Sender {
	t.Helper()
	s, err := twilio.New(twilio.Account{ID: "AC1", Token: secret.NewText("hush"), From: from}, p)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSend(t *testing.T) {
	accepted := egress.Response{Status: 201, Body: []byte(`{"sid":"SM1","status":"queued","error_code":null}`)}
	for name, c := range map[string]struct {
		from string
		m    phone.Message
		path string
		form url.Values
	}{
		"text":    {"+15005550006", phone.Message{To: "+491711234567", Text: "1234\n@x #1234"}, "/Messages.json", url.Values{"To": {"+491711234567"}, "From": {"+15005550006"}, "Body": {"1234\n@x #1234"}}},
		"service": {"MG7", phone.Message{To: "+491711234567", Text: "1"}, "/Messages.json", url.Values{"To": {"+491711234567"}, "MessagingServiceSid": {"MG7"}, "Body": {"1"}}},
		"call": {"+15005550006", phone.Message{To: "+491711234567", Text: "A & <B>", Voice: true, Lang: "de-AT"}, "/Calls.json", url.Values{
			"To": {"+491711234567"}, "From": {"+15005550006"},
			"Twiml": {`<Response><Say language="de-DE">A &amp; &lt;B&gt;</Say><Pause length="1"/><Say language="de-DE">A &amp; &lt;B&gt;</Say></Response>`},
		}},
	} {
		p := &provider{answer: accepted}
		if err := sender(t, p, c.from).Send(t.Context(), c.m); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r := p.asked[0]
		form, err := url.ParseQuery(string(r.Body))
		if err != nil || form.Encode() != c.form.Encode() {
			t.Errorf("%s: %v, want %v", name, form, c.form)
		}
		if r.Method != "POST" || r.URL != "https://api.twilio.com/2010-04-01/Accounts/AC1"+c.path || r.Redirects != 0 ||
			r.Header.Get("Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte("AC1:hush")) {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// PW-48 AU-23: each refusal is known by its code, is made once, and tells neither
// number nor token.
func TestRefusals(t *testing.T) {
	for body, want := range map[string]struct {
		status int
		err    error
	}{
		`{"code":21211,"message":"The 'To' number +491711234567 is not valid.","status":400}`: {400, phone.ErrRefused},
		`{"code":21614,"status":400}`:                          {400, phone.ErrRefused},
		`{"code":21610,"status":400}`:                          {400, phone.ErrOptedOut},
		`{"code":21408,"status":400}`:                          {400, phone.ErrCountry},
		`{"code":20003,"message":"Authenticate","status":401}`: {401, phone.ErrCredentials},
		`<html>forbidden</html>`:                               {403, phone.ErrCredentials},
		`{"code":20429,"status":429}`:                          {429, phone.ErrProvider},
		`oops`:                                                 {500, phone.ErrProvider},
		``:                                                     {201, phone.ErrProvider},
		`{"sid":"SM1","status":"failed","error_code":30005}`: {201, phone.ErrRefused},
		`{"sid":"","status":"queued"}`:                       {200, phone.ErrProvider},
	} {
		p := &provider{answer: egress.Response{Status: want.status, Body: []byte(body)}}
		err := sender(t, p, "+15005550006").Send(t.Context(), phone.Message{To: "+491711234567", Text: "98765432"})
		if !errors.Is(err, want.err) {
			t.Errorf("%s: %v, want %v", body, err, want.err)
			continue
		}
		if text := err.Error(); strings.Contains(text, "1234567") || strings.Contains(text, "hush") || strings.Contains(text, "98765432") || len(p.asked) != 1 {
			t.Errorf("%d requests, and %q", len(p.asked), text)
		}
	}
	p := &provider{err: egress.ErrFailed}
	if err := sender(t, p, "x").Send(t.Context(), phone.Message{To: "+491711234567"}); !errors.Is(err, phone.ErrProvider) || len(p.asked) != 1 {
		t.Errorf("a network that fails: %v", err)
	}
	if _, err := twilio.New(twilio.Account{ID: "AC1"}, p); err == nil {
		t.Error("without a token")
	}
}
