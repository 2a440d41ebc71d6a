package people

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// Purposes of what is sealed to be handed from page to page.
const (
	sealStep  = "page.step"
	sealAct   = "page.act"
	sealFlash = "page.flash"
	sealEnrol = "page.enrol"
	sealCodes = "page.codes"
)

// maxSealed is the longest sealed text that is looked at (SE-14).
const maxSealed = 3800

func (p *Pages) seal(purpose string, v any) string {
	plain, err := json.Marshal(v)
	if err != nil {
		return "" // structs of strings and times always marshal
	}
	return base64.RawURLEncoding.EncodeToString(p.o.Keys.Seal(purpose, nil, plain))
}

func (p *Pages) unseal(purpose, text string, into any) bool {
	if text == "" || len(text) > maxSealed {
		return false
	}
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return false
	}
	plain, err := p.o.Keys.Open(purpose, nil, sealed)
	return err == nil && json.Unmarshal(plain, into) == nil
}

// stepKind says where in a flow a browser stands.
type stepKind string

const (
	stepSignUp    stepKind = "signup"
	stepLogin     stepKind = "login"
	stepMailed    stepKind = "mailed" // a mail that signs in was asked for
	stepSecond    stepKind = "second" // Flow is the half-done sign-in's secret
	stepRecover   stepKind = "recover"
	stepAddress   stepKind = "address"
	stepPassword  stepKind = "password"  // Flow is the link secret that sets a new one
	stepVerified  stepKind = "verified"  // the good ends
	stepRecovered stepKind = "recovered" //
	stepUndone    stepKind = "undone"    //
	stepKept      stepKind = "kept"      //
	stepReclaim   stepKind = "reclaim"   // Purpose is when it is due
	stepObjected  stepKind = "objected"  // the same
	stepSetup     stepKind = "setup"     //
)

var stepLives = map[stepKind]time.Duration{
	stepSignUp: 24 * time.Hour, stepAddress: 24 * time.Hour, stepRecover: time.Hour, stepLogin: 10 * time.Minute, stepMailed: signin.MailLife, stepPassword: 15 * time.Minute,
	stepSecond: time.Hour, // the challenge is over before: what is left knows the way back
}

// step is what a flow without a session leaves with the browser (SE-4): in a
// short-lived cookie for pages that are looked at again, and in a hidden field,
// so that two tabs do not get in each other's way. Sign-in drops it.
type step struct {
	Kind     stepKind
	Email    string `json:",omitempty"` // as typed
	Flow     string `json:",omitempty"` // the flow's secret
	Code     string `json:",omitempty"` // the mailed code, once it was right
	ReturnTo string `json:",omitempty"`
	Purpose  string `json:",omitempty"`
	Sent     string `json:",omitempty"` // the phone that a code was sent to, masked
	Called   bool   `json:",omitempty"` // in a call
	Bound    string `json:",omitempty"` // what the browser's forms hang on; of a second step
	Beside   bool   `json:",omitempty"` // whoever is signed in stays so
	Until    time.Time
}

// goOn leaves a step with the browser and answers 303.
func (p *Pages) goOn(w http.ResponseWriter, s step, path string) error {
	life, ok := stepLives[s.Kind]
	if !ok {
		life = 10 * time.Minute
	}
	s.Until = p.o.Now().Add(life).Truncate(time.Second) // a fixed length tells nothing
	p.o.Frame.SetCookie(w, p.o.Frame.Names().Flow, p.seal(sealStep, s), life)
	return p.to(w, path)
}

// stepOf opens what the form, or else the cookie, carries. It must be one of kinds.
func (p *Pages) stepOf(r *http.Request, hidden string, kinds ...stepKind) (step, error) {
	if hidden == "" {
		hidden, _ = web.Cookie(r, p.o.Frame.Names().Flow)
	}
	var s step
	if !p.unseal(sealStep, hidden, &s) || !slices.Contains(kinds, s.Kind) || !p.o.Now().Before(s.Until) {
		return step{}, signin.ErrFlow
	}
	return s, nil
}

// flash leaves a notice for the next page.
func (p *Pages) flash(w http.ResponseWriter, n page.Notice, value string) {
	p.o.Frame.SetCookie(w, p.o.Frame.Names().Flash, p.seal(sealFlash, page.Flash{Notice: n, Value: value}), time.Minute)
}

func (p *Pages) takeFlash(w http.ResponseWriter, r *http.Request) (f page.Flash) {
	name := p.o.Frame.Names().Flash
	text, _ := web.Cookie(r, name)
	if text == "" {
		return f
	}
	p.o.Frame.ClearCookie(w, name)
	if !p.unseal(sealFlash, text, &f) || !slices.Contains(page.Notices, f.Notice) {
		return page.Flash{}
	}
	return f
}
