package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// finding is one thing that doctor found, as the API spells it.
type finding struct {
	Number   string `json:"number"`
	Severity string `json:"severity"`
	Title    string `json:"title"`
	Cause    string `json:"cause"`
	Evidence string `json:"evidence"`
	Fix      string `json:"fix"`
}

const asProblem, asNotice = "problem", "notice"

func (p *program) doctorCommand() *cobra.Command {
	return p.command(verb{
		use: "doctor", short: "Look for what is wrong with this server; ends with 6 when something is",
		long: "It looks at files and settings of this host, and asks the server, running or not, about the\n" +
			"database, clocks, keys, mail and revocations. Each finding has a number, explained in docs/doctor.md.",
		examples: [2]string{"mortise doctor", "mortise doctor --json"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			return p.doctor(ctx, cmd)
		},
	})
}

func (p *program) doctor(ctx context.Context, cmd *cobra.Command) error {
	l, err := p.loaded(cmd)
	if err != nil {
		return err
	}
	all, err := p.hostFindings(l.Settings)
	if err != nil {
		return err
	}
	asked, err := p.asked(ctx, cmd)
	if err != nil {
		return err
	}
	all = append(all, asked...)
	slices.SortStableFunc(all, func(a, b finding) int { return numbered(a) - numbered(b) })
	rows, problems := make([]json.RawMessage, 0, len(all)), 0
	for _, f := range all {
		row, err := json.Marshal(f)
		if err != nil {
			return err
		}
		rows = append(rows, row)
		if f.Severity == asProblem {
			problems++
		}
	}
	if err := p.print.List(rows, []string{"number", "severity", "title", "cause", "evidence", "fix"}, nil); err != nil {
		return err
	}
	if problems > 0 {
		return fail(exitProblems, "problems_found", fmt.Sprintf("%d to mend", problems), "")
	}
	p.print.Words("nothing to mend")
	return nil
}

func (p *program) asked(ctx context.Context, cmd *cobra.Command) (all []finding, err error) {
	err = p.api(ctx, cmd, func(s *session) error {
		data, err := s.do(newAct(http.MethodGet, "doctor"))
		if err != nil {
			return err
		}
		var got struct{ Findings []finding }
		err = json.Unmarshal(data, &got)
		all = got.Findings
		return err
	})
	return all, err
}

func numbered(f finding) int {
	n, err := strconv.Atoi(strings.TrimPrefix(f.Number, "MD-"))
	if err != nil {
		return 1 << 20 // a newer server's: last
	}
	return n
}
