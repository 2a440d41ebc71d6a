package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/mortise-auth/mortise"
	"github.com/mortise-auth/mortise/bench/floor"
	"github.com/mortise-auth/mortise/internal/app"
	"github.com/mortise-auth/mortise/internal/footprint"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/storage/postgres"
	"github.com/mortise-auth/mortise/storage/redis"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// serve is the program's other life: a server to be measured, started by the
// measuring one. The kinds are the floors, and a host program that mounts
// Mortise and protects one handler of its own.
func serve(kind, addr string, args []string) error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	profiled, err := profile(kind)
	if err != nil {
		return err
	}
	defer profiled()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", floor.Bare)
	switch kind {
	case "bare":
		mux.HandleFunc("GET /private", floor.Bare)
	case "gate":
		s := &floor.Sessions{Cookie: "mortise-gate"}
		s.Add(args[0])
		mux.Handle("GET /forward-auth", s)
	case "session":
		s := &floor.Sessions{Cookie: "mortise"}
		for _, value := range args {
			s.Add(value)
		}
		mux.Handle("GET /private", s)
	case "password":
		mux.Handle("POST /api/v1/signin", floor.NewPasswords(passphrase))
	case "host":
		return host(ctx, addr, args[0], args[1])
	case "scale":
		return scaled(ctx, addr, args[0], args[1], args[2], args[3])
	case "passkey", "refresh", "credentials", "code":
		pattern, f, err := kept(kind, args)
		if err != nil {
			return err
		}
		defer f.Close()
		mux.Handle(pattern, f)
	case "callback", "idp":
		return comeBack(ctx, kind, addr, args, mux)
	case "userinfo":
		mux.Handle("GET /oauth2/userinfo", floor.NewUserInfo(args))
	case "check-userinfo":
		f, err := floor.CheckUserInfo(args[0])
		if err != nil {
			return err
		}
		mux.Handle("GET /oauth2/userinfo", f)
	case "introspect":
		mux.Handle("POST /oauth2/introspect", floor.NewIntrospector(verifierID, verifierSecret, args))
	case "document":
		h, err := floor.Document(args[0])
		if err != nil {
			return err
		}
		mux.Handle("GET /document", h)
	case "token":
		f := &floor.Bearers{}
		f.Add(args[0])
		mux.Handle("GET /private", f)
	default:
		return fmt.Errorf("bench: no server %q", kind)
	}
	return listen(ctx, addr, mux)
}

// grouped is a floor that writes to a data folder.
type grouped interface {
	http.Handler
	Close() error
}

func kept(kind string, args []string) (pattern string, f grouped, err error) {
	switch kind {
	case "passkey":
		f, err = floor.OpenPasskeys(args[0])
		return "POST /api/v1/signin", f, err
	case "refresh":
		f, err = floor.OpenRefresher(args[0], clientID, clientSecret, tokenIssuer)
	case "credentials": // args: client and kind, audience, data folder of opaque ones
		f, err = credentialsFloor(args)
	default:
		f, err = floor.OpenRedeemer(args[0], clientSecret, tokenIssuer)
	}
	return "POST /oauth2/token", f, err
}

// comeBack serves the floor of callbacks (args: data folder, the service's address), or
// the service.
func comeBack(ctx context.Context, kind, addr string, args []string, mux *http.ServeMux) error {
	if kind == "idp" {
		h, err := newIDP(addr)
		if err != nil {
			return err
		}
		return listen(ctx, addr, h)
	}
	f, err := floor.OpenCallback(args[0], args[1])
	if err != nil {
		return err
	}
	defer f.Close()
	mux.Handle("GET /callback", f)
	return listen(ctx, addr, mux)
}

func credentialsFloor(args []string) (*floor.Credentials, error) {
	if len(args) > 2 {
		return floor.OpenCredentials(args[2], args[0], clientSecret, tokenIssuer, args[1])
	}
	return floor.NewCredentials(args[0], args[0], clientSecret, tokenIssuer, args[1])
}

// host is the fifteen-line program of the README.
func host(ctx context.Context, addr, dir, key string) error {
	room := frugal()
	st, err := sqlite.Open(ctx, dir, sqlite.Options{})
	if err != nil {
		return err
	}
	return mount(ctx, addr, st, room, mortise.Config{SecretKey: key})
}

// scaled is the same on the stores that several processes share.
func scaled(ctx context.Context, addr, schema, database, cache, key string) error {
	room := frugal()
	shared, err := redis.Open(cache)
	if err != nil {
		return err
	}
	st, err := postgres.Open(ctx, database, postgres.Options{Schema: schema})
	if err != nil {
		return err
	}
	return mount(ctx, addr, st, room, mortise.Config{SecretKey: key, Shared: shared})
}

func mount(ctx context.Context, addr string, st store.Store, room *footprint.Collector, c mortise.Config) error {
	c.URL, c.TrustedProxies, c.Logger = "http://"+addr, []string{"127.0.0.1"}, quiet()
	c.EgressAllow = []string{"127.0.0.1/32"} // services that people sign in with
	srv, _, err := mortise.Wire(ctx, c, st, func(a *app.Config) {
		a.Observers.Hash = func(o password.Outcome) {
			if o.Waited() {
				room.Waited()
				if o.Result == password.Admitted {
					room.Begins()
				}
			}
		}
	})
	if err != nil {
		return errors.Join(err, st.Close())
	}
	mux := http.NewServeMux()
	mux.Handle("/", srv.Handler())
	mux.Handle("GET /private", srv.Require()(http.HandlerFunc(floor.Bare)))
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(ctx) }()
	go footprint.Quiet(ctx, func(error) {}) // as the command does
	err = listen(ctx, addr, mux)
	return errors.Join(err, <-ended, st.Close())
}

// frugal sets the collector as the command does.
func frugal() *footprint.Collector {
	const working, hash = 16 << 20, 19 << 20
	most := int64(max(1, runtime.GOMAXPROCS(0)-1)) * hash
	return footprint.Collect(footprint.Limits{Crowded: working + 2*most, Spent: max(1, runtime.GOMAXPROCS(0)-1), Calm: working + 5*most}, time.Now)
}

func listen(ctx context.Context, addr string, h http.Handler) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = srv.Close() // generators do not wait for graceful ends
	}()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
