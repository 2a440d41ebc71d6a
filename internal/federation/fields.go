package federation

// Fields of ours that claims are mapped to.
const (
	FieldSubject       = "subject"
	FieldEmail         = "email"
	FieldEmailVerified = "email_verified"
	FieldName          = "name"
	FieldGivenName     = "given_name"
	FieldFamilyName    = "family_name"
	FieldLocale        = "locale"
	FieldPicture       = "picture"
	FieldGroups        = "groups"
)

var fields = []string{
	FieldSubject, FieldEmail, FieldEmailVerified, FieldName, FieldGivenName, FieldFamilyName, FieldLocale, FieldPicture, FieldGroups,
}
