package client

import (
	"strconv"

	"github.com/mortise-auth/mortise/internal/problem"
)

// named says which member of a client's metadata err is about.
func named(err *problem.Error, pointer, message string) *problem.Error {
	return err.WithFields(problem.Field{Pointer: pointer, Code: err.Code, Message: message})
}

// quoted shows a short piece of somebody's input.
func quoted(s string) string {
	const most = 120
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strconv.QuoteToASCII(s)
}
