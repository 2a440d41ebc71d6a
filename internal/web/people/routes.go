package people

import (
	"net/http"
	"slices"
	"strings"

	"github.com/mortise-auth/mortise/internal/web"
)

func (p *Pages) routes() []web.Route {
	all := slices.Concat(p.publicRoutes(), p.accountRoutes(), p.securityRoutes(), p.connectionRoutes(), p.enrolRoutes(), p.rescueRoutes(), p.approvalRoutes())
	if p.o.Authorize == nil {
		return all
	}
	return append(all,
		web.Route{Pattern: "GET /consent", Access: web.Anyone, Handler: p.showConsent},
		web.Route{Pattern: "POST /consent", Access: web.Anyone, Handler: p.decide})
}

// publicRoutes are for anybody. The flows behind them count sources, accounts
// and pairs by limits of their own.
func (p *Pages) publicRoutes() []web.Route {
	get := func(path string, h web.Handler) web.Route {
		return web.Route{Pattern: "GET " + path, Access: web.Anyone, Handler: h}
	}
	post := func(path string, h action) web.Route {
		return web.Route{Pattern: "POST " + path, Access: web.Anyone, Handler: p.act(h)}
	}
	return []web.Route{
		get("/{$}", p.landing),
		get("/assets/{name}", p.asset),
		get("/errors/{code}", p.explain),
		post("/preferences", p.prefer),

		get("/login", p.showLogin),
		{Pattern: "POST /login", Access: web.Anyone, Handler: p.login},
		{Pattern: "POST /login/mail", Access: web.Anyone, Handler: p.askMail},
		get("/magic", p.showMagic),
		post("/magic", p.magic),
		get("/login/passkey", p.askPasskey),
		get("/login/verify", p.showLoginCode),
		post("/login/verify", p.loginCode),
		post("/login/resend", p.resendLogin),
		get("/login/second", p.showSecond),
		{Pattern: "POST /login/second", Access: web.Anyone, Handler: p.takeSecond},
		post("/login/second/way", p.chooseSecond),
		post("/login/second/send", p.sendSecond),
		post("/login/again/send", p.sendAgain),
		{Pattern: "POST /login/again", Access: web.Anyone, Handler: p.reauthenticate},
		get("/choose", p.showChoose),
		post("/choose", p.choose),
		post("/choose/end", p.endSeat),
		get("/logout", p.showLogout),
		{Pattern: "POST /logout", Access: web.Anyone, Handler: p.logout},

		get("/signup", p.showSignUp),
		post("/signup", p.signUp),
		post("/signup/resend", p.resendSignUp),
		get("/verify", p.showVerify),
		post("/verify", p.verify),

		get("/recover", p.showRecover),
		post("/recover", p.startRecovery),
		get("/recover/code", p.showRecoverCode),
		post("/recover/code", p.tradeCode),
		get("/recover/password", p.showRecoverPassword),
		post("/recover/password", p.recoverPassword),

		get("/account/undo", p.showUndo),
		post("/account/undo", p.undo),
		get("/account/keep", p.showKeep),
		post("/account/keep", p.keep),

		get("/setup", p.showSetup),
		post("/setup", p.takeSetup),
		post("/setup/administrator", p.completeSetup),
	}
}

// accountRoutes are for whoever is signed in, which is the zero Access.
func (p *Pages) accountRoutes() []web.Route {
	get := func(path string, h web.Handler) web.Route { return web.Route{Pattern: "GET " + path, Handler: h} }
	post := func(path string, h action) web.Route { return web.Route{Pattern: "POST " + path, Handler: p.act(h)} }
	return []web.Route{
		get("/account", p.overview),
		get("/account/profile", p.showProfile),
		post("/account/profile", p.setProfile),

		get("/account/addresses", p.showAddresses),
		post("/account/addresses", p.addAddress),
		post("/account/addresses/primary", p.makePrimary),
		post("/account/addresses/remove", p.removeAddress),
		post("/account/addresses/resend", p.resendAddress),
		get("/account/addresses/verify", p.showAddressCode),
		post("/account/addresses/verify", p.confirmAddress),

		get("/account/password", p.showPassword),
		post("/account/password", p.changePassword),
		post("/account/password/remove", p.removePassword),

		get("/account/passkeys", p.showPasskeys),
		post("/account/passkeys", p.addPasskey),
		post("/account/passkeys/offer", p.offerPasskey),
		post("/account/passkeys/rename", p.renamePasskey),
		post("/account/passkeys/remove", p.removePasskey),
		get("/account/passkeys/upgrade", p.offerUpgrade),
		get("/account/passkeys/signals", p.passkeySignals),
		get("/account/confirm/passkey", p.askProof),

		get("/account/sessions", p.showSessions),
		post("/account/sessions/end", p.endSession),
		post("/account/sessions/others", p.endOthers),
		post("/account/sessions/all", p.endAll),

		get("/account/apps", p.showApps),
		post("/account/apps/end", p.endGrant),
		post("/account/apps/end-all", p.endApp),
		post("/account/apps/withdraw", p.withdraw),

		get("/account/activity", p.showActivity),
		post("/account/activity/not-me", p.notMe),
		post("/account/activity/secure", p.secure),

		get("/account/data", p.showData),
		post("/account/data/export", p.export),
		post("/account/data/delete", p.deleteAccount),
		post("/account/data/keep", p.keepData),

		post("/account/confirm", p.confirm),
		post("/account/confirm/send", p.sendConfirm),

		get("/device", p.showDevice),
		post("/device", p.decideDevice),
	}
}

// lookable are the fixed paths of GET routes that show a page.
func lookable(routes []web.Route) map[string]bool {
	paths := map[string]bool{"/": true}
	for _, r := range routes {
		if path, ok := strings.CutPrefix(r.Pattern, http.MethodGet+" "); ok && !strings.Contains(path, "{") {
			paths[path] = true
		}
	}
	return paths
}

// look is the page that a request belongs to: itself when it looks, and the
// nearest page above when it acts.
func (p *Pages) look(r *http.Request) string {
	path := r.URL.Path
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		if own, ok := ReturnTo(r.URL.RequestURI()); ok {
			return own
		}
		return "/"
	}
	for !p.looks[path] {
		path = path[:max(strings.LastIndexByte(path, '/'), 0)]
		if path == "" {
			return "/"
		}
	}
	return path
}
