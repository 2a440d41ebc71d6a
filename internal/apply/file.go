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
	Users         []User         `json:"users,omitempty"`
	Sites         []Site         `json:"sites,omitempty"`
}

// Role is a wanted role.
type Role struct {
	Name        string   `json:"name"`
	Permissions []string `json:"permissions"`
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
	return len(f.Roles) == 0 && len(f.Organizations) == 0 && len(f.Users) == 0 && len(f.Sites) == 0
}

// Body encodes f with its passwords revealed, for the one request that carries
// them. Everything else that encodes a File prints them as [redacted].
func (f File) Body() ([]byte, error) {
	type open struct {
		User
		Password string `json:"password,omitempty"`
	}
	body := struct {
		File
		Users []open `json:"users,omitempty"`
	}{File: f}
	for _, u := range f.Users {
		body.Users = append(body.Users, open{User: u, Password: u.Password.Reveal()})
	}
	return json.Marshal(body)
}
