package password

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxEncoded bounds a stored hash in bytes; the longest real one (Firebase with
// its signer key) stays under 400.
const maxEncoded = 1024

// b64 reads base64 as the many dialects write it: padded or not, with '.' for
// '+' (passlib) or the URL alphabet (some Firebase exports).
func b64(s string) ([]byte, error) {
	s = strings.NewReplacer(".", "+", "-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	return base64.RawStdEncoding.DecodeString(s)
}

func b64write(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }

// options are the name=value list of a PHC string. The first fault sticks in
// err, so callers read all numbers and then check once.
type options struct {
	m   map[string]string
	err error
}

// parseOptions reads a list whose names must all be among allowed, each once.
func parseOptions(s string, allowed ...string) (*options, error) {
	o := &options{m: make(map[string]string, len(allowed))}
	for part := range strings.SplitSeq(s, ",") {
		k, v, ok := strings.Cut(part, "=")
		if _, twice := o.m[k]; !ok || twice || !slices.Contains(allowed, k) {
			return nil, fmt.Errorf("password: option %q in hash", k)
		}
		o.m[k] = v
	}
	return o, nil
}

// number returns a required decimal between 1 and max.
func (o *options) number(name string, max uint64) uint64 {
	n, err := decimal(o.m[name], max)
	if err != nil && o.err == nil {
		o.err = fmt.Errorf("%s: %w", name, err)
	}
	return n
}

// decimal reads a canonical decimal between 1 and max.
func decimal(s string, max uint64) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n == 0 || n > max || s[0] == '+' || s[0] == '0' {
		return 0, fmt.Errorf("password: number in hash is not in 1..%d", max)
	}
	return n, nil
}

// saltAndTag decodes the two binary members every scheme ends with and bounds
// their lengths.
func saltAndTag(salt, tag string) (s, t []byte, err error) {
	if s, err = b64(salt); err != nil || len(s) > 128 {
		return nil, nil, ErrFormat.Becausef("password: salt of hash")
	}
	if t, err = b64(tag); err != nil || len(t) < 16 || len(t) > 128 {
		return nil, nil, ErrFormat.Becausef("password: tag of hash")
	}
	return s, t, nil
}
