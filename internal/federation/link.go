package federation

// Bounds of what is kept of what a service tells, in octets.
const (
	maxIssuer  = 1024
	maxSubject = 255
	maxSession = 255
)

// Check is ErrStatement when l has no issuer or subject, or one that is too long.
func (l Link) Check() error {
	switch {
	case l.Issuer == "" || len(l.Issuer) > maxIssuer:
		return ErrStatement.Becausef("an issuer of %d octets", len(l.Issuer))
	case l.Subject == "" || len(l.Subject) > maxSubject:
		return ErrStatement.Becausef("a subject of %d octets", len(l.Subject))
	case len(l.Session) > maxSession:
		return ErrStatement.Becausef("a session id of %d octets", len(l.Session))
	}
	return nil
}
