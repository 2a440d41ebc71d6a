package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/settings"
	"github.com/mortise-auth/mortise/internal/apply"
)

// Backend is the server this command line was built with.
type Backend interface {
	// Open takes the lock of the data folder and returns the API as the host
	// sees it: requests carry nothing, whoever holds the folder is the host.
	Open(ctx context.Context, s settings.Settings) (http.Handler, io.Closer, error)
	// Serve runs a production server until ctx ends, then drains within Drain.
	// It also answers on the socket of the data folder.
	Serve(ctx context.Context, s settings.Settings, run Run) error
	// Dev runs a development server until ctx ends.
	Dev(ctx context.Context, s settings.Settings, dev Dev, run Run) error
	// Schema says where the database stands without changing it.
	Schema(ctx context.Context, s settings.Settings) (Schema, error)
	// Migrate brings the database to the newest schema.
	Migrate(ctx context.Context, s settings.Settings) (Schema, error)
	// Migrations returns the SQL that Migrate would run, in order.
	Migrations(ctx context.Context, s settings.Settings) ([]Migration, error)
	// BuildCorpus turns a breach corpus into a filter and counts its entries.
	BuildCorpus(ctx context.Context, r io.Reader, w io.Writer) (int64, error)
}

// Drain is how long a server may take to finish what it has begun.
const Drain = 10 * time.Second

// Run is what a server gets from the command line while it runs.
type Run struct {
	Ready  func(Ready)      // to be called once, when the listeners answer
	Reload <-chan os.Signal // asks to read certificates again
	Stderr io.Writer        // where logs go
	JSON   bool             // whether logs are for programs
}

// Dev is what a development server starts with.
type Dev struct {
	Folder   string     // empty: in memory
	Explicit bool       // the address was asked for: never take another port
	Apply    apply.File // replaces the demo people unless empty
}

// Ready is what a server has to say when it answers. Empty members are left out
// of what is printed.
type Ready struct {
	URL         string
	Listen      string // where it listens
	Admin       string // where metrics are
	Engine      string // sqlite, postgres
	Certificate string // certificate from ACME, renews 2027-01-12
	Took        time.Duration

	SetupURL     string // no administrator yet: where to go
	SetupCode    string
	SetupExpires time.Time

	Mailbox   string // from here on: dev only
	Provider  string // of made-up people
	APIDocs   string
	Folder    string // empty: in memory
	People    []Person
	EnterCode string // what "enter as" asks for
}

// Person is one line of the people of a development server.
type Person struct{ Email, Note string }

// Schema is where a database stands.
type Schema struct {
	Engine  string `json:"engine"`
	Current int64  `json:"current"`
	Latest  int64  `json:"latest"`
	Pending int    `json:"pending"`
}

// Migration is one step of the schema.
type Migration struct {
	Version int64  `json:"version"`
	Name    string `json:"name"`
	SQL     string `json:"sql"`
}
