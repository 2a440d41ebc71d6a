package apply

import (
	"encoding/json"

	"github.com/mortise-auth/mortise/internal/secret"
)

// File is the wanted state: the body of POST /api/v1/apply. In every resource a
// nil list or an empty text means: leave it as it is.
type File struct {
	Roles         []Role         `json:"roles,omitempty"`
	Organizations []Organization `json:"organizations,omitempty"`
	Scopes        []Scope        `json:"scopes,omitempty"`
	Resources     []Resource     `json:"resources,omitempty"`
	Clients       []Client       `json:"clients,omitempty"`
	Users         []User         `json:"users,omitempty"`
	Sites         []Site         `json:"sites,omitempty"`
	Policy        *Policy        `json:"sign_in_policy,omitempty"`
	Connections   []Connection   `json:"connections,omitempty"`
}

// Policy is what is asked of every sign-in. What is left out stays.
type Policy struct {
	Assurance    *int `json:"assurance,omitempty"`     // 1 or 2
	GraceDays    *int `json:"grace_days,omitempty"`    // to set up a second factor
	RememberDays *int `json:"remember_days,omitempty"` // 0: no device is remembered
}

// Role is a wanted role.
type Role struct {
	Name        string   `json:"name"`
	Permissions []string `json:"permissions"`
	Assurance   *int     `json:"assurance,omitempty"` // asked of who holds it; 0: nothing
}

// Organization is a wanted organisation.
type Organization struct {
	Slug    string   `json:"slug"`
	Name    string   `json:"name,omitempty"`
	Domains []string `json:"domains"`
}

// User is a wanted account.
type User struct {
	Email         string       `json:"email"`
	Name          string       `json:"name,omitempty"`
	Password      secret.Text  `json:"password,omitzero"` // only at creation
	EmailVerified bool         `json:"email_verified,omitempty"`
	Roles         []string     `json:"roles"`
	Organizations []Membership `json:"organizations"`
}

// Membership is a wanted place in an organisation.
type Membership struct {
	Slug  string   `json:"slug"`
	Roles []string `json:"roles"`
}

// Empty reports whether f wants nothing.
func (f File) Empty() bool {
	return len(f.Roles)+len(f.Organizations)+len(f.Scopes)+len(f.Resources)+len(f.Clients)+len(f.Users)+len(f.Sites)+len(f.Connections) == 0 && f.Policy == nil
}

// Body encodes f with its passwords and client secrets revealed, for the one
// request that carries them. Everything else that encodes a File prints them as
// [redacted].
func (f File) Body() ([]byte, error) {
	type account struct {
		User
		Password string `json:"password,omitempty"`
	}
	type program struct {
		Client
		Secret string `json:"client_secret,omitempty"`
	}
	body := struct {
		File
		Clients  []program `json:"clients,omitempty"`
		Users    []account `json:"users,omitempty"`
		Services any       `json:"connections,omitempty"`
	}{File: f}
	if len(f.Connections) > 0 {
		body.Services = connectionBodies(f.Connections)
	}
	for _, c := range f.Clients {
		body.Clients = append(body.Clients, program{Client: c, Secret: c.Secret.Reveal()})
	}
	for _, u := range f.Users {
		body.Users = append(body.Users, account{User: u, Password: u.Password.Reveal()})
	}
	return json.Marshal(body)
}
