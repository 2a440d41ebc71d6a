package page

import (
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
)

// Sample is one page in one state, with made-up data.
type Sample struct {
	Name  string // login-wrong-password
	Dev   bool   // to be drawn by a Renderer of development
	Frame Frame
	View  View
}

// Samples returns every page in every state, for golden files and for looking
// at. The data is the same every time.
func Samples() []Sample {
	all := slices.Concat(signinSamples(), consentSamples(), deviceSamples(), recoverySamples(), accountSamples(), passkeySamples(), houseSamples(), documentSamples(), authorizeSamples(), securitySamples(), federationSamples(), rescueSamples(), approvalSamples())
	for i := range all {
		all[i].Frame.Now = sampleNow
		if all[i].Frame.Path == "" {
			all[i].Frame.Path = "/"
		}
	}
	return all
}

var (
	sampleNow = time.Date(2026, time.November, 22, 14, 30, 0, 0, time.UTC)
	ada       = &Person{Name: "Ada Lovelace", Email: "ada@example.test"}
)

func ago(d time.Duration) time.Time { return sampleNow.Add(-d) }

const day = 24 * time.Hour

// wrong is an answer to a form, as the flows give it.
func wrong(k problem.Kind, code, public string, fields ...problem.Field) Form {
	return Form{Problem: &problem.Error{Kind: k, Code: code, Public: public, Fields: fields}}
}

func limited(d time.Duration) Form {
	return Form{Problem: &problem.Error{
		Kind: problem.Limited, Code: "signin_wait", RetryAfter: d,
		Public: "Too many attempts. Wait a little, then try again; a passkey or a mailed code works at once.",
	}}
}

func field(id, code, message string) problem.Field {
	return problem.Field{Pointer: "/" + id, Code: code, Message: message}
}

// public and signed wrap views into samples without and with a person.
func public(name string, v View) Sample { return Sample{Name: name, View: v} }

func signed(name string, v View) Sample {
	return Sample{Name: name, View: v, Frame: Frame{Person: ada, Path: "/account"}}
}

func sampleSessions() []Session {
	return []Session{
		{ID: "ses_01", Device: DeviceDesktop, System: "macOS", Browser: "Firefox 144", Place: "Berlin, DE", IP: "192.0.2.14", First: ago(9 * day), Last: ago(0), Current: true},
		{ID: "ses_02", Device: DevicePhone, System: "iOS", Browser: "Safari", Place: "Berlin, DE", IP: "2001:db8:85a3::8a2e:370:7334", First: ago(31 * day), Last: ago(42 * time.Minute), Apps: []string{"Field notes", "Demo web app"}},
		{ID: "ses_03", Device: DeviceTablet, System: "Android", Browser: "Chrome 148", IP: "198.51.100.7", First: ago(3 * day), Last: ago(26 * time.Hour)},
		{ID: "ses_04", Device: DeviceProgram, Browser: "curl", First: ago(2 * day), Last: ago(5 * time.Hour)},
		{ID: "ses_05", First: ago(60 * day), Last: ago(12 * day)},
	}
}

func sampleApps() []App {
	profile := Scope{Name: "profile", Text: "Your name and profile"}
	read := Scope{Name: "posts:read", Text: "Read your posts"}
	return []App{
		{Client: "notes", Name: "Field notes", SignIns: []AppSignIn{
			{ID: "grt_01", Scopes: []Scope{profile, read, {Name: "posts:write"}}, APIs: []string{"https://api.example.test"}, Since: ago(31 * day), Used: ago(42 * time.Minute), Device: "Safari on iOS"},
			{ID: "grt_02", Scopes: []Scope{read}, APIs: []string{"https://api.example.test", "https://files.analytical-engine.example/archive"}, Since: ago(2 * day), Used: ago(2 * day), Stays: true},
		}},
		{Client: "shop", Name: "The shop", Allowed: []Scope{profile, {Name: "orders:read", Text: "See what you have bought"}}, Since: ago(3 * day), SignIns: []AppSignIn{
			{ID: "grt_04", Scopes: []Scope{profile}, Since: ago(3 * day), Used: ago(time.Hour), Device: "Firefox on macOS"},
		}},
		{Client: "printer", Name: "Printer", Allowed: []Scope{read}, Since: ago(200 * day)},
		{Client: "cli_01jd4n3e5fezqrb2mcvkzx9p0h", Name: "cli_01jd4n3e5fezqrb2mcvkzx9p0h", SignIns: []AppSignIn{{ID: "grt_03", Since: ago(90 * day), Used: ago(12 * day)}}},
	}
}

func sampleEvents() []Event {
	return []Event{
		{ID: "evt_07", Name: "login.succeeded", Time: ago(20 * time.Second), Device: "Firefox on macOS", Place: "Berlin, DE", IP: "192.0.2.14"},
		{ID: "evt_06", Name: "login.failed", Time: ago(3 * time.Hour), Failed: true, Device: "Chrome on Windows", Place: "Lagos, NG", IP: "203.0.113.80", CanDeny: true},
		{ID: "evt_05", Name: "password.changed", Time: ago(26 * time.Hour), Device: "Firefox on macOS", Place: "Berlin, DE", IP: "192.0.2.14", CanDeny: true},
		{ID: "evt_04", Name: "user.email_added", Time: ago(4 * day), Detail: "ada@lovelace.example", Device: "Safari on iOS", IP: "2001:db8:85a3::8a2e:370:7334", CanDeny: true},
		{ID: "evt_03", Name: "session.revoked", Time: ago(12 * day), Device: "Firefox on macOS", CanDeny: true, Disputed: true},
		{ID: "evt_02", Name: "user.verified", Time: ago(31 * day), Detail: "ada@example.test"},
		{ID: "evt_01", Name: "user.created", Time: ago(31 * day), Device: "Safari on iOS"},
	}
}
