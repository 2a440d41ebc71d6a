package password

import (
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/FastFilter/xorfilter"
)

// A filter file answers "is this one of them?" and nothing else; about one
// stranger in 65,536 is taken for a member. Keys are spread over shards by their
// first bits, so that building and asking need the memory of one shard:
//
//	header    magic, version, kind, shard bits         16 bytes
//	shards    seed, segment layout, fingerprints       each with a CRC-32 below
//	index     end offset and CRC-32 of each shard      16 bytes a shard
//	trailer   CRC-32 of header and index               4 bytes
//
// All numbers are little-endian.
const (
	filterMagic   = "MORTISEF"
	filterVersion = 1
	headerSize    = 16
	indexEntry    = 16
	trailerSize   = 4
	shardHead     = 24
	maxShard      = 64 << 20
	maxShardBits  = 16
)

// kind says how text becomes a key.
type kind uint8

const (
	kindCommon kind = 1 // see keyOf
	kindSHA1   kind = 2 // the first 64 bits of SHA-1, as breach corpora list it
)

// filter reads a filter file.
type filter struct {
	r     io.ReaderAt
	bits  uint
	index []byte
}

// openFilter checks everything but the shards, which are checked when read.
func openFilter(r io.ReaderAt, size int64, want kind) (*filter, error) {
	var head [headerSize]byte
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return nil, ErrCorpus.Because(err)
	}
	f := &filter{r: r, bits: uint(head[10])}
	if string(head[:8]) != filterMagic || head[8] != filterVersion || kind(head[9]) != want || f.bits > maxShardBits {
		return nil, ErrCorpus.Becausef("password: not a filter of kind %d, version %d", want, filterVersion)
	}
	n := int64(indexEntry) << f.bits
	at := size - trailerSize - n
	if at < headerSize {
		return nil, ErrCorpus.Becausef("password: filter of %d bytes is cut short", size)
	}
	tail := make([]byte, n+trailerSize)
	if _, err := r.ReadAt(tail, at); err != nil {
		return nil, ErrCorpus.Because(err)
	}
	f.index = tail[:n]
	sum := crc32.Update(crc32.ChecksumIEEE(head[:]), crc32.IEEETable, f.index)
	if sum != binary.LittleEndian.Uint32(tail[n:]) {
		return nil, ErrCorpus.Becausef("password: index of filter is damaged")
	}
	return f, f.checkIndex(at)
}

func (f *filter) checkIndex(end int64) error {
	from := int64(headerSize)
	for i := range 1 << f.bits {
		to, _ := f.entry(i)
		if to < from || to > end || to-from > maxShard {
			return ErrCorpus.Becausef("password: shard %d of filter is misplaced", i)
		}
		from = to
	}
	if from != end {
		return ErrCorpus.Becausef("password: filter has bytes that belong to no shard")
	}
	return nil
}

func (f *filter) entry(i int) (end int64, sum uint32) {
	e := f.index[i*indexEntry:]
	return int64(binary.LittleEndian.Uint64(e) & (1<<62 - 1)), binary.LittleEndian.Uint32(e[8:])
}

// shard reads one shard; nil when it is empty.
func (f *filter) shard(i int) (*xorfilter.BinaryFuse[uint16], error) {
	from := int64(headerSize)
	if i > 0 {
		from, _ = f.entry(i - 1)
	}
	to, sum := f.entry(i)
	if from == to {
		return nil, nil
	}
	b := make([]byte, to-from)
	if _, err := f.r.ReadAt(b, from); err != nil {
		return nil, ErrCorpus.Because(err)
	}
	if crc32.ChecksumIEEE(b) != sum {
		return nil, ErrCorpus.Becausef("password: shard %d of filter is damaged", i)
	}
	return readShard(b)
}

func (f *filter) contains(key uint64) (bool, error) {
	s, err := f.shard(int(key >> 1 >> (63 - f.bits)))
	if s == nil || err != nil {
		return false, err
	}
	return s.Contains(key), nil
}

// readShard refuses any layout in which a look-up could leave the array.
func readShard(b []byte) (*xorfilter.BinaryFuse[uint16], error) {
	if len(b) < shardHead {
		return nil, ErrCorpus.Becausef("password: short shard")
	}
	u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
	s := &xorfilter.BinaryFuse[uint16]{
		Seed: binary.LittleEndian.Uint64(b), SegmentLength: u32(8), SegmentLengthMask: u32(12),
		SegmentCount: u32(16), SegmentCountLength: u32(20),
		Fingerprints: make([]uint16, (len(b)-shardHead)/2),
	}
	length, count := uint64(s.SegmentLength), uint64(s.SegmentCount)
	if length == 0 || length&(length-1) != 0 || s.SegmentLengthMask != s.SegmentLength-1 ||
		uint64(s.SegmentCountLength) != length*count || uint64(len(b)-shardHead) != 2*length*(count+2) {
		return nil, ErrCorpus.Becausef("password: layout of shard")
	}
	for i := range s.Fingerprints {
		s.Fingerprints[i] = binary.LittleEndian.Uint16(b[shardHead+2*i:])
	}
	return s, nil
}
