package federation

import (
	"strings"

	"github.com/mortise-auth/mortise/internal/federate"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// trial shows who somebody would be here.
func trial(out federate.Outcome) page.Trial {
	p := out.Person
	v := page.Trial{Label: out.Connection.Title(), Email: p.Email, Counts: p.Verified, Subject: p.Subject}
	for _, line := range []page.TrialLine{
		{Field: "issuer", Value: p.Issuer},
		{Field: "name", Value: p.Name},
		{Field: "given_name", Value: p.GivenName},
		{Field: "family_name", Value: p.FamilyName},
		{Field: "locale", Value: p.Locale},
		{Field: "picture", Value: p.Picture},
		{Field: "groups", Value: strings.Join(p.Groups, ", ")},
		{Field: "roles", Value: strings.Join(p.Roles, ", ")},
		{Field: "acr", Value: p.ACR},
		{Field: "amr", Value: strings.Join(p.AMR, ", ")},
	} {
		if line.Value != "" {
			v.Lines = append(v.Lines, line)
		}
	}
	return v
}
