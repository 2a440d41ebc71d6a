package federation

// Vouched is somebody whom a service has vouched for just now, and whose link was
// found. The flow federate makes it of what came back; nothing in it is taken from
// a request.
type Vouched struct {
	Link      LinkID
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
		if value == p.ACR {
			return 2
		}
		for _, method := range p.AMR {
			if value == method {
				return 2
			}
		}
	}
	return 1
}

// Owns are the fields of a profile that p tells and that the connection keeps up to
// date: those that the mapping does not name as taken once.
func (c Connection) Owns(p Person) (fields []string) {
	for _, f := range []struct{ name, told string }{{"name", p.Name}, {"locale", p.Locale}} {
		if f.told != "" && !contains(c.Settings.Mapping.Once, f.name) {
			fields = append(fields, f.name)
		}
	}
	return fields
}

func contains(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}
