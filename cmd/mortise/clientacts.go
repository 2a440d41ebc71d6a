package main

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

func (p *program) clientsRotate() *cobra.Command {
	cmd := addYes(p.command(verb{
		use: "rotate-secret CLIENT_ID", short: "Give a client a new secret",
		long: "The new secret is printed once and kept nowhere. The one before opens for --keep longer, so that the\n" +
			"program can be changed over. When somebody else may have it, say --compromised: it stops at once,\n" +
			"and every token of the client is dead.",
		examples: [2]string{"mortise clients rotate-secret web --keep 1h", "mortise clients rotate-secret web --compromised"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			body := map[string]any{}
			compromised, _ := cmd.Flags().GetBool("compromised")
			if cmd.Flags().Changed("keep") {
				keep, _ := cmd.Flags().GetDuration("keep")
				body["keep_former"] = int64(keep / time.Second)
			}
			if compromised {
				body["compromised"] = true
			}
			a, err := newAct(http.MethodPost, "clients", args[0], "rotate-secret").with(body)
			if err != nil {
				return err
			}
			return p.api(ctx, cmd, func(s *session) error {
				if compromised {
					if err := s.confirm("this ends every token of the client "+args[0], "its secrets stop working at once"); err != nil {
						return err
					}
				}
				return s.secretOnce(a)
			})
		},
	}))
	cmd.Flags().Duration("keep", 24*time.Hour, "how long the secret before opens; 0: not at all")
	cmd.Flags().Bool("compromised", false, "somebody else may have the secret")
	return cmd
}

func (p *program) clientsDisable() *cobra.Command {
	return addYes(p.command(verb{
		use: "disable CLIENT_ID", short: "Disable a client and end its tokens",
		examples: [2]string{"mortise clients disable web", "mortise clients disable web --yes"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				if err := s.confirm("this ends every token of the client "+args[0], "nobody can sign in through it until: mortise clients enable "+args[0]); err != nil {
					return err
				}
				return s.object(newAct(http.MethodPost, "clients", args[0], "disable"), clientColumns...)
			})
		},
	}))
}

func (p *program) clientsEnable() *cobra.Command {
	return addAs(p.command(verb{
		use: "enable CLIENT_ID", short: "Enable a disabled client",
		examples: [2]string{"mortise clients enable web", "mortise clients enable web --as curl"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				return s.object(newAct(http.MethodPost, "clients", args[0], "enable"), clientColumns...)
			})
		},
	}))
}

func (p *program) clientsDelete() *cobra.Command {
	return addYes(p.command(verb{
		use: "delete CLIENT_ID", aliases: []string{"rm"}, short: "Delete a client and end its tokens",
		examples: [2]string{"mortise clients delete web", "mortise clients delete web --yes"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				if err := s.confirmClient(args[0]); err != nil {
					return err
				}
				return s.object(newAct(http.MethodDelete, "clients", args[0]))
			})
		},
	}))
}

// confirmClient shows which client is about to go, and whether it is in use.
func (s *session) confirmClient(id string) error {
	if yes, _ := s.cmd.Flags().GetBool("yes"); yes || s.as != "" {
		return nil
	}
	data, err := s.do(newAct(http.MethodGet, "clients", id))
	if err != nil {
		return err
	}
	var c struct {
		Name     string `json:"client_name"`
		LastUsed string `json:"last_used_at"`
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return err
	}
	if c.LastUsed == "" {
		c.LastUsed = "never"
	}
	return s.confirm("this deletes the client "+id+", "+c.Name, "it authenticated last: "+c.LastUsed, "every token of it ends")
}
