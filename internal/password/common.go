package password

import (
	"bufio"
	"bytes"
	_ "embed" // the filter below
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/FastFilter/xorfilter"
	"golang.org/x/text/unicode/norm"
)

//go:generate go test -run ^TestEmbeddedFilterIsBuiltFromItsList$ . -update

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

// isCommon reports whether the whole of s, folded to lower case, is on the
// embedded list.
func isCommon(s string) bool { return common().Contains(keyOf(strings.ToLower(s))) }

// commonKey is FNV-1a, 64 bits, from a basis of our own. It grows by characters,
// so the estimate can ask about every piece of a password at little cost; the
// list is public, so nothing is gained by making two words collide.
type commonKey uint64

const newCommonKey commonKey = 0x6d6f72746973653f // "mortise?"

func (k commonKey) add(r rune) commonKey {
	var b [utf8.UTFMax]byte
	for _, c := range b[:utf8.EncodeRune(b[:], r)] {
		k = (k ^ commonKey(c)) * 0x100000001b3
	}
	return k
}

func keyOf(lower string) uint64 {
	k := newCommonKey
	for _, r := range lower {
		k = k.add(r)
	}
	return uint64(k)
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
			if err := f.add(keyOf(s)); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return f.close()
}
