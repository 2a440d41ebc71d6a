package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
)

func (p *program) databaseCommand() *cobra.Command {
	return p.group("db", "Look at the database and bring it up to date", [2]string{
		"mortise db status",
		"mortise db migrate --print",
	}, p.databaseStatus(), p.databaseMigrate())
}

func (p *program) databaseStatus() *cobra.Command {
	return p.command(verb{
		use: "status", short: "Show the version of the schema and what is missing",
		examples: [2]string{"mortise db status", "mortise db status --json"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			l, err := p.loaded(cmd)
			if err != nil {
				return err
			}
			if err := dataExists(l.Settings); err != nil {
				return err
			}
			s, err := p.backend.Schema(ctx, l.Settings)
			if err != nil {
				return err
			}
			return p.print.Value(s)
		},
	})
}

func (p *program) databaseMigrate() *cobra.Command {
	var show bool
	cmd := p.command(verb{
		use: "migrate", short: "Bring the database to the newest schema; serve does it by itself",
		examples: [2]string{"mortise db migrate", "mortise db migrate --print > migrations.sql"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			l, err := p.loaded(cmd)
			if err != nil {
				return err
			}
			if err := dataExists(l.Settings); err != nil {
				return err
			}
			if show {
				all, err := p.backend.Migrations(ctx, l.Settings)
				if err != nil {
					return err
				}
				return p.printMigrations(all)
			}
			s, err := p.backend.Migrate(ctx, l.Settings)
			if err != nil {
				return err
			}
			return p.print.Value(s)
		},
	})
	cmd.Flags().BoolVar(&show, "print", false, "print the SQL that would run and change nothing")
	return cmd
}

// printMigrations prints SQL; with --json, one object a migration.
func (p *program) printMigrations(all []Migration) error {
	if p.global.json || p.global.yaml {
		rows := make([]json.RawMessage, 0, len(all))
		for _, m := range all {
			row, err := json.Marshal(m)
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		return p.print.List(rows, []string{"version", "name", "sql"}, nil)
	}
	for _, m := range all {
		if err := p.print.Text(fmt.Sprintf("-- %d %s\n%s\n", m.Version, m.Name, m.SQL)); err != nil {
			return err
		}
	}
	return nil
}
