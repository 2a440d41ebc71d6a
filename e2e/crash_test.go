package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"
)

// rounds is how often a crash test kills the server.
func rounds() int {
	if soak() {
		return 300
	}
	return 4
}

// TestKillDuringSignUp: kill -9 falls somewhere into a sign-up. What was
// acknowledged is there after the restart; what was not has happened wholly or
// not at all. TH-23 TH-26
func TestKillDuringSignUp(t *testing.T) {
	t.Parallel()
	p := dev(t, "--data", filepath.Join(folder(t), "data"))
	p.again()
	whole := p.timed(func() { visit(t, p.url(), nil).signUp("crash@example.test", "Crash", ownPassword) }) / 3 // of three requests
	for n := range rounds() {
		email := fmt.Sprintf("crash%d@example.test", n)
		v := visit(t, p.url(), nil)
		asked := v.submit(v.get("/signup"), "/signup", "display-name", "Crash", "email", email, "new-password", ownPassword).is(200, "/verify")
		form := asked.form("/verify", "code", v.mail(email, "").Code)
		acked := make(chan bool)
		go func() {
			got, err := v.tryPost("/verify", form)
			acked <- err == nil && got.status == http.StatusOK
		}()
		p.killAfter(n, whole)
		known := <-acked
		p.start()
		p.wellOrNot(t, v, email, known)
	}
	p.stopped()
}

// killAfter kills somewhere in an act that takes about as long as whole, at a
// different point each round, and now and then just after it.
func (p *process) killAfter(round int, whole time.Duration) {
	<-time.After(whole * time.Duration(round*61%130+1) / 100)
	p.kill()
}

// timed runs act and tells how long it took.
func (p *process) timed(act func()) time.Duration {
	start := time.Now()
	act()
	return time.Since(start)
}

// wellOrNot wants a whole account or none. An account that was not acknowledged
// can be made again, which proves that nothing of it is left.
func (p *process) wellOrNot(t *testing.T, v *visitor, email string, acknowledged bool) {
	t.Helper()
	fresh := visit(t, p.url(), nil)
	in := fresh.signIn(email, ownPassword)
	if in.status == 200 {
		for _, path := range []string{"/account", "/account/addresses", "/account/password"} {
			fresh.get(path).is(200, path)
		}
		return
	}
	if acknowledged {
		t.Fatalf("%s was told that the account is ready, and it is gone: %s", email, in.text())
	}
	fresh.signUp(email, "Crash", ownPassword)
	fresh.signIn(email, ownPassword).is(200, "/account")
}

// TestKillDuringPasswordChange: afterwards exactly one of both passwords opens
// the account; the new one when that was acknowledged, and then the other
// sessions are over. TH-1 TH-3 PW-33
func TestKillDuringPasswordChange(t *testing.T) {
	t.Parallel()
	p := dev(t, "--data", filepath.Join(folder(t), "data"))
	p.again()
	const email = "ada@example.test"
	current := "correct horse battery staple"
	signIn := p.timed(func() { visit(t, p.url(), nil).signIn(email, current).is(200, "/account") })
	for n := range rounds() {
		next := fmt.Sprintf("purple umbrellas sing %d times", n)
		v, other := visit(t, p.url(), nil), visit(t, p.url(), nil)
		v.signIn(email, current).is(200, "/account")
		other.signIn(email, current).is(200, "/account")
		form := v.get("/account/password").form("/account/password", "password", current, "new-password", next)
		acked := make(chan bool)
		go func() {
			v.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			got, err := v.tryPost("/account/password", form)
			acked <- err == nil && got.status == http.StatusSeeOther
		}()
		p.killAfter(n, 2*signIn) // it hashes twice
		known := <-acked
		p.start()
		current = p.oneOf(t, other, email, current, next, known)
	}
	p.stopped()
}

func (p *process) oneOf(t *testing.T, other *visitor, email, old, next string, acknowledged bool) string {
	t.Helper()
	withOld := visit(t, p.url(), nil).signIn(email, old).status == 200
	withNew := visit(t, p.url(), nil).signIn(email, next).status == 200
	alive := other.get("/account").url.Path == "/account"
	t.Logf("acknowledged %v: old %v, new %v, other session %v", acknowledged, withOld, withNew, alive)
	if withOld == withNew || acknowledged && !withNew || alive != withOld {
		t.Fatalf("half a change: acknowledged %v, old password %v, new password %v, other session alive %v", acknowledged, withOld, withNew, alive)
	}
	if withNew {
		return next
	}
	return old
}
