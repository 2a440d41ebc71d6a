package api

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/web"
)

// maxBody is what an endpoint accepts unless it says otherwise, in bytes.
const maxBody = 64 << 10

// shape is how a request type is filled: parameters from path, query and
// headers, and members from the body.
type shape struct {
	params  []param
	body    bool
	layouts layouts
}

// param is one parameter of a request type.
type param struct {
	in, name string
	index    int
	field    reflect.StructField
}

// shapes are those that were asked for, by reflect.Type: a program has as many as it
// has endpoints, whatever the number of its instances.
var shapes sync.Map

func shapeOf(t reflect.Type) shape {
	if s, ok := shapes.Load(t); ok {
		return s.(shape)
	}
	s, _ := shapes.LoadOrStore(t, newShape(t))
	return s.(shape)
}

func newShape(t reflect.Type) shape {
	var s shape
	for i := range t.NumField() {
		f := t.Field(i)
		for _, in := range []string{"path", "query", "header"} {
			if name, ok := f.Tag.Lookup(in); ok {
				s.params = append(s.params, param{in, name, i, f})
			}
		}
	}
	s.body, s.layouts = len(ordered(t)) > 0, layouts{}
	s.layouts.add(t)
	return s
}

// bind fills the struct that into points to and returns the raw body.
func (s shape) bind(w http.ResponseWriter, r *http.Request, limit int64, into any) ([]byte, error) {
	body, err := s.read(w, r, limit)
	if err != nil {
		return nil, err
	}
	if s.body {
		raw := body
		if len(raw) == 0 {
			raw = []byte("{}")
		}
		if err := s.layouts.decode(raw, into); err != nil {
			return nil, err
		}
	}
	return body, s.parameters(r, reflect.ValueOf(into).Elem())
}

// usualBody is for how many bytes there is room before any has come.
const usualBody = 4 << 10

// read returns the body, whose type is checked before a byte of it is looked at
// (SE-36).
func (s shape) read(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	empty := r.ContentLength == 0 || r.Body == nil || r.Body == http.NoBody
	if declared := r.Header.Get("Content-Type"); (!empty || declared != "") && !isJSON(r.Header["Content-Type"]) {
		return nil, web.ErrMedia
	}
	if empty {
		return nil, nil
	}
	if r.Header.Get("Content-Encoding") != "" {
		return nil, web.ErrMedia.Becausef("content encoding")
	}
	var body bytes.Buffer
	body.Grow(int(min(max(r.ContentLength, 0), usualBody)) + bytes.MinRead)
	_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, web.ErrTooLarge
	case err != nil:
		return nil, errMalformed.Because(err)
	case !s.body && body.Len() > 0 && strings.TrimSpace(body.String()) != "{}":
		return nil, errBody
	}
	return body.Bytes(), nil
}

func isJSON(declared []string) bool {
	if len(declared) != 1 {
		return false
	}
	media, params, err := mime.ParseMediaType(declared[0])
	if err != nil || media != "application/json" {
		return false
	}
	for name, value := range params {
		if name != "charset" || !strings.EqualFold(value, "utf-8") {
			return false
		}
	}
	return true
}

// parameters fills in what stands outside the body, and refuses query parameters
// that the endpoint does not have.
func (s shape) parameters(r *http.Request, v reflect.Value) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return errParameters.Because(err)
	}
	var faults []problem.Field
	add := func(p param, code, message string) {
		if code != "" {
			faults = append(faults, problem.Field{Pointer: pointerOf(p), Code: code, Message: message})
		}
	}
	fill := func(p param, text string) {
		code, message := set(v.Field(p.index), text)
		if refused := outside(p.field.Tag.Get("enum"), text); refused != "" && code == "" {
			code, message = "bad_value", refused
		}
		add(p, code, message)
	}
	for _, p := range s.params {
		switch p.in {
		case "path":
			fill(p, r.PathValue(p.name))
		case "header":
			fill(p, r.Header.Get(p.name))
		case "query":
			given := query[p.name]
			delete(query, p.name)
			if len(given) > 1 {
				add(p, "duplicate_parameter", "This parameter stands in the address twice.")
			} else if len(given) == 1 {
				fill(p, given[0])
			}
		}
	}
	for name := range query {
		faults = append(faults, problem.Field{Pointer: "?" + escape(name), Code: "unknown_parameter", Message: "There is no such parameter here. Check its spelling."})
	}
	if faults != nil {
		slices.SortFunc(faults, func(a, b problem.Field) int { return strings.Compare(a.Pointer, b.Pointer) })
		return errParameters.WithFields(faults[:min(len(faults), maxFaults)]...)
	}
	return nil
}

func pointerOf(p param) string {
	if p.in == "query" {
		return "?" + p.name
	}
	return p.name
}

// maxText is the longest parameter, in bytes: an address and its escapes.
const maxText = 512

// set parses text into a parameter and returns the code and the sentence of what
// is wrong with it, or nothing.
func set(v reflect.Value, text string) (code, message string) {
	if len(text) > maxText || !utf8.ValidString(text) {
		return "bad_text", "This text is too long or not valid UTF-8."
	}
	switch v.Kind() {
	case reflect.Bool:
		if text != "true" && text != "false" {
			return "bad_flag", "This is true or false."
		}
		v.SetBool(text == "true")
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return "bad_number", "This is a whole number from 1."
		}
		v.SetInt(int64(n))
	default:
		v.SetString(text)
	}
	return "", ""
}
