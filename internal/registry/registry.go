package registry

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/internal/assertion"
	"github.com/mortise-auth/mortise/internal/claims"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/revocation"
)

// Clients is what the flow needs of client.Store.
type Clients interface {
	ByID(ctx context.Context, id client.ID) (client.Client, error)
	Used(ctx context.Context, at map[client.ID]time.Time) error
}

// Resources is what the flow needs of resource.Store.
type Resources interface {
	ByIdentifier(ctx context.Context, identifier string) (resource.Resource, error)
}

// Descriptions keeps clients up to date whose client_id is the address of their
// metadata; see cimd.Book.
type Descriptions interface {
	Refresh(ctx context.Context, id client.ID) error
	Forget(id client.ID)
}

// Freshness tells whether a cache may answer; see revocation.Follower.
type Freshness interface{ Fresh(now time.Time) bool }

// Options configure a Registry. All but the sizes are required.
type Options struct {
	Clients      Clients
	Resources    Resources
	Users        Users
	Keys         client.Keys
	Issuer       string           // the audience of assertions (OA-32)
	Documents    client.Documents // fetches key sets of clients
	Assertions   assertion.Store
	Now          func() time.Time
	Log          *slog.Logger
	ClientsKept  int // snapshots in memory; default 16,384
	ResourceKept int // default 1,024
	PeopleKept   int // default 16,384
}

// Registry answers for clients and resources. It is safe for concurrent use.
type Registry struct {
	o         Options
	fresh     Freshness
	described Descriptions // nil: no client_id is an address
	clients   *cache[client.Client]
	pool      *pool
	resources *cache[resource.Resource]
	people    *cache[claims.Person]

	running atomic.Bool // Run writes last uses; otherwise each is written at once
	mu      sync.Mutex
	used    map[client.ID]time.Time

	keysMu sync.Mutex
	keys   map[source]*keySet // at most keySetsKept
}

// New makes a Registry. Without Follow it never answers from memory.
func New(o Options) *Registry {
	if o.ClientsKept == 0 {
		o.ClientsKept = 16_384
	}
	if o.ResourceKept == 0 {
		o.ResourceKept = 1024
	}
	if o.PeopleKept == 0 {
		o.PeopleKept = 16_384
	}
	return &Registry{
		o: o, used: map[client.ID]time.Time{}, pool: newPool(), keys: map[source]*keySet{},
		clients:   newCache[client.Client](o.ClientsKept, func(id string) [16]byte { return client.ID(id).Value() }),
		resources: newCache[resource.Resource](o.ResourceKept, resource.Value),
		people:    newCache[claims.Person](o.PeopleKept, func(id string) [16]byte { return [16]byte([]byte(id)) }),
	}
}

// Follow makes f the freshness proof. Call it before the first question.
func (r *Registry) Follow(f Freshness) { r.fresh = f }

// Read lets client_ids be addresses of documents. Call it before the first question.
func (r *Registry) Read(d Descriptions) { r.described = d }

// Client returns the client, disabled or not, or client.ErrUnknown. Its lists are
// shared and must not be changed.
func (r *Registry) Client(ctx context.Context, id string) (client.Client, error) {
	if client.ID(id).Address() {
		return r.byAddress(ctx, client.ID(id))
	}
	return answer(r, r.clients, id, func() (client.Client, error) {
		name, err := client.ParseID(id)
		if err != nil {
			return client.Client{}, client.ErrUnknown.Because(err)
		}
		return r.read(ctx, name)
	})
}

// read is the client as the store has it.
func (r *Registry) read(ctx context.Context, id client.ID) (client.Client, error) {
	c, err := r.o.Clients.ByID(ctx, id)
	r.pool.share(&c)
	return c, err
}

// byAddress returns a client that its document describes.
func (r *Registry) byAddress(ctx context.Context, id client.ID) (client.Client, error) {
	if r.described == nil {
		return client.Client{}, client.ErrUnknown.Becausef("metadata documents are off")
	}
	if err := r.described.Refresh(ctx, id); err != nil {
		return client.Client{}, err
	}
	kept := func() (client.Client, error) { return r.read(ctx, id) }
	c, err := answer(r, r.clients, string(id), kept)
	if !errors.Is(err, client.ErrUnknown) {
		return c, err
	}
	r.described.Forget(id) // it was deleted since it was read: then it is a new one
	if err := r.described.Refresh(ctx, id); err != nil {
		return client.Client{}, err
	}
	return answer(r, r.clients, string(id), kept)
}

// Resource returns the resource or resource.ErrUnknown. Its lists are shared and
// must not be changed.
func (r *Registry) Resource(ctx context.Context, identifier string) (resource.Resource, error) {
	return answer(r, r.resources, identifier, func() (resource.Resource, error) {
		if err := resource.CheckIdentifier(identifier); err != nil {
			return resource.Resource{}, resource.ErrUnknown.Because(err)
		}
		return r.o.Resources.ByIdentifier(ctx, identifier)
	})
}

// answer is from memory while that is fresh. Only what read has found is there, so
// a name that cannot be one costs its checks and no memory.
func answer[V any](r *Registry, c *cache[V], name string, read func() (V, error)) (V, error) {
	if r.fresh != nil && r.fresh.Fresh(r.o.Now()) {
		if v := c.get(name); v != nil {
			return *v, nil
		}
	}
	mark := c.begin()
	v, err := read()
	if err == nil {
		c.put(mark, name, &v)
	}
	return v, err
}

// Credentials are what a client presented.
type Credentials = client.Credentials

// longest is more than any secret has; what is longer is not worth a MAC.
const longest = 1024

// Authenticate returns the client that c belongs to. Everything else is
// client.ErrCredentials, whose cause tells the log why: an unknown or disabled
// client, a wrong secret, another method than the client's own (OA-5). The
// digest is made and compared before anything is decided about a secret.
func (r *Registry) Authenticate(ctx context.Context, c Credentials) (client.Client, error) {
	if len(c.ID) > longest || len(c.Secret.Reveal()) > longest {
		return client.Client{}, client.ErrCredentials.Becausef("too long")
	}
	if c.Method == client.AuthPrivateKeyJWT {
		return r.asserted(ctx, c)
	}
	digest := client.Digest(r.o.Keys, client.ID(c.ID), c.Secret)
	known, err := r.Client(ctx, c.ID)
	if err != nil && !errors.Is(err, client.ErrUnknown) {
		return client.Client{}, err
	}
	now := r.o.Now()
	opens := known.Opens(digest, now)
	switch {
	case err != nil:
		return client.Client{}, client.ErrCredentials.Because(err)
	case known.Auth != c.Method:
		return client.Client{}, client.ErrCredentials.Becausef("method %s", known.Auth)
	case known.HasSecret() == c.Secret.IsZero(), known.HasSecret() && !opens:
		return client.Client{}, client.ErrCredentials.Becausef("wrong secret")
	case known.Disabled:
		return client.Client{}, client.ErrCredentials.Becausef("disabled")
	}
	r.note(ctx, known, now)
	return known, nil
}

// Apply implements revocation.Cache. Kinds that name neither a client, a
// resource nor an account say nothing about what is kept here.
func (r *Registry) Apply(entries []revocation.Entry) {
	for _, e := range entries {
		switch e.Kind {
		case revocation.Client, revocation.Refresh:
			r.clients.forget(e.Value)
			r.resources.forget(e.Value)
			r.people.forget(e.Value)
		case revocation.Subject:
			r.people.forget(e.Value)
		case revocation.Instance:
			r.Reset()
		}
	}
}

// Reset implements revocation.Cache.
func (r *Registry) Reset() {
	r.clients.forget([16]byte{})
	r.resources.forget([16]byte{})
	r.people.forget([16]byte{})
}
