package page

import (
	"fmt"
	"strings"
)

// input is one field of a form, as the part "field" shows it.
type input struct {
	ID, Type, Label, Value   string
	Autocomplete, Mode, Hint string
	Error, Rules, Show, Hide string
	Focus, Plain, Code       bool
	Optional                 bool
	Locked                   bool // only to be read
	Said                     bool // the summary shows Error already
	Least                    int
}

// inputs are the fields of all forms by id (contract.md, "Stable element ids").
// The name of a field is its id. Autocomplete tokens follow PW-7.
var inputs = map[string]input{
	"identifier":    {Type: "text", Autocomplete: "username webauthn", Mode: "email", Plain: true},
	"email":         {Type: "email", Autocomplete: "email", Mode: "email", Plain: true},
	"password":      {Type: "password", Autocomplete: "current-password", Plain: true},
	"new-password":  {Type: "password", Autocomplete: "new-password", Plain: true},
	"display-name":  {Type: "text", Autocomplete: "name"},
	"code":          {Type: "text", Autocomplete: "one-time-code", Mode: "numeric", Code: true, Plain: true},
	"recovery-code": {Type: "text", Autocomplete: "off", Code: true, Plain: true},
	"device-name":   {Type: "text", Autocomplete: "off"},
	"phone-number":  {Type: "tel", Autocomplete: "tel", Mode: "tel", Plain: true},
	"person":        {Type: "email", Autocomplete: "off", Mode: "email", Plain: true}, // somebody else's address
	"reason":        {Type: "text", Autocomplete: "off"},
	"dev-code":      {Type: "text", Autocomplete: "off", Code: true, Plain: true},
}

// On some pages a field has a plainer or a more exact name.
var (
	firstPassword   = map[string]string{"new-password": "field.password"}
	currentPassword = map[string]string{"password": "passwordpage.current"}
)

func (s *scene) label(id string) string {
	key := s.sheet.labels[id]
	if key == "" {
		key = "field." + id
	}
	text, err := s.T(key)
	if err != nil {
		return id
	}
	return text
}

// Input is the field called id. Secrets never get a value back.
func (s *scene) Input(id string, value string) input {
	in := inputs[id]
	in.ID, in.Label = id, s.label(id)
	if in.Type == "password" {
		value = ""
		in.Show, _ = s.T("field.show")
		in.Hide, _ = s.T("field.hide")
	}
	in.Value = value
	if p := s.Problem(); p != nil {
		for _, f := range p.Fields {
			if f.ID == id {
				in.Error, in.Said = f.Text, f.Text == p.Text
			}
		}
	}
	return in
}

// With gives in a hint.
func (in input) With(hint string) input { in.Hint = hint; return in }

// Unless is in as it may be left empty when that is so.
func (in input) Unless(so bool) input { in.Optional = so; return in }

// Called gives in another label.
func (in input) Called(label string) input { in.Label = label; return in }

// Fixed is in as it cannot be changed here.
func (in input) Fixed() input { in.Locked = true; return in }

// As gives in another autocomplete token.
func (in input) As(token string) input { in.Autocomplete = token; return in }

// Spelled is in for a code of letters that no message carries.
func (in input) Spelled() input {
	in.Mode, in.Autocomplete = "", "off"
	return in
}

// Typed is in for the code of an app or a recovery code, which has letters.
func (in input) Typed(hint string) input {
	in.Mode, in.Hint = "", hint
	return in
}

// AtLeast tells password managers, and the bar that fills while typing, how
// long a new password is.
func (in input) AtLeast(length int) input {
	in.Rules = fmt.Sprintf("minlength: %d; maxlength: 4096;", length)
	in.Least = length
	return in
}

// First puts the cursor into in, unless there is a problem to read first.
func (s *scene) First(in input) input {
	in.Focus = s.Problem() == nil
	return in
}

// DescribedBy is the value of aria-describedby.
func (in input) DescribedBy() string {
	var ids []string
	if in.Error != "" {
		ids = append(ids, in.ID+"-error")
	}
	if in.Hint != "" {
		ids = append(ids, in.ID+"-hint")
	}
	return strings.Join(ids, " ")
}
