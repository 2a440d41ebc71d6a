package client

import "slices"

// exchange checks what is said of token exchange (OA-62): nothing is allowed that
// was not spelled out, and nobody but a client that proves who it is.
func (c Client) exchange() error {
	for _, list := range []struct {
		pointer     string
		given, know []string
	}{
		{"/exchange_subjects", c.ExchangeSubjects, []string{OwnSubjects, ReceivedSubjects}},
		{"/exchange_modes", c.ExchangeModes, []string{Delegation, Impersonation}},
	} {
		for _, one := range list.given {
			if !slices.Contains(list.know, one) {
				return named(ErrMetadata, list.pointer, "There is no "+quoted(one)+" here.")
			}
		}
	}
	if len(c.ExchangeAudiences) > maxList {
		return ErrTooMany
	}
	registered := slices.Contains(c.Grants, GrantExchange)
	switch all := len(c.ExchangeSubjects) > 0 && len(c.ExchangeAudiences) > 0 && len(c.ExchangeModes) > 0; {
	case registered && c.Public():
		return named(ErrBadGrants, "/grant_types", "A public client cannot exchange tokens: anybody could.")
	case registered && !all:
		return named(ErrMetadata, "/exchange_subjects", "Token exchange needs to be told whose tokens, for which APIs and as whom: exchange_subjects, exchange_audiences, exchange_modes.")
	}
	return nil
}
