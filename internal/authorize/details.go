package authorize

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode"

	"github.com/mortise-auth/mortise/internal/consent"
	"github.com/mortise-auth/mortise/internal/jose/strictjson"
	"github.com/mortise-auth/mortise/internal/resource"
)

// Bounds of authorization_details.
const (
	maxDetails    = 16 << 10 // bytes
	maxObjects    = 16
	maxDetailText = 200 // characters of one value
)

// detail is one object of authorization_details whose type is known.
type detail struct {
	kind   resource.DetailType
	object []byte // canonical: the bytes that are agreed to and handed on
	fields [][2]string
}

func (d *detail) digest() string { return consent.DigestOf(d.object) }

// checkDetails reads authorization_details (RFC 9396, OA-76). A type is one that
// the client is registered for and that an API which it asks for understands.
func (f *Flow) checkDetails(ctx context.Context, r *request, p Params) error {
	text := one(p, "authorization_details")
	if text == "" {
		return nil
	}
	objects, err := parseDetails(text)
	if err != nil {
		return ErrInvalidDetails.Because(err)
	}
	for _, o := range objects {
		name, _ := o["type"].(string)
		kind, err := f.detailType(ctx, r, name)
		if err != nil {
			return err
		}
		d, err := readDetail(kind, o)
		if err != nil {
			return ErrInvalidDetails.Becausef("type %s: %w", name, err)
		}
		if !slices.ContainsFunc(r.details, func(other detail) bool { return bytes.Equal(other.object, d.object) }) {
			r.details = append(r.details, d)
		}
	}
	return nil
}

// parseDetails reads an array of objects strictly: no name twice, nothing behind it.
func parseDetails(text string) ([]map[string]any, error) {
	if len(text) > maxDetails {
		return nil, errors.New("too long")
	}
	r := strictjson.New(text)
	r.Array(func() {
		if r.Next() != '{' {
			r.Fail()
		}
		r.Skip()
	})
	if err := r.Close(); err != nil {
		return nil, err
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var objects []map[string]any
	if err := d.Decode(&objects); err != nil {
		return nil, err
	}
	if len(objects) == 0 || len(objects) > maxObjects {
		return nil, errors.New("no object, or too many")
	}
	return objects, nil
}

func (f *Flow) detailType(ctx context.Context, r *request, name string) (resource.DetailType, error) {
	if !slices.Contains(r.client.DetailTypes, name) {
		return resource.DetailType{}, ErrInvalidDetails.Comparing(strings.Join(r.client.DetailTypes, " "), name)
	}
	for _, identifier := range r.audiences {
		if identifier == f.o.Issuer {
			continue
		}
		res, err := f.o.Registry.Resource(ctx, identifier)
		if err != nil {
			return resource.DetailType{}, err
		}
		if kind, ok := res.Detail(name); ok {
			return kind, nil
		}
	}
	return resource.DetailType{}, ErrInvalidDetails.Becausef("no resource of the request understands %.128q", name)
}

// readDetail holds an object to its type and writes it out.
func readDetail(kind resource.DetailType, o map[string]any) (detail, error) {
	d := detail{kind: kind}
	rest := make(map[string]any, len(o))
	for name, value := range o {
		if name != "type" {
			rest[name] = value
		}
	}
	lines, err := readFields(kind.Fields, rest)
	if err != nil {
		return d, err
	}
	d.fields = lines
	d.object, err = json.Marshal(o) // members in order, so equal objects are equal bytes
	return d, err
}

func readFields(fields []resource.DetailField, o map[string]any) (lines [][2]string, err error) {
	for name := range o {
		if !slices.ContainsFunc(fields, func(f resource.DetailField) bool { return f.Name == name }) {
			return nil, errors.New("an unknown field")
		}
	}
	for _, f := range fields {
		value, ok := o[f.Name]
		if !ok && f.Required {
			return nil, errors.New("field " + f.Name + " is missing")
		}
		if !ok {
			continue
		}
		shown, err := readValue(f, value)
		if err != nil {
			return nil, err
		}
		lines = append(lines, [2]string{f.Description, shown})
	}
	return lines, nil
}

// readValue is a field's value as people read it. All of it is shown: what nobody
// sees, nobody agreed to.
func readValue(f resource.DetailField, value any) (string, error) {
	wrong := errors.New("field " + f.Name + " is no " + string(f.Kind))
	switch f.Kind {
	case resource.DetailText:
		if s, ok := value.(string); ok && readable(s) {
			return s, nil
		}
	case resource.DetailNumber:
		if n, ok := value.(json.Number); ok && len(n) <= maxDetailText {
			return n.String(), nil
		}
	case resource.DetailBoolean:
		if b, ok := value.(bool); ok {
			return map[bool]string{true: "✓", false: "✗"}[b], nil
		}
	case resource.DetailTexts:
		return readTexts(value, wrong)
	case resource.DetailObject:
		inner, ok := value.(map[string]any)
		if !ok {
			return "", wrong
		}
		lines, err := readFields(f.Fields, inner)
		if err != nil {
			return "", err
		}
		return joined(lines), nil
	}
	return "", wrong
}

func readTexts(value any, wrong error) (string, error) {
	list, ok := value.([]any)
	if !ok {
		return "", wrong
	}
	all := make([]string, 0, len(list))
	for _, one := range list {
		s, ok := one.(string)
		if !ok || !readable(s) {
			return "", wrong
		}
		all = append(all, s)
	}
	return strings.Join(all, ", "), nil
}

func joined(lines [][2]string) string {
	all := make([]string, 0, len(lines))
	for _, l := range lines {
		all = append(all, l[0]+": "+l[1])
	}
	return strings.Join(all, ", ")
}

// readable reports whether a text is shown as it is: no control or formatting
// characters, which could hide or turn round a part of it.
func readable(s string) bool {
	return len([]rune(s)) <= maxDetailText && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsPrint(r) || unicode.Is(unicode.Cf, r)
	})
}

// granted is the parameter as it was agreed to; nil when there was none.
func (r *request) granted() json.RawMessage {
	if len(r.details) == 0 {
		return nil
	}
	objects := make([][]byte, 0, len(r.details))
	for _, d := range r.details {
		objects = append(objects, d.object)
	}
	return append(append([]byte{'['}, bytes.Join(objects, []byte{','})...), ']')
}

func (r *request) digests() []string {
	var all []string
	for i := range r.details {
		all = append(all, r.details[i].digest())
	}
	return all
}
