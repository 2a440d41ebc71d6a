package password

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/mortise-auth/mortise/internal/secret"
)

// Breaches is a list of passwords known from breaches.
type Breaches interface {
	// Seen reports whether the password is on the list. An error means that the
	// list could not be asked, not that the password is unknown.
	Seen(ctx context.Context, candidate secret.Text) (bool, error)
}

const (
	corpusBits = 12
	maxCorpus  = 8 << 30
	maxLine    = 128
)

// BuildCorpus reads a breach corpus in the format that Have I Been Pwned's
// downloader writes (one SHA1HEX:count a line, in ascending order; CRLF and a
// missing count are accepted) and writes the filter that OpenCorpus reads. It
// returns how many entries it read. It streams: memory is that of one in 4,096
// parts of the corpus, some 15 MB for a thousand million entries, whose filter
// takes about 2.3 GB on disk. A line out of order or of another form is
// ErrCorpus and names its number. ctx ends it early.
func BuildCorpus(ctx context.Context, r io.Reader, w io.Writer) (entries int64, err error) {
	out := bufio.NewWriterSize(w, 1<<20)
	f, err := newFilterWriter(out, kindSHA1, corpusBits)
	if err != nil {
		return 0, err
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), 64<<10)
	var last, sum [sha1.Size]byte
	for n := int64(1); lines.Scan(); n++ {
		if n%(1<<16) == 0 && ctx.Err() != nil {
			return entries, ctx.Err()
		}
		if err := corpusLine(lines.Bytes(), &sum); err != nil {
			return entries, ErrCorpus.Becausef("line %d: %w", n, err)
		}
		if bytes.Compare(sum[:], last[:]) < 0 {
			return entries, ErrCorpus.Becausef("line %d is out of order: the corpus must be the one ordered by hash", n)
		}
		last = sum
		if err := f.add(binary.BigEndian.Uint64(sum[:])); err != nil {
			return entries, err
		}
		entries++
	}
	if err := lines.Err(); err != nil {
		return entries, ErrCorpus.Because(err)
	}
	if entries == 0 {
		return 0, ErrCorpus.Becausef("password: empty corpus")
	}
	if err := f.close(); err != nil {
		return entries, err
	}
	return entries, out.Flush()
}

func corpusLine(line []byte, sum *[sha1.Size]byte) error {
	line = bytes.TrimSuffix(line, []byte("\r"))
	digest, count, counted := bytes.Cut(line, []byte(":"))
	if len(line) > maxLine || len(digest) != 2*sha1.Size {
		return fmt.Errorf("want 40 hexadecimal digits and :count")
	}
	if _, err := hex.Decode(sum[:], digest); err != nil {
		return err
	}
	if counted {
		_, err := decimal(string(count), 1<<62)
		return err
	}
	return nil
}

// Corpus is an opened breach corpus. It is safe for concurrent use and reads
// some hundred kilobytes from its file for each password asked about.
type Corpus struct {
	file *os.File
	f    *filter
}

// OpenCorpus opens a file made by BuildCorpus. Anything else, and damage to the
// index, is ErrCorpus; damage elsewhere shows when that part is read.
func OpenCorpus(path string) (*Corpus, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, ErrCorpus.Because(err)
	}
	f, err := openCorpus(file)
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return &Corpus{file, f}, nil
}

func openCorpus(file *os.File) (*filter, error) {
	st, err := file.Stat()
	if err != nil {
		return nil, ErrCorpus.Because(err)
	}
	if !st.Mode().IsRegular() || st.Size() > maxCorpus {
		return nil, ErrCorpus.Becausef("password: corpus is no regular file of at most %d GiB", maxCorpus>>30)
	}
	return openFilter(file, st.Size(), kindSHA1)
}

// Seen asks the file.
func (c *Corpus) Seen(_ context.Context, candidate secret.Text) (bool, error) {
	sum := sha1.Sum([]byte(candidate.Reveal()))
	return c.f.contains(binary.BigEndian.Uint64(sum[:]))
}

// Close closes the file.
func (c *Corpus) Close() error { return c.file.Close() }
