package main

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"
)

var keyColumns = []string{"kid", "use", "algorithm", "state", "created_at", "due_at"}

func (p *program) keysCommand() *cobra.Command {
	return p.group("keys", "Look after the keys that sign tokens and seal secrets", [2]string{
		"mortise keys list",
		"mortise keys rotate --alg ES256",
	}, p.keysList(), p.keysRotate(), p.keysRetire())
}

func (p *program) keysList() *cobra.Command {
	return addQuery(p.command(verb{
		use: "list", aliases: []string{"ls"}, short: "List signing keys, oldest first",
		examples: [2]string{"mortise keys list", "mortise keys list --filter state=current"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.list(newAct(http.MethodGet, "keys"), keyColumns...) })
		},
	}))
}

// rotation is what the flags of keys rotate say.
type rotation struct {
	Use       string `json:"use"`
	Algorithm string `json:"algorithm"`
	Emergency bool   `json:"emergency,omitempty"`
	master    bool
}

func (p *program) keysRotate() *cobra.Command {
	var r rotation
	cmd := p.command(verb{
		use: "rotate", short: "Replace a signing key, or finish a change of the master key",
		long: "The successor signs as soon as every verifier has had time to fetch it; due_at says when.\n" +
			"With --emergency it signs at once, and every other key of that use and algorithm is gone,\n" +
			"with all it signed; sessions stay. With --master, every data key is wrapped by the first\n" +
			"key of MORTISE_SECRET_KEY; the ones after it are then needed only by backups.",
		examples: [2]string{"mortise keys rotate --alg ES256", "mortise keys rotate --emergency --yes"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			if r.master && (r.Emergency || cmd.Flags().Changed("use") || cmd.Flags().Changed("alg")) {
				return usage("--master excludes --use, --alg and --emergency: it is about another key")
			}
			return p.api(ctx, cmd, func(s *session) error { return s.rotate(r) })
		},
	})
	f := cmd.Flags()
	f.StringVar(&r.Use, "use", "token", "what the key signs: token or feed")
	f.StringVar(&r.Algorithm, "alg", "EdDSA", "its algorithm: EdDSA, ES256, RS256 or PS256")
	f.BoolVar(&r.Emergency, "emergency", false, "the key is known to somebody else: end it now, with all it signed")
	f.BoolVar(&r.master, "master", false, "wrap every data key by the first master key")
	return addYes(cmd)
}

func (s *session) rotate(r rotation) error {
	if r.master {
		return s.object(newAct(http.MethodPost, "keys", "rotate-master"), "master_key", "rewrapped")
	}
	if r.Emergency {
		if err := s.confirm("this ends every "+r.Use+" key with "+r.Algorithm+" at once", "whatever they signed is refused from now on; sessions stay"); err != nil {
			return err
		}
	}
	a, err := newAct(http.MethodPost, "keys", "rotate").with(r)
	if err != nil {
		return err
	}
	return s.object(a, keyColumns...)
}

func (p *program) keysRetire() *cobra.Command {
	return addYes(p.command(verb{
		use: "retire KID", short: "End one signing key",
		long: "A key that signs gives way to its successor, if that is published for long enough, and goes on\n" +
			"to verify. Any other key is gone at once, with what it signed. A KID may begin with a hyphen:\n" +
			"put -- before it then.",
		examples: [2]string{"mortise keys retire 0Nf2yC0r3Yy1mJ8bL1kQ9w", "mortise keys retire 0Nf2yC0r3Yy1mJ8bL1kQ9w --yes"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				if err := s.confirm("this ends the key "+args[0], "unless it is the one that signs, whatever it signed is refused from now on"); err != nil {
					return err
				}
				return s.object(newAct(http.MethodPost, "keys", args[0], "retire"), keyColumns...)
			})
		},
	}))
}
