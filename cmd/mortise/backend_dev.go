package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/settings"
	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/transport"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// Dev implements Backend.
func (backend) Dev(ctx context.Context, s settings.Settings, dev Dev, run Run) error {
	room := tune(s.Password)
	start, log := time.Now(), logger(s, run)
	listeners, port, err := devListeners(ctx, s.Listen, dev.Explicit)
	if err != nil {
		return err
	}
	v := &server{settings: s, run: run, log: log, room: room}
	defer v.closeListeners()
	for _, l := range listeners {
		v.endpoints = append(v.endpoints, transport.Endpoint{Listener: l})
	}
	st, key, err := devStore(ctx, dev.Folder)
	if err != nil {
		return hint(err)
	}
	defer func() { closeStore(st, log) }()
	if s.URL == "" {
		s.URL = "http://localhost:" + port
	}
	c := config(s, log)
	c.EmailCodes = true // every mail is at hand, and so is every message to a phone
	c.Phones.Driver, c.Phones.Voice = "mailbox", true
	c.Dev, c.SecretKey, c.EgressAllow = true, key, append(c.EgressAllow, "127.0.0.0/8", "::1/128")
	if err := v.open(ctx, c, st); err != nil {
		return err
	}
	idp, service, err := devProvider(s.URL)
	if err != nil {
		return err
	}
	people, err := v.app.Seed(ctx, dev.Apply, service)
	if err != nil {
		return err
	}
	public := beside(idp, v.app.DevHandler())
	for i := range v.endpoints {
		v.endpoints[i].Server = transport.NewServer(public, nil, log)
	}
	if err := v.devSocket(dev.Folder); err != nil {
		return err
	}
	ready := Ready{
		URL: s.URL + "/login", Listen: listeners[0].Addr().String(), Engine: st.Engine(), Took: since(start),
		Mailbox: s.URL + "/dev/mail", Provider: idp.Issuer(), APIDocs: s.URL + "/docs/api", Folder: dev.Folder, EnterCode: v.app.EntryCode(),
	}
	for _, p := range people {
		ready.People = append(ready.People, Person{Email: p.Email, Note: p.Note})
	}
	return v.serve(ctx, ready)
}

// devSocket lets the other commands reach a development server that keeps its
// folder.
func (v *server) devSocket(folder string) error {
	if folder == "" {
		return nil
	}
	socket, err := listenSocket(folder)
	if err != nil {
		return err
	}
	v.add(socket, v.app.HostHandler(), nil)
	return nil
}

// devStore opens the folder, or a temporary one that goes with the process. The
// throw-away key lies in the folder: what it seals is not worth more than that.
func devStore(ctx context.Context, folder string) (store.Store, string, error) {
	if folder == "" {
		st, err := sqlite.Memory(ctx, sqlite.Options{})
		return st, "", err
	}
	st, err := sqlite.Open(ctx, folder, sqlite.Options{})
	if err != nil {
		return nil, "", err
	}
	key, err := devKey(filepath.Join(folder, "dev.key"))
	if err != nil {
		return nil, "", errors.Join(err, st.Close())
	}
	return st, key, nil
}

func devKey(path string) (string, error) {
	kept, err := os.ReadFile(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return string(kept), err
	}
	key := keyring.NewMaster().Reveal()
	return key, os.WriteFile(path, []byte(key), 0o600)
}

// devListeners listens on both loopback addresses of one port. Unless the
// address was asked for, a busy port gives way to the next.
func devListeners(ctx context.Context, listen string, explicit bool) ([]net.Listener, string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, "", err
	}
	first, err := strconv.Atoi(port)
	if err != nil {
		return nil, "", fmt.Errorf("listen %q: the port is a number", listen)
	}
	const tries = 20
	for n := range tries {
		l, err := transport.Listen(ctx, net.JoinHostPort(host, strconv.Itoa(first+n)))
		if errors.Is(err, syscall.EADDRINUSE) && !explicit {
			continue
		}
		if err != nil {
			return nil, "", err
		}
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			return nil, "", errors.Join(err, l.Close())
		}
		return append([]net.Listener{l}, otherFamily(ctx, host, port)...), port, nil
	}
	return nil, "", fmt.Errorf("ports %d to %d are all in use; choose one with --listen", first, first+tries-1)
}

// otherFamily listens on ::1 beside 127.0.0.1: browsers try localhost on both. A
// machine without IPv6 is served all the same.
func otherFamily(ctx context.Context, host, port string) []net.Listener {
	if host != "127.0.0.1" {
		return nil
	}
	l, err := transport.Listen(ctx, net.JoinHostPort("::1", port))
	if err != nil {
		return nil
	}
	return []net.Listener{l}
}
