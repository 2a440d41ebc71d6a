package resource

import (
	"regexp"
	"slices"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/user"
)

// DetailType is a kind of access that an API describes by more than a scope: a
// type of authorization_details (RFC 9396).
type DetailType struct {
	Type        string        `json:"type"`
	Description string        `json:"description"` // in plain words, for the consent page
	Fields      []DetailField `json:"fields"`      // beside type; in the order they are shown
}

// DetailField is a member of an object of that type.
type DetailField struct {
	Name        string        `json:"name"`
	Description string        `json:"description"` // what people call it
	Kind        DetailKind    `json:"kind"`
	Required    bool          `json:"required,omitempty"`
	Fields      []DetailField `json:"fields,omitempty"` // of an object, one level deep
}

// DetailKind is what a field holds.
type DetailKind string

const (
	DetailText    DetailKind = "text"
	DetailNumber  DetailKind = "number"
	DetailBoolean DetailKind = "boolean"
	DetailTexts   DetailKind = "texts"  // a list of texts
	DetailObject  DetailKind = "object" // with fields of its own
)

// ErrDetailType: a type of authorization_details that cannot be registered.
var ErrDetailType = problem.New(problem.Unprocessable, "bad_authorization_details_type", "A type of authorization_details has a name of 1 to 128 printable characters, a description, and 1 to 32 fields of different names, each text, number, boolean, texts, or object with fields of its own.")

const (
	maxDetailTypes  = 20
	maxDetailFields = 32
)

var memberName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,63}$`)

// Detail returns the type of that name.
func (r Resource) Detail(name string) (DetailType, bool) {
	i := slices.IndexFunc(r.DetailTypes, func(t DetailType) bool { return t.Type == name })
	if i < 0 {
		return DetailType{}, false
	}
	return r.DetailTypes[i], true
}

func checkDetailTypes(types []DetailType) error {
	if len(types) > maxDetailTypes {
		return ErrDetailType.Becausef("%d types", len(types))
	}
	for i, t := range types {
		if !ValidScope(t.Type) || !plainWords(t.Description) || slices.ContainsFunc(types[:i], func(o DetailType) bool { return o.Type == t.Type }) {
			return ErrDetailType.Becausef("type %q", t.Type)
		}
		if err := checkDetailFields(t.Fields, true); err != nil {
			return err
		}
	}
	return nil
}

func checkDetailFields(fields []DetailField, outer bool) error {
	if len(fields) == 0 || len(fields) > maxDetailFields {
		return ErrDetailType.Becausef("%d fields", len(fields))
	}
	kinds := []DetailKind{DetailText, DetailNumber, DetailBoolean, DetailTexts}
	if outer {
		kinds = append(kinds, DetailObject)
	}
	for i, f := range fields {
		twice := slices.ContainsFunc(fields[:i], func(o DetailField) bool { return o.Name == f.Name })
		if !memberName.MatchString(f.Name) || f.Name == "type" && outer || twice || !plainWords(f.Description) || !slices.Contains(kinds, f.Kind) {
			return ErrDetailType.Becausef("field %q", f.Name)
		}
		if f.Kind != DetailObject && f.Fields != nil {
			return ErrDetailType.Becausef("fields of %q", f.Name)
		}
		if f.Kind == DetailObject {
			if err := checkDetailFields(f.Fields, false); err != nil {
				return err
			}
		}
	}
	return nil
}

func plainWords(s string) bool {
	clean, err := user.CleanName(s)
	return err == nil && clean == s && s != ""
}
