package federation

// Mapping says which claim becomes which field. Empty fields take what the kind
// tells by default.
type Mapping struct {
	// Fields from ours (subject, email, email_verified, name, given_name,
	// family_name, locale, picture, groups) to a path of claims, whose members are
	// separated by dots: {"name": "profile.display_name"}.
	Fields map[string]string `json:"fields,omitempty"`
	// Roles of ours for a group of theirs: {"engineers": ["editor"]}. They are given
	// and taken at each sign-in; roles that no rule names are left alone.
	Roles map[string][]string `json:"roles,omitempty"`
	// Once are fields that are taken when the account is made and are the person's
	// own afterwards. The others are theirs: read-only here, and brought up to date
	// at each sign-in.
	Once []string `json:"once,omitempty"`
}
