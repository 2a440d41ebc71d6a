package clientaddr

import "strings"

// parseForwarded reads Forwarded headers (RFC 7239 section 4). It is all or
// nothing: a quote that a client left open would swallow what the proxy wrote
// after it, so nothing of a malformed header is believed.
func parseForwarded(lines []string) ([]hop, bool) {
	var hops []hop
	for _, line := range lines {
		if len(line) > maxBytes {
			return nil, false
		}
		s := scanner{rest: line}
		for {
			h, ok := s.element()
			if !ok || len(hops) == maxHops {
				return nil, false
			}
			hops = append(hops, h)
			if s.end() {
				break
			}
			if !s.skip(',') {
				return nil, false
			}
		}
	}
	return hops, true
}

// scanner reads one header line from the left.
type scanner struct{ rest string }

func (s *scanner) space() { s.rest = strings.TrimLeft(s.rest, " \t") }

func (s *scanner) end() bool {
	s.space()
	return s.rest == ""
}

func (s *scanner) skip(b byte) bool {
	s.space()
	if s.rest == "" || s.rest[0] != b {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// element is pairs separated by semicolons. A repeated parameter is malformed.
func (s *scanner) element() (h hop, ok bool) {
	for {
		s.space()
		name := strings.ToLower(s.token())
		if name == "" || !strings.HasPrefix(s.rest, "=") {
			return h, false
		}
		s.rest = s.rest[1:]
		value, ok := s.value()
		if !ok || !h.set(name, value) {
			return h, false
		}
		if !s.skip(';') {
			return h, true
		}
	}
}

// set keeps the parameters that matter. An empty value cannot be told from an
// absent one, so it is refused.
func (h *hop) set(name, value string) bool {
	field := map[string]*string{"for": &h.node, "proto": &h.proto, "host": &h.host}[name]
	if field == nil {
		return true
	}
	if *field != "" || value == "" {
		return false
	}
	*field = value
	return true
}

func (s *scanner) value() (string, bool) {
	if !strings.HasPrefix(s.rest, `"`) {
		v := s.token()
		return v, v != ""
	}
	var b strings.Builder
	for i := 1; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			s.rest = s.rest[i+1:]
			return b.String(), true
		case c == '\\' && i+1 < len(s.rest):
			i++
			b.WriteByte(s.rest[i])
		case c < ' ' && c != '\t', c == 0x7f, c == '\\':
			return "", false
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}

// token reads an RFC 9110 token, and the colon that many proxies leave unquoted.
func (s *scanner) token() string {
	n := 0
	for n < len(s.rest) && tokenByte(s.rest[n]) {
		n++
	}
	t := s.rest[:n]
	s.rest = s.rest[n:]
	return t
}

func tokenByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' ||
		strings.IndexByte("!#$%&'*+-.^_`|~:", b) >= 0
}
