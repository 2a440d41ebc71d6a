package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/mortise-auth/mortise/bench/floor"
	"github.com/mortise-auth/mortise/internal/app"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// standIn serves a sign-in through the chain and the flow, as the JSON API does,
// and a check of the session.
func standIn(ctx context.Context, addr, dir, key string) error {
	st, err := sqlite.Open(ctx, dir, sqlite.Options{})
	if err != nil {
		return err
	}
	cfg := wiring("http://" + addr)
	cfg.SecretKey = key
	a, err := app.New(ctx, cfg, st)
	if err != nil {
		return errors.Join(err, st.Close())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", floor.Bare)
	mux.Handle("/", a.Frame.Handler(surface(a)))
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	err = listen(ctx, addr, mux)
	return errors.Join(err, <-ended, st.Close())
}

func surface(a *app.App) web.Surface {
	return web.Surface{
		Name: "bench",
		Routes: []web.Route{
			{Pattern: "POST /api/v1/signin", Access: web.Anyone, Handler: signInWith(a)},
			{Pattern: "GET /private", Access: web.SignedIn, Handler: func(w http.ResponseWriter, r *http.Request) error {
				floor.Bare(w, r)
				return nil
			}},
		},
		Fail: func(w http.ResponseWriter, _ *http.Request, err error) {
			p := problem.Of(err)
			http.Error(w, p.Code, p.Kind.Status())
		},
	}
}

func signInWith(a *app.App) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		var in struct{ Identifier, Password string }
		if err := json.NewDecoder(io.LimitReader(r.Body, 64<<10)).Decode(&in); err != nil {
			return problem.ErrInternal.Because(err)
		}
		device, err := web.Cookie(r, a.Frame.Names().Device)
		if err != nil {
			return err
		}
		made, err := a.SignIn.SignIn(r.Context(), signin.Request{
			By: web.Of(r).Caller, Identifier: in.Identifier, Response: signin.Response{Password: secret.NewText(in.Password)}, Device: device,
		})
		if err != nil {
			return err
		}
		a.Frame.SetCookie(w, a.Frame.Names().Session, made.Secret.Reveal(), 0)
		a.Frame.SetCookie(w, a.Frame.Names().Device, made.Device, 0)
		return json.NewEncoder(w).Encode(map[string]any{"status": "complete", "user": made.User.ID})
	}
}
