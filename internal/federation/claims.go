package federation

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// Bounds of a document of claims, beside its length, which the caller bounds.
const (
	maxDepth  = 16
	maxValues = 20_000
)

var errClaims = errors.New("federation: not a JSON object, or one that says something twice")

// ParseClaims reads a JSON object of a service: valid UTF-8, no member twice,
// nothing after it. Numbers are json.Number.
func ParseClaims(document []byte) (map[string]any, error) {
	v, err := ParseValue(document)
	if err != nil {
		return nil, err
	}
	claims, ok := v.(map[string]any)
	if !ok {
		return nil, errClaims
	}
	return claims, nil
}

// ParseValue is ParseClaims for a value of any type.
func ParseValue(document []byte) (any, error) {
	if !utf8.Valid(document) {
		return nil, errClaims
	}
	p := parser{Decoder: json.NewDecoder(bytes.NewReader(document))}
	p.UseNumber()
	v, err := p.value(0)
	if err != nil {
		return nil, errClaims
	}
	if _, err := p.Token(); !errors.Is(err, io.EOF) {
		return nil, errClaims
	}
	return v, nil
}

type parser struct {
	*json.Decoder
	values int
}

func (p *parser) value(depth int) (any, error) {
	token, err := p.Token()
	if p.values++; err != nil || depth > maxDepth || p.values > maxValues {
		return nil, errClaims
	}
	switch token {
	case json.Delim('{'):
		return p.object(depth)
	case json.Delim('['):
		return p.array(depth)
	}
	return token, nil
}

func (p *parser) object(depth int) (any, error) {
	object := map[string]any{}
	for p.More() {
		token, err := p.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return nil, errClaims
		}
		if _, twice := object[name]; twice {
			return nil, errClaims
		}
		if object[name], err = p.value(depth + 1); err != nil {
			return nil, err
		}
	}
	_, err := p.Token()
	return object, err
}

func (p *parser) array(depth int) (any, error) {
	array := []any{}
	for p.More() {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		array = append(array, v)
	}
	_, err := p.Token()
	return array, err
}

// Look finds a claim by a path whose members are separated by dots. A member that
// has a dot in its own name, as a namespaced claim does, is found by its whole name.
func Look(claims map[string]any, path string) (any, bool) {
	if v, ok := claims[path]; ok {
		return v, v != nil
	}
	for at := strings.IndexByte(path, '.'); at >= 0; {
		if inner, ok := claims[path[:at]].(map[string]any); ok {
			if v, ok := Look(inner, path[at+1:]); ok {
				return v, true
			}
		}
		next := strings.IndexByte(path[at+1:], '.')
		if next < 0 {
			break
		}
		at += 1 + next
	}
	return nil, false
}
