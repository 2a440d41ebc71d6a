package api

import "strconv"

// loneSurrogate finds an escape such as \ud800 without its other half, which
// would silently become another character.
func loneSurrogate(body []byte) bool {
	for i := 0; i+1 < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		i++
		if body[i] != 'u' {
			continue
		}
		switch unit(body[i+1:]) >> 10 {
		case 0xdc00 >> 10:
			return true
		case 0xd800 >> 10:
			if i+6 >= len(body) || body[i+5] != '\\' || body[i+6] != 'u' || unit16(body, i+7)>>10 != 0xdc00>>10 {
				return true
			}
			i += 6 + 4
		}
	}
	return false
}

func unit16(body []byte, at int) uint64 {
	if at > len(body) {
		return 0
	}
	return unit(body[at:])
}

func unit(b []byte) uint64 {
	if len(b) < 4 {
		return 0
	}
	n, err := strconv.ParseUint(string(b[:4]), 16, 16)
	if err != nil {
		return 0 // the decoder refuses it
	}
	return n
}
