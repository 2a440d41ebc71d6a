package federation

import (
	"slices"

	"github.com/mortise-auth/mortise/internal/user"
)

// Vouched is somebody whom a service has vouched for just now, and whose link was
// found. The flow federate makes it of what came back; nothing in it is taken from
// a request.
type Vouched struct {
	Link      LinkID
	Owner     user.ID // of the link
	Person    Person
	Tokens    Sealed   // nil unless kept
	Owns      []string // fields of the profile that come from there
	Assurance int      // 2: the connection counts what they did over there as two factors; else 1
	Anew      bool     // they proved themselves over there because we asked for it
}

// Assurance is what p's sign-in over there counts as here: 1, unless the connection
// names an acr or amr of theirs that counts as two factors.
func (c Connection) Assurance(p Person) int {
	for _, value := range c.Settings.Strong {
		if value == p.ACR || slices.Contains(p.AMR, value) {
			return 2
		}
	}
	return 1
}

// ProvesAnew reports whether the service proves people anew when we ask for it, and
// says so in what it signs. Where it could not say, an open browser over there is no proof.
func (c Connection) ProvesAnew() bool { return c.Settings.PassOn && c.Kind.Preset().Freshness }

// Owns are the fields of a profile that p tells and that the connection keeps up to
// date: those that the mapping does not name as taken once. Apple tells a name only
// once, and a language is a person's own unless the mapping asks for it.
func (c Connection) Owns(p Person) (fields []string) {
	once := c.Settings.Mapping.Once
	if p.Name != "" && c.Kind != Apple && !slices.Contains(once, FieldName) {
		fields = append(fields, FieldName)
	}
	if _, asked := c.Settings.Mapping.Fields[FieldLocale]; asked && p.Locale != "" && !slices.Contains(once, FieldLocale) {
		fields = append(fields, FieldLocale)
	}
	return fields
}
