package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestUnwritableFiles: a sign-up and a sign-in that cannot be written are refused
// with 503 and nothing of them remains; reading goes on. The disk refused for a
// reason that is not want of space, so the server trusts its file no more, says
// that it is not ready, and a restart sets everything right.
func TestUnwritableFiles(t *testing.T) {
	t.Parallel()
	p := dev(t, "--data", filepath.Join(folder(t), "data"))
	signedIn := visit(t, p.url(), nil)
	signedIn.signIn("ada@example.test", "correct horse battery staple").is(200, "/account")
	const email = "late@example.test"
	v := visit(t, p.url(), nil)
	form := v.get("/signup").form("/signup", "display-name", "Late", "email", email, "new-password", ownPassword)

	free := p.full(t)
	refused := 0
	for range 3 {
		if got := v.post("/signup", form); got.status == 503 {
			refused++
		} else {
			t.Errorf("a sign-up on a full disk: %d %s", got.status, got.code())
		}
	}
	if got := visit(t, p.url(), nil).signIn("ada@example.test", "correct horse battery staple"); got.status != 503 {
		t.Errorf("a sign-in on a full disk: %d %s", got.status, got.code())
	}
	signedIn.get("/account").is(200, "/account")
	if len(v.letters()) > 1 { // the one about Ada's first sign-in
		t.Errorf("%d mails of acts that did not happen", len(v.letters()))
	}
	free()
	if got := v.get("/readyz"); got.status != 503 {
		t.Errorf("it says that it is ready: %d", got.status)
	}
	p.again()
	p.kill()
	p.start()
	signedIn.get("/account").is(200, "/account")
	v.signUp(email, "Late", ownPassword)
	v.signIn(email, ownPassword).is(200, "/account")
	p.stopped()
}

// full makes every further byte of a file one too many for the process, as far
// as it can tell, and returns what undoes that.
func (p *process) full(t *testing.T) (free func()) {
	t.Helper()
	var before unix.Rlimit
	pid := p.cmd.Process.Pid
	must(t, unix.Prlimit(pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1, Max: unix.RLIM_INFINITY}, &before))
	return func() { must(t, unix.Prlimit(pid, unix.RLIMIT_FSIZE, &before, nil)) }
}

// TestFullDisk fills a real file system, where one may be mounted: as root. Once
// there is space again everything works without a restart. Elsewhere
// TestUnwritableFiles stands for it.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=2m,mode=0700"); err != nil {
		t.Logf("no file system can be mounted here (%v): TestUnwritableFiles alone shows it", err)
		return
	}
	t.Cleanup(func() { must(t, unix.Unmount(dir, unix.MNT_DETACH)) })
	p := dev(t, "--data", filepath.Join(dir, "data"))
	v := visit(t, p.url(), nil)
	filler := filepath.Join(dir, "filler")
	fill(t, filler)
	form := func(n int) []string {
		return []string{"display-name", "Late", "email", fmt.Sprintf("late%d@example.test", n), "new-password", ownPassword}
	}
	status := 0
	for n := 0; status != 503 && n < 30; n++ { // the log that is there has room for a few
		status = v.submit(v.get("/signup"), "/signup", form(n)...).status
	}
	if status != 503 {
		t.Fatalf("a full disk was never noticed: %d", status)
	}
	must(t, os.Remove(filler))
	eventually(t, "space to be noticed", func() bool {
		return v.submit(v.get("/signup"), "/signup", form(31)...).status == 200
	})
	visit(t, p.url(), nil).signIn("ada@example.test", "correct horse battery staple").is(200, "/account")
	p.stopped()
}

func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	defer f.Close()
	for size := 64 << 10; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
}
