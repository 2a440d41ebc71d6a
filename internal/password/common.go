package password

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	_ "embed" // the filter below
	"encoding/binary"
	"io"
	"strings"
	"sync"

	"github.com/FastFilter/xorfilter"
	"golang.org/x/text/unicode/norm"
)

//go:generate go run ./gen common/list.txt.gz common/filter.bin

// commonFilter knows the passwords of common/list.txt.gz. Sources and licences
// are in common/NOTICE.md.
//
//go:embed common/filter.bin
var commonFilter []byte

var common = sync.OnceValue(func() *xorfilter.BinaryFuse[uint16] {
	f, err := openFilter(bytes.NewReader(commonFilter), int64(len(commonFilter)), kindCommon)
	if err != nil {
		panic(err) // the embedded file is part of the program
	}
	s, err := f.shard(0)
	if err != nil {
		panic(err)
	}
	return s
})

// isCommon reports whether the whole of s, folded, is on the embedded list.
func isCommon(s string) bool { return common().Contains(commonKey(strings.ToLower(s))) }

// commonKey expects lower case. The label keeps keys apart from any other use
// of the digest.
func commonKey(lower string) uint64 {
	var buf [96]byte
	b := append(buf[:0], "mortise/common/1\x00"...)
	sum := sha256.Sum256(append(b, lower...))
	return binary.BigEndian.Uint64(sum[:])
}

// BuildCommon writes the filter of a list of passwords, one on a line. It holds
// the whole list in memory and is meant for lists of up to a million.
func BuildCommon(r io.Reader, w io.Writer) error {
	f, err := newFilterWriter(w, kindCommon, 0)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if s := strings.ToLower(norm.NFC.String(lines.Text())); s != "" {
			if err := f.add(commonKey(s)); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return f.close()
}
