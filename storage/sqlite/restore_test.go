package sqlite

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

var (
	epochStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	tested     = audit.Define("test.event", audit.Info, "")
)

func happened(subject string) audit.Event {
	return audit.New(tested, epochStart, user.System().Actor, audit.Source{}, subject)
}

func digest(t *testing.T, text string) (d secret.Digest) {
	t.Helper()
	copy(d[:], text)
	return d
}

// alive makes one of each thing that a restore must end.
type alive struct {
	user    user.ID
	session session.Session
	proof   proof.Proof
}

func populate(t *testing.T, s *Store) alive {
	t.Helper()
	ctx := t.Context()
	a := alive{user: user.NewID(epochStart)}
	u := user.User{ID: a.user, State: user.Active, Version: 1, Revision: 1, CreatedAt: epochStart, UpdatedAt: epochStart}
	mail := user.Email{User: a.user, Address: "ada@example.test", Key: "ada@example.test", VerifiedAt: epochStart, Primary: true, CreatedAt: epochStart}
	must(t, s.Users().Create(ctx, u, []user.Email{mail}, happened("create")))
	a.session = session.Session{
		ID: session.NewID(epochStart), User: a.user, Digest: digest(t, "session"), UserVersion: 1, Assurance: 1,
		AuthenticatedAt: epochStart, CreatedAt: epochStart, LastSeenAt: epochStart, IdleTimeout: time.Hour, ExpiresAt: epochStart.Add(time.Hour),
	}
	_, err := s.Sessions().Insert(ctx, a.session, 0, 0, happened("sign-in"))
	must(t, err)
	a.proof = proof.Proof{
		ID: proof.NewID(epochStart), Purpose: proof.Recover, User: a.user, Key: mail.Key, Link: digest(t, "link"),
		UserVersion: 1, CreatedAt: epochStart, ExpiresAt: epochStart.Add(time.Hour),
	}
	must(t, s.Proofs().Put(ctx, a.proof))
	must(t, s.Instance().OpenSetup(ctx, digest(t, "setup"), epochStart.Add(time.Hour), happened("setup")))
	return a
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// dead checks that nothing of a works in s, and that s says why.
func dead(t *testing.T, s *Store, a alive, epochBefore string) {
	t.Helper()
	ctx := t.Context()
	if !s.Restored() {
		t.Fatal("the restore was not noticed")
	}
	if _, err := s.Sessions().ByDigest(ctx, a.session.Digest); !errors.Is(err, session.ErrEnded) {
		t.Errorf("session: %v", err)
	}
	if got, err := s.Sessions().ByID(ctx, a.session.ID); err != nil || got.EndCause != session.Restored {
		t.Errorf("session ended with %q, %v", got.EndCause, err)
	}
	if err := s.Proofs().Spend(ctx, a.proof.ID, epochStart, happened("spend")); !errors.Is(err, proof.ErrExpired) {
		t.Errorf("proof: %v", err)
	}
	if err := s.Instance().TakeSetup(ctx, digest(t, "setup"), digest(t, "browser"), epochStart, happened("take")); !errors.Is(err, instance.ErrSetupClosed) {
		t.Errorf("setup code: %v", err)
	}
	if u, err := s.Users().ByID(ctx, a.user); err != nil || u.Version <= epochStart.UnixMicro() {
		t.Errorf("version %d, %v", u.Version, err)
	}
	if _, epoch, err := s.Revocations().Head(ctx); err != nil || epoch == epochBefore {
		t.Errorf("epoch %q, %v", epoch, err)
	}
	evs, err := s.Audit().Search(ctx, audit.Query{Name: "server.restore", Limit: 1})
	if err != nil || len(evs) != 1 || evs[0].Details["notice"] == "" {
		t.Errorf("event: %v, %v", evs, err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	must(t, err)
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	must(t, err)
	_, err = io.Copy(out, in)
	must(t, errors.Join(err, out.Close()))
}

// TH-24 TH-12: back up, go on, put the backup back in each of the ways people
// do: nothing that was alive works, numbers go on above the highest ever given
// out, and the next opening is an ordinary one.
func TestRestore(t *testing.T) {
	for name, put := range map[string]func(t *testing.T, dir, backup string) string{
		"file copied over": func(t *testing.T, dir, backup string) string {
			copyFile(t, filepath.Join(backup, file), filepath.Join(dir, file))
			return dir
		},
		"file renamed over": func(t *testing.T, dir, backup string) string {
			must(t, os.Rename(filepath.Join(backup, file), filepath.Join(dir, file)))
			return dir
		},
		"file in a new folder": func(t *testing.T, dir, backup string) string { return backup },
		"folder copied": func(t *testing.T, dir, _ string) string {
			to := t.TempDir()
			must(t, os.CopyFS(to, os.DirFS(dir)))
			return to
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, backup := t.TempDir(), t.TempDir()
			s := open(t, dir, Options{})
			a := populate(t, s)
			must(t, s.writer.conn.script("VACUUM INTO '"+filepath.Join(backup, file)+"'"))
			must(t, s.Audit().Append(t.Context(), happened("after the backup")))
			_, epoch, err := s.Revocations().Head(t.Context())
			must(t, err)
			top := s.writer.kept
			must(t, s.Close())

			at := put(t, dir, backup)
			s = open(t, at, Options{})
			dead(t, s, a, epoch)
			if name != "file in a new folder" && s.writer.kept.events <= top.events {
				t.Errorf("numbers go on at %d, %d were given out", s.writer.kept.events, top.events)
			}
			must(t, s.Close())
			if s = open(t, at, Options{}); s.Restored() {
				t.Error("opened again: still counts as restored")
			}
		})
	}
}

// TH-24: a restart, clean or not, is no restore.
func TestReopen(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	a := populate(t, s)
	must(t, s.Close())
	s = open(t, dir, Options{})
	if _, err := s.Sessions().ByDigest(t.Context(), a.session.Digest); err != nil || s.Restored() {
		t.Errorf("session: %v, restored %v", err, s.Restored())
	}
}
