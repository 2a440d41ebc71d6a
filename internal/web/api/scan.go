package api

import (
	"bytes"
	"encoding/json"
	"errors"
)

var errSyntax = errors.New("not JSON")

// scanner takes JSON apart. It is exact on what is JSON and says nothing about what is
// not: whoever uses it has the whole checked as well.
type scanner struct {
	body []byte
	at   int
}

// peek is the first byte of the next token; 0 at the end.
func (s *scanner) peek() byte {
	for ; s.at < len(s.body); s.at++ {
		switch c := s.body[s.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// take takes c, if it is next.
func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.at++
	return true
}

// text takes a string and returns what it says, for as long as the body stays.
func (s *scanner) text() ([]byte, error) {
	raw, err := s.quoted()
	if err != nil {
		return nil, err
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1], nil
	}
	var said string
	err = json.Unmarshal(raw, &said)
	return []byte(said), err
}

func (s *scanner) quoted() ([]byte, error) {
	if !s.take('"') {
		return nil, errSyntax
	}
	begin := s.at - 1
	for {
		end := bytes.IndexAny(s.body[s.at:], `"\`)
		if end < 0 {
			return nil, errSyntax
		}
		s.at += end + 1
		if s.body[s.at-1] == '"' {
			return s.body[begin:s.at], nil
		}
		s.at++ // whatever is escaped
		if s.at > len(s.body) {
			return nil, errSyntax
		}
	}
}

// word takes a number or a name: true, false, null.
func (s *scanner) word() []byte {
	begin := s.at
	for ; s.at < len(s.body); s.at++ {
		switch s.body[s.at] {
		case ' ', '\t', '\r', '\n', ',', ']', '}', ':', '"', '[', '{':
			return s.body[begin:s.at]
		}
	}
	return s.body[begin:]
}

// skip takes one value, whatever is in it.
func (s *scanner) skip() error {
	for depth := 0; ; {
		switch s.peek() {
		case 0:
			return errSyntax
		case '"':
			if _, err := s.quoted(); err != nil {
				return err
			}
		case '{', '[':
			s.at++
			depth++
			continue
		case '}', ']':
			s.at++
			depth--
		case ',', ':':
			s.at++
			continue
		default:
			if len(s.word()) == 0 {
				return errSyntax
			}
		}
		if depth <= 0 {
			return nil
		}
	}
}
