package e2e

import (
	"net/url"
	"strings"
	"sync"
	"testing"
)

// TestTwoTabsAndTheBackButton: forms that were overtaken, sent twice or shown
// again say so and do no harm. SE-34 SE-35
func TestTwoTabsAndTheBackButton(t *testing.T) {
	t.Parallel()
	p := dev(t)
	const me, password = "ada@example.test", "correct horse battery staple"
	v := visit(t, p.url(), nil)
	first, second := v.get("/login"), v.get("/login")
	v.submit(first, "/login", "identifier", me, "password", password).is(200, "/account")
	stale := v.submit(second, "/login", "identifier", me, "password", password)
	if stale.status >= 500 || stale.status == 200 && stale.url.Path != "/account" {
		t.Errorf("the other tab's form: %d %s", stale.status, stale.url)
	}

	page := v.get("/account/profile")
	v.submit(v.get("/logout"), "/logout").is(200, "/logout")
	if got := v.submit(page, "/account/profile", "display-name", "Somebody Else"); got.url.Path != "/login" {
		t.Errorf("a form from before signing out: %d %s", got.status, got.url)
	}
	v.signIn(me, password).is(200, "/account")
	if got := v.submit(page, "/account/profile", "display-name", "Somebody Else"); got.status != 403 || got.code() != "form_expired" {
		t.Errorf("a form of the last session: %d %s", got.status, got.code())
	}
	if strings.Contains(v.get("/account").text(), "Somebody Else") {
		t.Error("it was saved all the same")
	}
	p.stopped()
}

// TestOneOfManyWins: a mailed code pressed ten times at once makes one account,
// and a recovery link one new password. TH-1 PW-32
func TestOneOfManyWins(t *testing.T) {
	t.Parallel()
	p := dev(t)
	v := visit(t, p.url(), nil)
	const me = "many@example.test"
	asked := v.submit(v.get("/signup"), "/signup", "display-name", "Many", "email", me, "new-password", ownPassword)
	form := asked.form("/verify", "code", v.linked(me, "/verify").Code)
	if won := v.race("/verify", form); won != 1 {
		t.Errorf("%d of 10 requests made the account", won)
	}
	v.signIn(me, ownPassword).is(200, "/account")

	lost := visit(t, p.url(), nil)
	lost.submit(lost.get("/recover"), "/recover", "identifier", me).is(200, "/recover/code")
	link := lost.linked(me, "/recover/password").path(t)
	chosen := lost.get(link).form("/recover/password", "new-password", newPassword)
	if won := lost.race("/recover/password", chosen); won != 1 {
		t.Errorf("%d of 10 requests set the password", won)
	}
	lost.signIn(me, newPassword).is(200, "/account")
	p.stopped()
}

// race sends the same form ten times at once and counts how many went well.
func (v *visitor) race(path string, form url.Values) (won int) {
	v.t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			got, err := v.tryPost(path, form)
			if err != nil || got.status >= 500 && got.status != 503 {
				v.t.Errorf("%s: %d %v", path, got.status, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if got.status == 200 {
				won++
			}
		})
	}
	wg.Wait()
	return won
}
