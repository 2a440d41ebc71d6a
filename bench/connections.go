package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/mortise-auth/mortise/internal/app"
	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// connectionCount is how many services the server is connected with.
const connectionCount = 1000

// connections measures what connected services cost that nobody uses.
func connections(b *bench) error {
	without, with := filepath.Join(b.tmp, "unconnected"), filepath.Join(b.tmp, "connected")
	for _, dir := range []string{without, with} {
		if _, err := b.seed(dir, 100); err != nil {
			return err
		}
	}
	if err := b.connect(with); err != nil {
		return err
	}
	if _, err := b.command(); err != nil { // built before the clock runs
		return err
	}
	var took, memory [2][]time.Duration // memory in bytes, to be sorted by the same hand
	for range b.rounds(15, 7) {
		for i, dir := range []string{without, with} {
			p, err := b.boot(dir)
			if err != nil {
				return err
			}
			resident, err := shown(p)
			p.stop()
			if err != nil {
				return err
			}
			took[i], memory[i] = append(took[i], p.took), append(memory[i], time.Duration(resident))
		}
	}
	bare, full := median(took[0]), median(took[1])
	none, all := int64(median(memory[0])), int64(median(memory[1]))
	b.add(
		row{fmt.Sprintf("cold start with %d connections", connectionCount), millis(full), millis(bare) + " with none", fmt.Sprintf("%+.2f ms", (full-bare).Seconds()*1000), "≤ + 10 ms", judge(full-bare <= 10*time.Millisecond)},
		row{
			fmt.Sprintf("resident memory with %d connections, sign-in page shown", connectionCount), mib(all), mib(none) + " with none", fmt.Sprintf("%+.1f MiB", float64(all-none)/(1<<20)),
			"≤ + 5 MB", judge(all-none <= 5e6),
		},
	)
	return nil
}

// shown is the memory of a server that has shown its sign-in page.
func shown(p *process) (int64, error) {
	c, err := dial(p.addr)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if _, err := c.do(get(p.addr, "/login", "")); err != nil {
		return 0, err
	}
	m, err := memoryOf(p.pid())
	return m.now, err
}

// connect makes the connections in the store of a folder.
func (b *bench) connect(dir string) error {
	st, err := sqlite.Open(b.ctx, dir, sqlite.Options{})
	if err != nil {
		return err
	}
	a, err := app.New(b.ctx, wiring("http://localhost"), st)
	if err != nil {
		return firstOf(err, st.Close())
	}
	for n := range connectionCount {
		issuer := fmt.Sprintf("https://idp-%d.example.net", n)
		_, err := a.Directory.CreateConnection(b.ctx, user.Host(), apply.Connection{
			ID: fmt.Sprintf("idp-%d", n), ConnectionMembers: apply.ConnectionMembers{
				Type: "oidc", ClientID: "mortise", Secret: secret.NewText("not-a-real-secret"), Issuer: &issuer, Trust: []string{fmt.Sprintf("acme-%d.example", n)},
				Mapping: &apply.ConnectionMapping{Fields: map[string]string{"name": "profile.display_name"}},
			},
		})
		if err != nil {
			return firstOf(err, st.Close())
		}
	}
	return st.Close()
}
