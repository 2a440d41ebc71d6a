package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/output"
	"github.com/mortise-auth/mortise/cmd/mortise/internal/settings"
)

func (p *program) configCommand() *cobra.Command {
	return p.group("config", "Look at the settings: what is in force, why, and what is wrong", [2]string{
		"mortise config show",
		"mortise config explain session.idle",
	}, p.configShow(), p.configValidate(), p.configExplain(), p.configSchema())
}

func (p *program) configShow() *cobra.Command {
	return p.command(verb{
		use: "show", short: "Show every setting in force and where it comes from, secrets masked",
		examples: [2]string{"mortise config show", "mortise config show --json"},
		run: func(_ context.Context, cmd *cobra.Command, _ []string) error {
			l, err := p.loaded(cmd)
			if err != nil {
				return err
			}
			rows := make([]json.RawMessage, 0, len(l.All))
			for _, s := range l.All {
				row, err := json.Marshal(struct {
					Key    string `json:"key"`
					Value  any    `json:"value"`
					Layer  string `json:"layer"`
					Source string `json:"source"`
				}{s.Key, s.Value, s.Origin.Layer, s.Origin.Source})
				if err != nil {
					return err
				}
				rows = append(rows, row)
			}
			return p.print.List(rows, []string{"key", "value", "layer", "source"}, nil)
		},
	})
}

func (p *program) configValidate() *cobra.Command {
	return p.command(verb{
		use: "validate", short: "Check the settings for mortise serve and touch nothing; exit 2 on a fault",
		examples: [2]string{"mortise config validate", "mortise config validate --config /etc/mortise/mortise.yaml"},
		run: func(_ context.Context, cmd *cobra.Command, _ []string) error {
			l, err := p.loaded(cmd)
			if err != nil {
				return err
			}
			if err := l.Settings.ForServe(); err != nil {
				return err
			}
			p.print.Words("the settings are valid")
			return p.print.Value(struct {
				Valid bool   `json:"valid"`
				File  string `json:"file"`
			}{true, l.File})
		},
	})
}

func (p *program) configExplain() *cobra.Command {
	cmd := p.command(verb{
		use: "explain KEY", short: "Show what a setting means, its value, and every layer that has one",
		examples: [2]string{"mortise config explain listen", "mortise config explain database.url --json"},
		run: func(_ context.Context, cmd *cobra.Command, args []string) error {
			return p.explain(cmd, args[0])
		},
	})
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return settings.Keys(), cobra.ShellCompDirectiveNoFileComp
	}
	return cmd
}

func (p *program) explain(cmd *cobra.Command, key string) error {
	l, faults := p.loaded(cmd)
	s, ok := l.Setting(key)
	if !ok {
		return usage("there is no setting %q; did you mean %s? mortise config show lists all", key, settings.Nearest(key, settings.Keys()))
	}
	doc := docOf(key)
	if p.print.Format != output.Table {
		if err := p.print.Value(explained{doc, s.Value, s.Layers}, "value"); err != nil {
			return err
		}
		return faults
	}
	text := fmt.Sprintf("%s = %v\n  %s\n", s.Key, s.Value, doc.Text)
	for i, layer := range s.Layers {
		mark := "wins "
		if i > 0 {
			mark = "loses"
		}
		text += fmt.Sprintf("  %s  %-8s %-28s %v\n", mark, layer.Layer, layer.Source, layer.Value)
	}
	text += fmt.Sprintf("  variable: %s\n", doc.Variables[0])
	if err := p.print.Text(output.Clean(text)); err != nil {
		return err
	}
	return faults
}

type explained struct {
	settings.Doc
	Value  any              `json:"value"`
	Layers []settings.Layer `json:"layers"`
}

func docOf(key string) settings.Doc {
	for _, d := range settings.Docs() {
		if d.Key == key {
			return d
		}
	}
	return settings.Doc{}
}

func (p *program) configSchema() *cobra.Command {
	return p.command(verb{
		use: "schema", short: "Print the JSON Schema of mortise.yaml, for editors",
		examples: [2]string{"mortise config schema > mortise.schema.json", "mortise config schema | jq .properties.session"},
		run: func(context.Context, *cobra.Command, []string) error {
			return p.print.Text(string(settings.Schema()))
		},
	})
}
