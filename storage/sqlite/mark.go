package sqlite

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mortise-auth/mortise/internal/secret"
)

// mark is the file "epoch" beside the database: which database this is, how far
// it had come, and which file the mark itself is. A database that has come less
// far was put back; a mark with another inode was copied with its folder; a
// missing one was left behind (TH-12, TH-24).
//
// It is overwritten in place, without fsync, after each commit that gave out a
// number: losing the last writes to a power cut only makes it promise less.
type mark struct {
	file     *os.File
	volatile bool // never mind a power cut
	facts    markFacts
	buf      []byte
}

type markFacts struct {
	origin string // random; also in the database
	epoch  string
	heads  heads
	inode  uint64
}

const markForm = "origin %32s\nepoch %32s\naudit %020d\nrevocation %020d\ninode %020d\n"

// openMark opens the mark, making an empty one when there is none. The facts
// are zero when there are none to be read.
func openMark(dir string, volatile bool) (*mark, error) {
	f, err := os.OpenFile(filepath.Join(dir, "epoch"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	m := &mark{file: f, volatile: volatile}
	text, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		f.Close()
		return nil, err
	}
	var got markFacts
	n, _ := fmt.Sscanf(string(text), markForm, &got.origin, &got.epoch, &got.heads.events, &got.heads.revocations, &got.inode)
	if n == 5 {
		m.facts = got
	}
	return m, nil
}

// rewound says why the database with this origin and these heads is not what
// the mark was made for, or "".
func (m *mark) rewound(origin string, h heads) (string, error) {
	if origin == "" {
		return "", nil // made just now
	}
	here, err := inode(m.file)
	if err != nil {
		return "", err
	}
	switch f := m.facts; {
	case f.origin == "":
		return "mark_missing", nil
	case f.origin != origin:
		return "mark_of_another_database", nil
	case f.inode != here:
		return "folder_copied", nil
	case h.events < f.heads.events || h.revocations < f.heads.revocations:
		return "database_behind_mark", nil
	}
	return "", nil
}

// renew makes m the mark of the database with this origin, durably.
func (m *mark) renew(origin, epoch string, h heads) error {
	here, err := inode(m.file)
	if err != nil {
		return err
	}
	m.facts = markFacts{origin: origin, epoch: epoch, heads: h, inode: here}
	if m.volatile {
		return m.write()
	}
	return errors.Join(m.write(), m.file.Sync(), syncFolder(filepath.Dir(m.file.Name())))
}

// move raises the mark. An error is dropped on purpose: the commit stands, and
// a mark that stayed behind only notices less.
func (m *mark) move(h heads) {
	m.facts.heads = h
	_ = m.write()
}

func (m *mark) write() error {
	f := m.facts
	m.buf = fmt.Appendf(m.buf[:0], markForm, f.origin, f.epoch, f.heads.events, f.heads.revocations, f.inode)
	_, err := m.file.WriteAt(m.buf, 0)
	return err
}

func newOrigin() string {
	b := make([]byte, 16)
	secret.Fill(b)
	return hex.EncodeToString(b)
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, fs.ErrInvalid) {
		return err
	}
	return nil
}
