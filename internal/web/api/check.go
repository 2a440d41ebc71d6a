package api

import (
	"encoding"
	"encoding/json"
	"errors"
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
func decode(body []byte, into any) error { return layouts{}.decode(body, into) }

func (l layouts) decode(body []byte, into any) error {
	if !utf8.Valid(body) || loneSurrogate(body) {
		return errMalformed.Becausef("not UTF-8")
	}
	c := checker{scanner: scanner{body: body}, layouts: l}
	if err := c.value(reflect.TypeOf(into).Elem(), ""); err != nil {
		return errMalformed.Because(err)
	}
	if c.faults != nil && json.Valid(body) {
		slices.SortStableFunc(c.faults, func(a, b problem.Field) int { return strings.Compare(a.Pointer, b.Pointer) })
		return errMembers.WithFields(c.faults...)
	}
	if err := json.Unmarshal(body, into); err != nil { // also if it is no JSON, or more than one value
		return errMalformed.Because(err)
	}
	return nil
}

// checker walks a body along the type it is for.
type checker struct {
	scanner
	layouts  layouts
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
		return c.skip()
	}
	nullable, enum := c.nullable, c.enum
	c.nullable, c.enum = false, ""
	switch c.peek() {
	case '{', '[':
		if c.depth++; c.depth > maxDepth {
			return errDepth
		}
		defer func() { c.depth-- }()
		if c.take('{') {
			return c.object(t, pointer)
		}
		return c.array(t, pointer)
	case '"':
		text, err := c.text()
		if err != nil {
			return err
		}
		if kindOf(t) != reflect.String {
			c.wrong(t, pointer)
		} else if enum != "" {
			c.among(enum, string(text), pointer)
		}
		return nil
	}
	return c.scalar(t, pointer, nullable)
}

// scalar reads a number, true, false or null.
func (c *checker) scalar(t reflect.Type, pointer string, nullable bool) error {
	switch word := string(c.word()); word {
	case "":
		return errSyntax
	case "null":
		if !nullable {
			c.fault(pointer, "null", "This member cannot be null. Leave it out instead.")
		}
	case "true", "false":
		if kindOf(t) != reflect.Bool {
			c.wrong(t, pointer)
		}
	default:
		if _, err := strconv.ParseInt(word, 10, 64); err != nil || kindOf(t) != reflect.Int {
			c.wrong(t, pointer)
		}
	}
	return nil
}

func (c *checker) among(enum, text, pointer string) {
	if message := outside(enum, text); message != "" {
		c.fault(pointer, "bad_value", message)
	}
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
	var known *layout // nil: any name will do
	switch kindOf(t) {
	case reflect.Struct:
		known = c.layouts.of(t)
	case reflect.Map:
	default:
		c.wrong(t, pointer)
	}
	seen := map[string]bool{}
	for more := !c.take('}'); more; {
		text, err := c.text()
		if err != nil {
			return err
		}
		name := string(text)
		at := pointer + "/" + escape(name)
		if seen[name] {
			c.fault(at, "duplicate_member", "This member stands here twice.")
		}
		seen[name] = true
		if !c.take(':') {
			return errSyntax
		}
		if err := c.value(c.member(known, t, name, at), at); err != nil {
			return err
		}
		if more = c.take(','); !more && !c.take('}') {
			return errSyntax
		}
	}
	if known == nil {
		return nil
	}
	for _, name := range known.required {
		if !seen[name] {
			c.fault(pointer+"/"+name, "missing", "This member is required.")
		}
	}
	return nil
}

// member is the type of the member of t with this name, and readies c for it.
func (c *checker) member(known *layout, t reflect.Type, name, pointer string) reflect.Type {
	c.nullable, c.enum = false, ""
	if known == nil {
		return within(t)
	}
	m, ok := known.members[name]
	if !ok {
		c.fault(pointer, "unknown_member", "There is no such member here. Check its spelling.")
		return within(t)
	}
	c.nullable, c.enum = leaves(t, m.t), m.enum
	return m.t
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
	c.take('[')
	more := !c.take(']')
	for i := 0; more; i++ {
		if err := c.value(item, pointer+"/"+strconv.Itoa(i)); err != nil {
			return err
		}
		if more = c.take(','); !more && !c.take(']') {
			return errSyntax
		}
	}
	return nil
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
