package password

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/FastFilter/xorfilter"
)

// filterWriter builds a filter file from keys in ascending order of shard.
type filterWriter struct {
	w     io.Writer
	bits  uint
	head  [headerSize]byte
	index bytes.Buffer
	at    uint64
	keys  []uint64 // of the shard being filled
	shard int
	build xorfilter.BinaryFuseBuilder
}

func newFilterWriter(w io.Writer, k kind, bits uint) (*filterWriter, error) {
	f := &filterWriter{w: w, bits: bits, at: headerSize}
	copy(f.head[:], filterMagic)
	f.head[8], f.head[9], f.head[10] = filterVersion, byte(k), byte(bits)
	_, err := w.Write(f.head[:])
	return f, err
}

func (f *filterWriter) add(key uint64) error {
	for to := int(key >> 1 >> (63 - f.bits)); f.shard < to; {
		if err := f.flush(); err != nil {
			return err
		}
	}
	f.keys = append(f.keys, key)
	if len(f.keys) > maxShard/4 {
		return ErrCorpus.Becausef("password: more than %d keys in one shard", maxShard/4)
	}
	return nil
}

// flush writes the present shard and begins the next.
func (f *filterWriter) flush() error {
	var sum uint32
	if len(f.keys) > 0 {
		s, err := xorfilter.BuildBinaryFuse[uint16](&f.build, f.keys)
		if err != nil {
			return ErrCorpus.Because(err)
		}
		b := appendShard(nil, &s)
		if _, err := f.w.Write(b); err != nil {
			return err
		}
		sum, f.at = crc32.ChecksumIEEE(b), f.at+uint64(len(b))
	}
	e := binary.LittleEndian.AppendUint64(nil, f.at)
	e = binary.LittleEndian.AppendUint32(e, sum)
	f.index.Write(binary.LittleEndian.AppendUint32(e, 0))
	f.keys = f.keys[:0]
	f.shard++
	return nil
}

func appendShard(b []byte, s *xorfilter.BinaryFuse[uint16]) []byte {
	b = binary.LittleEndian.AppendUint64(b, s.Seed)
	for _, v := range [...]uint32{s.SegmentLength, s.SegmentLengthMask, s.SegmentCount, s.SegmentCountLength} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	for _, v := range s.Fingerprints {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return b
}

func (f *filterWriter) close() error {
	for f.shard < 1<<f.bits {
		if err := f.flush(); err != nil {
			return err
		}
	}
	sum := crc32.Update(crc32.ChecksumIEEE(f.head[:]), crc32.IEEETable, f.index.Bytes())
	if _, err := f.w.Write(f.index.Bytes()); err != nil {
		return err
	}
	_, err := f.w.Write(binary.LittleEndian.AppendUint32(nil, sum))
	return err
}
