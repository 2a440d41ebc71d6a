package upstream

import (
	"crypto/sha256"
	"strings"
)

// claims are those of an ID token, as the service has them.
func (s *Service) claims(g grant, access string) map[string]any {
	now, p := s.Now().Unix(), g.person
	sum := sha256.Sum256([]byte(access))
	verified := p.Verified && !s.has(Unverified)
	c := map[string]any{
		"iss": s.URL, "aud": ClientID, "sub": p.Subject, "iat": now, "exp": now + 3600, "nonce": g.nonce, "at_hash": b64(sum[:16]),
	}
	switch s.Kind {
	case Google:
		c["azp"], c["email"], c["email_verified"] = ClientID, p.Email, verified
		c["name"], c["picture"], c["given_name"], c["family_name"] = p.Name, "https://lh3.googleusercontent.com/a/x=s96-c", p.Given, p.Family
		if p.HostedDomain != "" {
			c["hd"] = p.HostedDomain
		}
	case Microsoft:
		s.microsoft(c, p)
	case Apple:
		delete(c, "at_hash")
		c["nonce_supported"], c["auth_time"], c["email"] = true, now, p.Email
		c["email_verified"] = map[bool]string{true: "true", false: "false"}[verified] // a text, as Apple wrote it for years
		if p.PrivateEmail {
			c["is_private_email"] = "true"
		}
	case GitLab:
		c["auth_time"], c["sub_legacy"], c["groups_direct"] = now-60, "0123", p.Groups
		c["name"], c["email"], c["email_verified"] = p.Name, p.Email, verified
	default:
		c["sid"] = "session-of-" + p.Subject
	}
	if g.authTime && s.Kind == OIDC {
		c["auth_time"] = now
	}
	return c
}

func (s *Service) microsoft(c map[string]any, p Person) {
	tenant := p.Tenant
	if tenant == "" {
		tenant = Tenant
	}
	delete(c, "at_hash")
	c["ver"], c["iss"], c["tid"], c["nbf"] = "2.0", s.URL+"/"+tenant+"/v2.0", tenant, c["iat"]
	c["oid"], c["preferred_username"], c["name"], c["email"], c["aio"] = "00000000-0000-0000-66f3-3332eca7ea81", p.Email, p.Name, p.Email, "Df2UVXL1ix!lMCWMSOJBcFatzcGfvFGhjKv8q5g0x732dR5MB5BisvGQO7YWByjd8iQDLq!eGbIDakyp5mnOrcdqHeYSnltepQmRp6AIZ8jY"
	if p.DomainVerified {
		c["xms_edov"] = true
	}
}

// spoil is what the faults do to the claims.
func (s *Service) spoil(c map[string]any, g grant) {
	now := s.Now().Unix()
	for fault, do := range map[Fault]func(){
		WrongAudience:  func() { c["aud"] = "another-client" },
		SecondAudience: func() { c["aud"], c["azp"] = []string{ClientID, "another-client"}, ClientID },
		WrongParty:     func() { c["azp"] = "another-client" },
		WrongIssuer:    func() { c["iss"] = "https://accounts.example.com" },
		Expired:        func() { c["iat"], c["exp"] = now-7200, now-3600 },
		NotYet:         func() { c["nbf"] = now + 3600 },
		FromTheFuture:  func() { c["iat"], c["exp"] = now+3600, now+7200 },
		NoExpiry:       func() { delete(c, "exp") },
		OtherNonce:     func() { c["nonce"] = s.otherNonce(g.nonce) },
		NoNonce:        func() { delete(c, "nonce") },
		OtherHash:      func() { c["at_hash"] = b64(make([]byte, 16)) },
		NoAuthTime:     func() { delete(c, "auth_time") },
		OldAuthTime:    func() { c["auth_time"] = now - 86400 },
		NoSubject:      func() { delete(c, "sub") },
		LongSubject:    func() { c["sub"] = strings.Repeat("x", 256) },
		HugeToken:      func() { c["filler"] = strings.Repeat("x", 20000) },
	} {
		if s.has(fault) {
			do()
		}
	}
}

// otherNonce is that of an earlier attempt, which somebody replays.
func (s *Service) otherNonce(now string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.nonces {
		if one != now {
			return one
		}
	}
	return "other-" + now
}
