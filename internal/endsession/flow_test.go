package endsession_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/endsession"
	"github.com/mortise-auth/mortise/internal/idhint"
	"github.com/mortise-auth/mortise/internal/logout"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

const home = "https://app.example.test/bye"

var (
	ada  = endsession.Who{User: user.ID{1}, Session: session.ID{11}, Email: "ada@example.test"}
	ben  = endsession.Who{User: user.ID{2}, Session: session.ID{12}, Email: "ben@example.test"}
	both = []endsession.Who{ada, ben}
)

// world answers for hints, which are "client subject session", clients and
// participants.
type world struct{}

func (world) Read(_ context.Context, text string) (idhint.Hint, error) {
	parts := strings.Split(text, " ")
	if len(parts) != 3 {
		return idhint.Hint{}, idhint.ErrHint
	}
	return idhint.Hint{Client: parts[0], Subject: parts[1], Session: parts[2]}, nil
}

func (world) Client(_ context.Context, id string) (client.Client, error) {
	c := client.Client{ID: client.ID(id), Name: "App " + id, PostLogoutURIs: []string{home, "https://app.example.test/?a=b"}}
	switch id {
	case "web":
		c.FrontchannelLogout = "https://app.example.test/out?x=1"
	case "app":
		c.FrontchannelLogout = "https://app.example.test/out"
		c.SubjectType = client.PairwiseSubject
	case "off":
		c.Disabled = true
	case "quiet":
	default:
		return client.Client{}, client.ErrUnknown
	}
	return c, nil
}

func (world) Of(_ context.Context, s logout.SessionID) (all []logout.Participant, _ error) {
	for _, id := range []string{"app", "gone", "quiet", "web"} {
		all = append(all, logout.Participant{Session: s, Client: id})
	}
	return all, nil
}

func subject(u user.ID, c client.Client) string {
	if c.SubjectType == client.PairwiseSubject {
		return "pairwise-" + u.String()
	}
	return u.String()
}

func flow() *endsession.Flow {
	return endsession.New(endsession.Options{Issuer: "https://id.example.test", Hints: world{}, Clients: world{}, Participants: world{}, Subject: subject})
}

func hint(c string, w endsession.Who) string {
	s := w.User.String()
	if c == "app" {
		s = "pairwise-" + s
	}
	return c + " " + s + " " + w.Session.String()
}

// OA-98
func TestPlan(t *testing.T) {
	stranger := endsession.Who{User: user.ID{9}, Session: session.ID{19}}
	earlier := endsession.Who{User: ada.User, Session: session.ID{99}}
	for name, c := range map[string]struct {
		r       endsession.Request
		browser []endsession.Who
		want    endsession.Plan
	}{
		"hint, address, state": {
			endsession.Request{Hint: hint("web", ada), To: home, State: "a b&c"},
			both[:1],
			endsession.Plan{End: &ada, Client: "App web", To: home + "?state=a+b%26c"},
		},
		"pairwise":                    {endsession.Request{Hint: hint("app", ada), Client: "app", To: home}, both[:1], endsession.Plan{End: &ada, Client: "App app", To: home}},
		"query kept":                  {endsession.Request{Hint: hint("web", ada), To: "https://app.example.test/?a=b", State: "s"}, both[:1], endsession.Plan{End: &ada, Client: "App web", To: "https://app.example.test/?a=b&state=s"}},
		"state alone":                 {endsession.Request{State: "s"}, both[:1], endsession.Plan{End: &ada, Ask: true}},
		"hint alone":                  {endsession.Request{Hint: hint("web", ada)}, both[:1], endsession.Plan{End: &ada, Client: "App web"}},
		"nothing":                     {endsession.Request{}, both[:1], endsession.Plan{End: &ada, Ask: true}},
		"the second of two":           {endsession.Request{Hint: hint("web", ben)}, both, endsession.Plan{End: &ben, Client: "App web"}},
		"an earlier session of hers":  {endsession.Request{Hint: hint("web", earlier)}, both, endsession.Plan{End: &ada, Client: "App web"}},
		"hint about another":          {endsession.Request{Hint: hint("web", stranger), To: home}, both, endsession.Plan{End: &ada, Ask: true, Client: "App web", To: home}},
		"her session, another name":   {endsession.Request{Hint: "web usr_x " + ada.Session.String()}, both, endsession.Plan{End: &ada, Ask: true, Client: "App web"}},
		"client without hint":         {endsession.Request{Client: "web", To: home, State: "s"}, both, endsession.Plan{End: &ada, Ask: true, Client: "App web", To: home + "?state=s"}},
		"address, nobody knows whose": {endsession.Request{To: home}, both, endsession.Plan{End: &ada, Ask: true}},
		"logout_hint":                 {endsession.Request{LogoutHint: "BEN@example.test"}, both, endsession.Plan{End: &ben, Ask: true}},
		"logout_hint, a sub":          {endsession.Request{Client: "app", LogoutHint: "pairwise-" + ben.User.String()}, both, endsession.Plan{End: &ben, Ask: true, Client: "App app"}},
		"logout_hint of nobody":       {endsession.Request{LogoutHint: "eve@example.test"}, both, endsession.Plan{End: &ada, Ask: true}},
		"nobody signed in":            {endsession.Request{Hint: hint("web", ada), To: home, State: "s"}, nil, endsession.Plan{Client: "App web", To: home + "?state=s"}},
		"nobody, no hint":             {endsession.Request{Client: "web", To: home}, nil, endsession.Plan{Ask: true, Client: "App web", To: home}},
		"nobody, nothing":             {endsession.Request{}, nil, endsession.Plan{}},
	} {
		got, err := flow().Plan(t.Context(), c.r, c.browser)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}

// OA-98: what is wrong ends nothing and leads nowhere.
func TestPlanRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		r    endsession.Request
		want *problem.Error
	}{
		"bad hint":            {endsession.Request{Hint: "x", To: home}, endsession.ErrHint},
		"another client":      {endsession.Request{Hint: hint("web", ada), Client: "app"}, endsession.ErrClient},
		"unknown client":      {endsession.Request{Client: "never"}, endsession.ErrClient},
		"hint of one gone":    {endsession.Request{Hint: hint("never", ada)}, endsession.ErrClient},
		"disabled":            {endsession.Request{Client: "off", To: home}, endsession.ErrClient},
		"unregistered":        {endsession.Request{Hint: hint("web", ada), To: "https://evil.example.test/"}, endsession.ErrTarget},
		"query added":         {endsession.Request{Hint: hint("web", ada), To: home + "?foo=bar"}, endsession.ErrTarget},
		"slash added":         {endsession.Request{Hint: hint("web", ada), To: home + "/"}, endsession.ErrTarget},
		"another case":        {endsession.Request{Hint: hint("web", ada), To: "https://APP.example.test/bye"}, endsession.ErrTarget},
		"user information":    {endsession.Request{Client: "web", To: "https://app.example.test@evil.test/bye"}, endsession.ErrTarget},
		"nobody is signed in": {endsession.Request{Client: "web", To: "https://evil.example.test/"}, endsession.ErrTarget},
	} {
		for _, browser := range [][]endsession.Who{nil, both} {
			if got, err := flow().Plan(t.Context(), c.r, browser); !errors.Is(err, c.want) || got != (endsession.Plan{}) {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
		}
	}
}

// OA-98: whatever is asked, nobody is signed out unasked without a hint of ours
// about that very person, and the browser goes nowhere that is not registered.
func TestPlanNever(t *testing.T) {
	texts := rapid.SampledFrom([]string{"", "web", "app", "x", home, "https://evil.test/", hint("web", ada), hint("app", ben), hint("web", ben), "web usr_1 ses_1", ada.Email, "s"})
	rapid.Check(t, func(t *rapid.T) {
		r := endsession.Request{Hint: texts.Draw(t, "hint"), Client: texts.Draw(t, "client"), To: texts.Draw(t, "to"), State: texts.Draw(t, "state"), LogoutHint: texts.Draw(t, "logout_hint")}
		browser := both[:rapid.IntRange(0, 2).Draw(t, "signed in")]
		p, err := flow().Plan(context.Background(), r, browser)
		if err != nil && p != (endsession.Plan{}) {
			t.Fatalf("%+v with %v", p, err)
		}
		if p.To != "" && p.To != home && p.To != target(home, r.State) {
			t.Fatalf("it leads to %q", p.To)
		}
		if p.End != nil && !p.Ask && !strings.Contains(r.Hint, p.End.User.String()) {
			t.Fatalf("%+v ends %+v unasked", r, p.End)
		}
	})
}

func target(to, state string) string {
	return to + "?state=" + strings.NewReplacer(":", "%3A", "/", "%2F", "@", "%40", " ", "+").Replace(state)
}

// Front-Channel Logout 1.0, 3
func TestFrames(t *testing.T) {
	got, err := flow().Frames(t.Context(), ada.Session)
	said := "iss=https%3A%2F%2Fid.example.test&sid=" + ada.Session.String()
	want := []string{"https://app.example.test/out?" + said, "https://app.example.test/out?x=1&" + said}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}
