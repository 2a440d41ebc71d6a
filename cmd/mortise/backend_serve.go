package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/settings"
	"github.com/mortise-auth/mortise/cmd/mortise/internal/telemetry"
	"github.com/mortise-auth/mortise/internal/app"
	"github.com/mortise-auth/mortise/internal/footprint"
	"github.com/mortise-auth/mortise/internal/geo"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/transport"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/storage/redis"
)

// Serve implements Backend.
func (backend) Serve(ctx context.Context, s settings.Settings, run Run) error {
	room := tune(s.Password)
	start, log := time.Now(), logger(s, run)
	st, err := openStore(ctx, s, false)
	if err != nil {
		return hint(err)
	}
	defer func() { closeStore(st, log) }()
	v := &server{settings: s, run: run, log: log, room: room}
	if err := v.open(ctx, config(s, log), st); err != nil {
		return err
	}
	defer v.closeListeners()
	if v.shared != nil {
		defer func() { _ = v.shared.Close() }() // nothing is lost with it
	}
	if err := v.listen(ctx); err != nil {
		return err
	}
	ready := Ready{URL: s.URL, Listen: v.address, Admin: v.admin, Engine: st.Engine(), Certificate: v.certificate, Took: since(start)}
	if err := v.setup(ctx, &ready); err != nil {
		return err
	}
	return v.serve(ctx, ready)
}

func closeStore(st store.Store, log *slog.Logger) {
	if err := st.Close(); err != nil {
		log.Error("the store did not close cleanly", "error", err)
	}
}

// server is one process on its listeners.
type server struct {
	settings settings.Settings
	run      Run
	log      *slog.Logger
	room     *footprint.Collector // nil: the environment decides
	app      *app.App
	metrics  http.Handler
	traces   telemetry.Traces
	geo      *geo.Reader   // nil: places are not named
	shared   *redis.Server // nil: there is one process

	endpoints   []transport.Endpoint
	background  []func(context.Context)
	address     string
	admin       string
	certificate string
}

// listen opens every listener before anything is served, so that a busy port is
// an error and not half a server.
func (v *server) listen(ctx context.Context) error {
	config, err := v.tls(ctx)
	if err != nil {
		return err
	}
	open := func() (net.Listener, error) {
		if config != nil {
			return transport.Listen(ctx, v.settings.Listen)
		}
		return transport.ListenPlain(ctx, v.settings.Listen, v.settings.HTTP.InsecurePlain)
	}
	l, err := open()
	if err != nil {
		return err
	}
	v.add(l, v.app.Handler(), config)
	v.address = l.Addr().String()
	if err := v.listenAdmin(ctx); err != nil {
		return err
	}
	if v.settings.Database.URL.IsZero() {
		socket, err := listenSocket(v.settings.Data)
		if err != nil {
			return err
		}
		v.add(socket, v.app.HostHandler(), nil)
	}
	return nil
}

func (v *server) add(l net.Listener, h http.Handler, config *tls.Config) {
	v.endpoints = append(v.endpoints, transport.Endpoint{Listener: l, Server: transport.NewServer(h, config, v.log)})
}

func (v *server) listenAdmin(ctx context.Context) error {
	if v.settings.Admin.Listen == "" {
		return nil
	}
	l, err := transport.ListenPlain(ctx, v.settings.Admin.Listen, false)
	if err != nil {
		return err
	}
	v.add(l, v.app.AdminHandler(v.metrics), nil)
	v.admin = "http://" + l.Addr().String() + "/metrics"
	return nil
}

func (v *server) closeListeners() {
	for _, e := range v.endpoints {
		_ = e.Listener.Close() // closed by Run already when it came so far
	}
}

// tls is how the main listener speaks TLS; nil: it does not.
func (v *server) tls(ctx context.Context) (*tls.Config, error) {
	t := v.settings.TLS
	public, err := url.Parse(v.settings.URL)
	if err != nil {
		return nil, err
	}
	redirect := transport.RedirectHTTPS(public)
	var config *tls.Config
	switch {
	case t.ACME.Enabled:
		acme, err := v.acme(public)
		if err != nil {
			return nil, err
		}
		config, redirect = acme.TLSConfig(), acme.Challenges(redirect)
		v.certificate = "certificate from ACME"
	case t.CertFile != "":
		files, err := transport.NewFiles(t.CertFile, t.KeyFile, public.Hostname(), time.Now)
		if err != nil {
			return nil, err
		}
		config = transport.TLSConfig(files.Certificate)
		v.certificate = "certificate valid until " + files.Expires().Format(time.DateOnly)
		v.background = append(v.background, func(ctx context.Context) {
			files.Watch(ctx, time.Minute, v.run.Reload, v.certificateChanged)
		})
	}
	if v.settings.HTTP.RedirectListen == "" {
		return config, nil
	}
	l, err := transport.Listen(ctx, v.settings.HTTP.RedirectListen)
	if err != nil {
		return nil, err
	}
	v.add(l, redirect, nil)
	return config, nil
}

func (v *server) certificateChanged(err error) {
	if err != nil {
		v.log.Error("the certificate was not replaced; the last good one stays in use", "error", err)
		return
	}
	v.log.Info("a new certificate is in use")
}

func (v *server) acme(public *url.URL) (*transport.ACME, error) {
	t := v.settings.TLS.ACME
	hosts := t.Domains
	if len(hosts) == 0 {
		hosts = []string{public.Hostname()}
	}
	return transport.NewACME(transport.ACMEOptions{
		Hosts: hosts, Email: t.Email, Directory: t.DirectoryURL, AcceptTerms: true, Cache: v.app.Certificates(),
	})
}

// setup prints a code while there is no administrator (TH-35).
func (v *server) setup(ctx context.Context, ready *Ready) error {
	code, expires, err := v.app.Setup.Open(ctx, user.Host())
	if errors.Is(err, instance.ErrSetupDone) {
		return nil
	}
	if err != nil {
		return err
	}
	ready.SetupURL, ready.SetupCode, ready.SetupExpires = v.settings.URL+"/setup", code.Reveal(), expires
	return nil
}

// lastTraces sends what waits, for a moment.
func (v *server) lastTraces(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := v.traces.Stop(ctx); err != nil {
		v.log.Warn("the last traces were not delivered", "error", err)
	}
}

// serve answers until ctx ends, drains, and then stops the work behind the
// requests.
func (v *server) serve(ctx context.Context, ready Ready) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	done := make(chan error, 1)
	go func() { done <- v.app.Run(work) }()
	for _, job := range v.background {
		go job(work)
	}
	v.run.Ready(ready)
	go footprint.Quiet(work, func(err error) { v.log.Debug("unneeded memory was not given back", "error", err) })
	err := transport.Run(ctx, v.endpoints...)
	v.lastTraces(work)
	stop()
	select {
	case failed := <-done:
		return errors.Join(err, failed)
	case <-time.After(Drain):
		return errors.Join(err, fmt.Errorf("the work behind the requests did not stop within %s", Drain))
	}
}
