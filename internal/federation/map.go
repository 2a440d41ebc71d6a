package federation

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mortise-auth/mortise/internal/user"
)

// Bounds of what is taken of a statement.
const (
	MaxSubject = 255
	maxGroup   = 256
	maxGroups  = 1000
	maxPicture = 2048
)

// Person is what s says in our terms, by the connection's mapping.
//
// ErrStatement: the subject is none, or the groups are more than can be read, so
// that roles would be wrong. Any other claim of a wrong type, length or form is left
// out, and the person comes without it. An address counts (Verified) only when the
// service says that it checked it and may vouch for its domain: see Trusts.
func (c Connection) Person(s Statement) (Person, error) {
	if !isSubject(s.Subject) || s.Issuer == "" {
		return Person{}, ErrStatement.Becausef("no usable subject")
	}
	groups, err := groupsOf(c.claim(s, FieldGroups))
	if err != nil {
		return Person{}, err
	}
	p := Person{
		Connection: c.ID, Issuer: s.Issuer, Subject: s.Subject,
		Name: c.name(s, FieldName), GivenName: c.name(s, FieldGivenName), FamilyName: c.name(s, FieldFamilyName),
		Locale: c.locale(s), Picture: c.picture(s), Groups: groups, Roles: c.Settings.Mapping.roles(groups),
		AuthTime: s.AuthTime, ACR: s.ACR, AMR: s.AMR, Session: s.Session, Tokens: s.Tokens,
	}
	if p.Name == "" {
		p.Name = cleanName(strings.TrimSpace(p.GivenName + " " + p.FamilyName))
	}
	p.Email, p.Verified = c.email(s)
	return p, nil
}

func (c Connection) claim(s Statement, field string) any {
	path := c.Field(field)
	if path == "" {
		return nil
	}
	v, _ := Look(s.Claims, path)
	return v
}

func (c Connection) text(s Statement, field string) string {
	text, _ := c.claim(s, field).(string)
	return text
}

func (c Connection) email(s Statement) (address string, verified bool) {
	address, key, err := user.ParseEmail(c.text(s, FieldEmail))
	if err != nil {
		return "", false
	}
	_, domain, _ := strings.Cut(key, "@")
	return address, c.checked(s) && c.Trusts(domain, s)
}

// checked reports whether the service says that it checked the address. Microsoft
// never does: there Trusts asks for more. An address from another claim than usual
// needs to be told from which one it is known to be checked.
func (c Connection) checked(s Statement) bool {
	if c.Kind == Microsoft {
		return true
	}
	fields := c.Settings.Mapping.Fields
	if fields[FieldEmail] != "" && fields[FieldEmailVerified] == "" && c.Field(FieldEmail) != c.Kind.Preset().Fields[FieldEmail] {
		return false
	}
	return truth(c.claim(s, FieldEmailVerified))
}

func (c Connection) name(s Statement, field string) string { return cleanName(c.text(s, field)) }

func cleanName(text string) string {
	name, err := user.CleanName(text)
	if err != nil {
		return ""
	}
	return name
}

func (c Connection) locale(s Statement) string {
	p, err := user.Profile{Locale: strings.ReplaceAll(c.text(s, FieldLocale), "_", "-")}.Clean()
	if err != nil {
		return ""
	}
	return p.Locale
}

func (c Connection) picture(s Statement) string {
	text := c.text(s, FieldPicture)
	u, err := url.Parse(text)
	if err != nil || len(text) > maxPicture || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	return u.String()
}

// groupsOf takes a list of names, or one name. What is in the list and no name is
// left out.
func groupsOf(v any) ([]string, error) {
	var list []any
	switch v := v.(type) {
	case string:
		list = []any{v}
	case []any:
		list = v
	}
	if len(list) > maxGroups {
		return nil, ErrStatement.Becausef("%d groups", len(list))
	}
	var groups []string
	for _, one := range list {
		if name, ok := one.(string); ok && isLine(name, maxGroup) {
			groups = append(groups, name)
		}
	}
	slices.Sort(groups)
	return slices.Compact(groups), nil
}

// roles are ours for some groups, each once and in order.
func (m Mapping) roles(groups []string) []string {
	var roles []string
	for _, group := range groups {
		roles = append(roles, m.Roles[group]...)
	}
	slices.Sort(roles)
	return slices.Compact(roles)
}

// SubjectOf reads a subject that a service writes as a text or a whole number.
func SubjectOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		if strings.Trim(string(v), "0123456789") == "" {
			return string(v)
		}
	}
	return ""
}

func isSubject(s string) bool { return isLine(s, MaxSubject) }

// isLine reports whether s is one line of visible text.
func isLine(s string, most int) bool {
	if s == "" || len(s) > most || !utf8.ValidString(s) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError })
}
