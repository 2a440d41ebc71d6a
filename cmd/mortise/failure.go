package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/output"
	"github.com/mortise-auth/mortise/cmd/mortise/internal/settings"
	"github.com/mortise-auth/mortise/internal/apply/manifest"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/problem"
)

// The exit codes, a public promise.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2 // wrong usage or configuration
	exitPartly      = 3 // some items failed
	exitDenied      = 4 // not signed in or not allowed
	exitUnconfirmed = 5 // preview printed, nothing done
	exitProblems    = 6 // a check found problems
	exitInterrupted = 130
)

// failure is an error that knows how the command ends.
type failure struct{ output.Problem }

func (f *failure) Error() string { return f.Title }

func fail(exit int, code, title, detail string) error {
	return &failure{output.Problem{Title: title, Code: code, Detail: detail, Exit: exit}}
}

func usage(format string, args ...any) error {
	return fail(exitUsage, "usage", fmt.Sprintf(format, args...), "")
}

// errShown ends a command that has done all it was asked to: print, not act.
var errShown = errors.New("shown")

// explain turns any error into what is printed and how the command ends. An
// error before the command itself started is wrong usage.
func explain(ctx context.Context, err error, started bool) output.Problem {
	var f *failure
	var faults settings.Faults
	var lines manifest.Faults
	var filter output.ErrFilter
	switch {
	case errors.As(err, &f):
		return f.Problem
	case errors.As(err, &faults):
		return configProblem(faults)
	case errors.As(err, &lines):
		return fileProblem(lines)
	case errors.As(err, &filter):
		return output.Problem{Title: err.Error(), Code: "usage", Exit: exitUsage}
	case ctx.Err() != nil:
		return output.Problem{Title: "interrupted", Code: "interrupted", Exit: exitInterrupted}
	case !started:
		return output.Problem{Title: err.Error(), Code: "usage", Exit: exitUsage}
	}
	if p := problem.Of(err); p.Kind != problem.Internal {
		return output.Problem{Title: p.Public, Code: p.Code, Exit: exitOf(p)}
	}
	return output.Problem{Title: err.Error(), Code: "failed", Exit: exitFailed}
}

// exitOf is how a command ends that the server's own rules refused.
func exitOf(p *problem.Error) int {
	switch {
	case p.Kind == problem.Invalid, errors.Is(p, instance.ErrDevStore):
		return exitUsage
	case p.Kind == problem.Forbidden, p.Kind == problem.Unauthenticated:
		return exitDenied
	}
	return exitFailed
}

func configProblem(faults settings.Faults) output.Problem {
	pr := output.Problem{Title: "the settings are not valid", Code: "settings_invalid", Exit: exitUsage}
	for _, f := range faults {
		where := f.Where
		if where == "" {
			where = f.Key
			f.Key = ""
		}
		message := f.Message
		if f.Key != "" && f.Key != where {
			message = f.Key + ": " + message
		}
		pr.Errors = append(pr.Errors, output.Field{Pointer: where, Code: "invalid", Message: message})
	}
	return pr
}

func fileProblem(faults manifest.Faults) output.Problem {
	pr := output.Problem{Title: "the file is not valid", Code: "file_invalid", Exit: exitUsage}
	for _, f := range faults {
		pr.Errors = append(pr.Errors, output.Field{Code: "invalid", Message: f.String()})
	}
	return pr
}
