package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"
)

var userColumns = []string{"id", "email", "name", "state", "roles", "created_at"}

func (p *program) usersCommand() *cobra.Command {
	return p.group("users", "Create, find, change and remove people", [2]string{
		"mortise users list --filter state=suspended",
		"mortise users recovery-link ada@example.org",
	},
		p.usersList(), p.usersGet(), p.usersCreate(), p.usersUpdate(),
		p.userAct("disable", "Suspend a person and end their sessions"),
		p.userAct("enable", "Let a suspended person in again"),
		p.usersDelete(), p.usersRecoveryLink(), p.usersSessions(), p.usersEndSessions(),
		p.usersGrants(), p.usersRevokeGrant(), p.usersConsents(), p.usersWithdraw(),
		p.usersRoles(), p.usersExport(), p.usersEvents(), p.usersFactors(), p.usersDevices(), p.usersLinks(), p.usersRecovery(), p.usersPromote(),
	)
}

func (p *program) usersList() *cobra.Command {
	return addQuery(p.command(verb{
		use: "list", aliases: []string{"ls"}, short: "List people",
		examples: [2]string{"mortise users list --all --columns email,roles", "mortise users list --filter email~@example.org --json"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.list(newAct(http.MethodGet, "users"), userColumns...) })
		},
	}))
}

func (p *program) usersGet() *cobra.Command {
	return addAs(p.command(verb{
		use: "get USER", short: "Show one person, by id or e-mail",
		examples: [2]string{"mortise users get ada@example.org", "mortise users get usr_01jd4n3e5fezqrb2mcvkzx9p0h --yaml"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.object(newAct(http.MethodGet, "users", args[0])) })
		},
	}))
}

// newUser is the body of POST /users.
type newUser struct {
	Email         string   `json:"email"`
	Name          string   `json:"name,omitempty"`
	Password      string   `json:"password,omitempty"`
	EmailVerified bool     `json:"email_verified,omitempty"`
	Roles         []string `json:"roles,omitempty"`
}

func (p *program) usersCreate() *cobra.Command {
	var u newUser
	cmd := addPassword(addAs(p.command(verb{
		use: "create EMAIL", short: "Create a person",
		long:     "Without a password, send them the link of: mortise users recovery-link EMAIL",
		examples: [2]string{"mortise users create ada@example.org --name 'Ada Lovelace' --role admin --email-verified", "mortise users create ben@example.org --password-stdin < password.txt"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			u.Email = args[0]
			return p.createUser(ctx, cmd, u)
		},
	})))
	cmd.Flags().StringVar(&u.Name, "name", "", "what to call them")
	cmd.Flags().StringSliceVar(&u.Roles, "role", nil, "a role to give; may be repeated")
	cmd.Flags().BoolVar(&u.EmailVerified, "email-verified", false, "you know that the address is theirs")
	return cmd
}

func (p *program) createUser(ctx context.Context, cmd *cobra.Command, u newUser) error {
	as, err := asFlag(cmd)
	if err != nil {
		return err
	}
	if as != "" {
		u.Password = placeholder(cmd)
	} else if u.Password, err = p.password(cmd); err != nil {
		return err
	}
	a, err := newAct(http.MethodPost, "users").with(u)
	if err != nil {
		return err
	}
	return p.api(ctx, cmd, func(s *session) error { return s.object(a, userColumns...) })
}

func (p *program) usersUpdate() *cobra.Command {
	cmd := addAs(p.command(verb{
		use: "update USER", short: "Change a person's name, language or time zone",
		examples: [2]string{"mortise users update ada@example.org --name 'Ada King'", "mortise users update ada@example.org --locale de --time-zone Europe/Berlin"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			body := given(cmd, map[string]string{"name": "name", "locale": "locale", "time-zone": "time_zone"})
			if len(body) == 0 {
				return usage("nothing to change: give --name, --locale or --time-zone")
			}
			a, err := newAct(http.MethodPatch, "users", args[0]).with(body)
			if err != nil {
				return err
			}
			return p.api(ctx, cmd, func(s *session) error { return s.object(a, userColumns...) })
		},
	}))
	cmd.Flags().String("name", "", "what to call them; empty: nothing")
	cmd.Flags().String("locale", "", "language, such as de or pt-BR; empty: as their browser asks")
	cmd.Flags().String("time-zone", "", "such as Europe/Berlin; empty: UTC")
	return cmd
}

// given collects the text flags somebody gave, by the names the API has for them.
func given(cmd *cobra.Command, names map[string]string) map[string]any {
	body := map[string]any{}
	for flag, member := range names {
		if cmd.Flags().Changed(flag) {
			body[member], _ = cmd.Flags().GetString(flag)
		}
	}
	return body
}

// userAct is a verb that is one POST below a person.
func (p *program) userAct(name, short string) *cobra.Command {
	return addAs(p.command(verb{
		use: name + " USER", short: short,
		examples: [2]string{"mortise users " + name + " ada@example.org", "mortise users " + name + " ada@example.org --as curl"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				return s.object(newAct(http.MethodPost, "users", args[0], name), userColumns...)
			})
		},
	}))
}

func (p *program) usersRecoveryLink() *cobra.Command {
	return addAs(p.command(verb{
		use: "recovery-link USER", short: "Make a one-time link that lets a person back in, on the host",
		long: "Whoever opens it sets a new password or, where the account asks for more, a new second\n" +
			"step or passkey in the place of what is lost. Hand it over in a way you trust: it is printed once, kept\n" +
			"nowhere, and good for an hour. Every address of the account is told.",
		examples: [2]string{"mortise users recovery-link ada@example.org", "mortise users recovery-link ada@example.org --quiet"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				return s.object(newAct(http.MethodPost, "users", args[0], "recovery-link"), "url", "code", "expires_at")
			})
		},
	}))
}

func (p *program) usersDelete() *cobra.Command {
	return addYes(p.command(verb{
		use: "delete USER", aliases: []string{"rm"}, short: "Delete a person",
		examples: [2]string{"mortise users delete ada@example.org", "mortise users delete ada@example.org --yes"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				if err := s.confirmUser("deletes the account and its sessions", args[0]); err != nil {
					return err
				}
				return s.object(newAct(http.MethodDelete, "users", args[0]), userColumns...)
			})
		},
	}))
}

// confirmUser asks before something happens to a person, with what it touches.
func (s *session) confirmUser(what, id string) error {
	if yes, _ := s.cmd.Flags().GetBool("yes"); yes || s.as != "" {
		return nil
	}
	data, err := s.do(newAct(http.MethodGet, "users", id))
	if err != nil {
		return err
	}
	var u struct{ ID, Email, Name, State string }
	if err := json.Unmarshal(data, &u); err != nil {
		return err
	}
	sessions, err := s.page(newAct(http.MethodGet, "users", id, "sessions"), "", 200)
	if err != nil {
		return err
	}
	return s.confirm(
		"this "+what+":",
		fmt.Sprintf("%s  %s  %s  %s", u.ID, u.Email, u.Name, u.State),
		fmt.Sprintf("live sessions: %s", atLeast(len(sessions.Data), sessions.HasMore)),
	)
}

func atLeast(n int, more bool) string {
	if more {
		return fmt.Sprintf("more than %d", n)
	}
	return fmt.Sprint(n)
}

func (p *program) usersSessions() *cobra.Command {
	return addQuery(p.command(verb{
		use: "sessions USER", short: "List the live sessions of a person",
		examples: [2]string{"mortise users sessions ada@example.org", "mortise users sessions ada@example.org --json"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				return s.list(newAct(http.MethodGet, "users", args[0], "sessions"), "id", "device", "ip", "place", "created_at", "last_seen_at")
			})
		},
	}))
}

func (p *program) usersEndSessions() *cobra.Command {
	return addYes(p.command(verb{
		use: "end-sessions USER [SESSION]", short: "End one session of a person, or all",
		examples: [2]string{"mortise users end-sessions ada@example.org --yes", "mortise users end-sessions ada@example.org ses_01jd4n3e5fezqrb2mcvkzx9p0h"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				if len(args) == 2 {
					return s.object(newAct(http.MethodDelete, "users", args[0], "sessions", args[1]))
				}
				if err := s.confirmUser("ends every session of the account", args[0]); err != nil {
					return err
				}
				return s.object(newAct(http.MethodPost, "users", args[0], "end-sessions"))
			})
		},
	}))
}

func (p *program) usersGrants() *cobra.Command {
	return addQuery(p.command(verb{
		use: "grants USER", short: "List the apps that act for a person, by sign-in",
		examples: [2]string{"mortise users grants ada@example.org", "mortise users grants ada@example.org --filter client_id=web --json"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				return s.list(newAct(http.MethodGet, "users", args[0], "grants"), "id", "client_id", "app", "session", "created_at", "last_used_at", "expires_at")
			})
		},
	}))
}

func (p *program) usersRevokeGrant() *cobra.Command {
	return addAs(p.command(verb{
		use: "revoke-grant USER GRANT", short: "Sign an app of a person out, with its tokens",
		long:     "The refresh token is dead at once, and every access token minted from it within a second.",
		examples: [2]string{"mortise users revoke-grant ada@example.org grt_5zqrb2mcvkzx9p0h01jd4n3e5f", "mortise users revoke-grant ada@example.org grt_5zqrb2mcvkzx9p0h01jd4n3e5f --as curl"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				return s.object(newAct(http.MethodDelete, "users", args[0], "grants", args[1]))
			})
		},
	}))
}

func (p *program) usersConsents() *cobra.Command {
	return addQuery(p.command(verb{
		use: "consents USER", short: "List what a person allowed apps to do",
		examples: [2]string{"mortise users consents ada@example.org", "mortise users consents ada@example.org --filter client_id=web --json"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				return s.list(newAct(http.MethodGet, "users", args[0], "consents"), "client_id", "app", "created_at", "updated_at", "last_used_at")
			})
		},
	}))
}

func (p *program) usersWithdraw() *cobra.Command {
	return addAs(p.command(verb{
		use: "withdraw USER CLIENT", short: "Take back what a person allowed an app to do",
		long:     "The app's grants of that person end with it, refresh tokens at once and access tokens within a second. It has to ask again.",
		examples: [2]string{"mortise users withdraw ada@example.org web", "mortise users withdraw ada@example.org web --as curl"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				return s.object(newAct(http.MethodDelete, "users", args[0], "consents", args[1]))
			})
		},
	}))
}

func (p *program) usersRoles() *cobra.Command {
	return addAs(p.command(verb{
		use: "roles USER [ROLES]", short: "Show or set the roles of a person",
		long:     "ROLES are all roles they shall have, between commas; '' takes every role away.",
		examples: [2]string{"mortise users roles ada@example.org", "mortise users roles ada@example.org admin,editor"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				if len(args) == 1 {
					return s.object(newAct(http.MethodGet, "users", args[0]), "roles")
				}
				a, err := newAct(http.MethodPut, "users", args[0], "roles").with(map[string]any{"roles": commas(args[1])})
				if err != nil {
					return err
				}
				return s.object(a, userColumns...)
			})
		},
	}))
}

func (p *program) usersExport() *cobra.Command {
	return addAs(p.command(verb{
		use: "export USER", short: "Print everything kept about a person, as JSON",
		examples: [2]string{"mortise users export ada@example.org --json > ada.json", "mortise users export ada@example.org --yaml"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.object(newAct(http.MethodGet, "users", args[0], "export")) })
		},
	}))
}

func (p *program) usersEvents() *cobra.Command {
	return addQuery(p.command(verb{
		use: "events USER", short: "List what happened to an account, newest first",
		examples: [2]string{"mortise users events ada@example.org", "mortise users events ada@example.org --filter name~password --json"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				return s.list(newAct(http.MethodGet, "users", args[0], "events"), "id", "at", "name", "outcome", "ip")
			})
		},
	}))
}
