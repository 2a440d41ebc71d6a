package api

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mortise-auth/mortise/internal/problem"
)

const (
	maxDepth  = 16 // of objects and arrays in each other
	maxFaults = 20 // that one answer names
)

var errDepth = errors.New("nested too deeply")

// decode reads body into the struct that into points to. It takes what RFC 8259
// calls interoperable and nothing more: UTF-8 without lone surrogates, one value,
// no member twice. Members that the struct does not have, required ones that are
// missing and values of another type are faults, all named at once.
func decode(body []byte, into any) error {
	if !utf8.Valid(body) || loneSurrogate(body) {
		return errMalformed.Becausef("not UTF-8")
	}
	c := checker{dec: json.NewDecoder(bytes.NewReader(body))}
	c.dec.UseNumber()
	if err := c.value(reflect.TypeOf(into).Elem(), ""); err != nil {
		return errMalformed.Because(err)
	}
	if _, err := c.dec.Token(); err != io.EOF {
		return errMalformed.Becausef("more than one value")
	}
	if c.faults != nil {
		slices.SortStableFunc(c.faults, func(a, b problem.Field) int { return strings.Compare(a.Pointer, b.Pointer) })
		return errMembers.WithFields(c.faults...)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return errMalformed.Because(err)
	}
	return nil
}

// checker walks the tokens of a body along the type it is for.
type checker struct {
	dec      *json.Decoder
	depth    int
	nullable bool   // the next value may be null
	enum     string // what the next text may be, between commas; empty: anything
	faults   []problem.Field
}

func (c *checker) fault(pointer, code, message string) {
	if len(c.faults) < maxFaults {
		c.faults = append(c.faults, problem.Field{Pointer: pointer, Code: code, Message: message})
	}
}

// value reads one value that should fit t. Its error is about the JSON itself.
func (c *checker) value(t reflect.Type, pointer string) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == opaque { // whoever defined it reads it strictly
		var whole json.RawMessage
		return c.dec.Decode(&whole)
	}
	token, err := c.dec.Token()
	if err != nil {
		return err
	}
	nullable, enum := c.nullable, c.enum
	c.nullable, c.enum = false, ""
	switch token := token.(type) {
	case json.Delim:
		if c.depth++; c.depth > maxDepth {
			return errDepth
		}
		defer func() { c.depth-- }()
		if token == '{' {
			return c.object(t, pointer)
		}
		return c.array(t, pointer)
	case nil:
		if nullable || t == opaque {
			return nil
		}
		c.fault(pointer, "null", "This member cannot be null. Leave it out instead.")
	case string:
		if kindOf(t) != reflect.String {
			c.wrong(t, pointer)
		} else if message := outside(enum, token); message != "" {
			c.fault(pointer, "bad_value", message)
		}
	case bool:
		if kindOf(t) != reflect.Bool {
			c.wrong(t, pointer)
		}
	case json.Number:
		if _, err := token.Int64(); err != nil || kindOf(t) != reflect.Int {
			c.wrong(t, pointer)
		}
	}
	return nil
}

// wrong is the fault of a value of another type than t. Free-form members take
// every type.
func (c *checker) wrong(t reflect.Type, pointer string) {
	want, free := map[reflect.Kind]string{
		reflect.String: "a string", reflect.Bool: "true or false", reflect.Int: "a whole number",
		reflect.Slice: "an array", reflect.Struct: "an object",
	}[kindOf(t)], kindOf(t) == reflect.Interface || t == opaque
	if !free {
		c.fault(pointer, "wrong_type", "This member is "+want+".")
	}
}

// outside says what a text that is not in enum should be.
func outside(enum, text string) string {
	values := strings.Split(enum, ",")
	if enum == "" || slices.Contains(values, text) {
		return ""
	}
	return "This is one of: " + strings.Join(values, ", ") + "."
}

var unmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// kindOf is the JSON shape of t: what reads itself from text is a string.
func kindOf(t reflect.Type) reflect.Kind {
	switch k := t.Kind(); {
	case reflect.PointerTo(t).Implements(unmarshaler):
		return reflect.String
	case k == reflect.Int64:
		return reflect.Int
	default:
		return k
	}
}

func (c *checker) object(t reflect.Type, pointer string) error {
	var known map[string]member // nil: any name will do
	switch kindOf(t) {
	case reflect.Struct:
		known = members(t)
	case reflect.Map:
	default:
		c.wrong(t, pointer)
	}
	seen := map[string]bool{}
	for c.dec.More() {
		token, err := c.dec.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // the decoder lets nothing else be a name
		at := pointer + "/" + escape(name)
		if seen[name] {
			c.fault(at, "duplicate_member", "This member stands here twice.")
		}
		seen[name] = true
		m, ok := known[name]
		if !ok && known != nil {
			c.fault(at, "unknown_member", "There is no such member here. Check its spelling.")
		}
		if !ok {
			m.t = within(t)
		}
		c.nullable, c.enum = ok && leaves(t, m.t), m.field.Tag.Get("enum")
		if err := c.value(m.t, at); err != nil {
			return err
		}
	}
	for name, m := range known {
		if m.required && !seen[name] {
			c.fault(pointer+"/"+name, "missing", "This member is required.")
		}
	}
	_, err := c.dec.Token()
	return err
}

var (
	free   = reflect.TypeFor[any]()
	opaque = reflect.TypeFor[json.RawMessage]() // an object that somebody else defined
)

// within is the type of what nobody declared in t.
func within(t reflect.Type) reflect.Type {
	switch {
	case t == opaque:
		return opaque
	case kindOf(t) == reflect.Map:
		return t.Elem()
	}
	return free
}

func (c *checker) array(t reflect.Type, pointer string) error {
	item := within(t)
	if t != opaque && kindOf(t) == reflect.Slice {
		item = t.Elem()
	} else {
		c.wrong(t, pointer)
	}
	for i := 0; c.dec.More(); i++ {
		if err := c.value(item, pointer+"/"+strconv.Itoa(i)); err != nil {
			return err
		}
	}
	_, err := c.dec.Token()
	return err
}

func escape(name string) string {
	const most = 64 // of a name that somebody made up
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "")
	}
	if !strings.ContainsAny(name, "~/") {
		return name
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
