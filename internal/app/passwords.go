package app

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/egress"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/secret"
)

func (a *App) wirePasswords(ctx context.Context) error {
	params, err := a.parameters(ctx)
	if err != nil {
		return err
	}
	peppers, err := a.peppers(ctx)
	if err != nil {
		return err
	}
	a.gate = a.c.Passwords.Gate
	if a.gate == nil {
		// Memory of hashes is given back once nobody hashes any more, so that a
		// flood does not leave the process large.
		a.gate = password.NewGate(password.GateOptions{Memory: a.c.Passwords.Memory, Now: a.c.Now, Idle: debug.FreeOSMemory, Observe: a.c.Observers.Hash})
	}
	a.hasher, err = password.NewHasher(password.HasherOptions{Parameters: params, Peppers: peppers, Gate: a.gate})
	if err != nil {
		return err
	}
	if a.egress, err = egress.New(egress.Options{Allow: a.allowed(), Now: a.c.Now, Blocked: a.blocked}); err != nil {
		return err
	}
	breaches, err := a.breaches()
	if err != nil {
		return err
	}
	a.policy, err = password.NewPolicy(password.PolicyOptions{
		MinAlone: a.c.Passwords.MinLength, Service: a.c.Brand, Words: a.c.Passwords.Words, Breaches: breaches,
		Report: func(ctx context.Context, err error) {
			a.c.Log.Warn("a list of breached passwords could not be asked", "error", err)
			ev := audit.New(password.LookupFailed, a.now(), audit.Actor{Type: audit.ActorSystem}, audit.Source{}, "")
			if err := a.store.Audit().Append(ctx, ev); err != nil {
				a.c.Log.Warn("the failed look-up was not recorded", "error", err)
			}
		},
	})
	return err
}

// parameters are those in the store, so that replicas agree; the first process
// puts them there.
func (a *App) parameters(ctx context.Context) (password.Parameters, error) {
	if a.c.Passwords.Parameters != (password.Parameters{}) {
		return a.c.Passwords.Parameters, nil
	}
	kept, err := a.store.Instance().PutSetting(ctx, "password.parameters", password.DefaultParameters().String(), true)
	if err != nil {
		return password.Parameters{}, err
	}
	return password.ParseParameters(kept)
}

// pepper is the one key of an instance, kept sealed under the master key, which
// is not in the database (PW-14).
type pepper struct {
	id  string
	key []byte
}

func (p pepper) Current() (string, []byte, bool) { return p.id, p.key, true }

func (p pepper) ByID(id string) ([]byte, bool) { return p.key, id == p.id }

func (a *App) peppers(ctx context.Context) (password.Peppers, error) {
	const setting, purpose = "password.pepper", "pepper"
	fresh := make([]byte, 32)
	secret.Fill(fresh)
	sealed := hex.EncodeToString(a.keys.Seal(purpose, a.facts.ID[:], fresh))
	kept, err := a.store.Instance().PutSetting(ctx, setting, sealed, true)
	if err != nil {
		return nil, err
	}
	raw, err := hex.DecodeString(kept)
	if err != nil {
		return nil, fmt.Errorf("app: stored pepper: %w", err)
	}
	key, err := a.keys.Open(purpose, a.facts.ID[:], raw)
	if err != nil {
		return nil, fmt.Errorf("app: stored pepper: %w", err)
	}
	return pepper{id: "p1", key: key}, nil
}

func (a *App) breaches() ([]password.Breaches, error) {
	var lists []password.Breaches
	if path := a.c.Passwords.CorpusFile; path != "" {
		corpus, err := password.OpenCorpus(path)
		if err != nil {
			return nil, err
		}
		lists = append(lists, corpus)
	}
	if a.c.Passwords.HIBP {
		lists = append(lists, password.NewPwned(fetcher{a.egress}, "", 0))
	}
	return lists, nil
}

// fetcher lets the password package ask through the one outbound client.
type fetcher struct{ client *egress.Client }

func (f fetcher) Fetch(ctx context.Context, url string, header map[string]string, limit int64) ([]byte, error) {
	h := make(http.Header, len(header))
	for k, v := range header {
		h.Set(k, v)
	}
	resp, err := f.client.Get(ctx, url, limit, h)
	if err != nil {
		return nil, err
	}
	if resp.Status != http.StatusOK {
		return nil, fmt.Errorf("app: %s answered %d", url, resp.Status)
	}
	return resp.Body, nil
}
