package output

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Problem is what went wrong, as RFC 9457 with our members.
type Problem struct {
	Type      string  `json:"type,omitempty"`
	Title     string  `json:"title"`
	Status    int     `json:"status,omitempty"`
	Code      string  `json:"code"`
	Detail    string  `json:"detail,omitempty"`
	Errors    []Field `json:"errors,omitempty"`
	RequestID string  `json:"request_id,omitempty"`
	// Preview and Command are set when nothing was done for want of a yes.
	Preview []string `json:"preview,omitempty"`
	Command string   `json:"command,omitempty"`
	Exit    int      `json:"exit"` // the exit code of the command
}

// Field is one fault of the input.
type Field struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message"`
}

// Problem writes pr to standard error: an object for programs, sentences for people.
func (p *Printer) Problem(pr Problem) {
	if p.Format == JSON {
		b, err := json.Marshal(pr)
		if err == nil {
			fmt.Fprintf(p.Err, "%s\n", b)
		}
		return
	}
	mark := "mortise:"
	if p.Color {
		mark = "\x1b[31mmortise:\x1b[0m"
	}
	fmt.Fprintf(p.Err, "%s %s\n", mark, Clean(pr.Title))
	if more := pr.more(); more != "" {
		fmt.Fprintf(p.Err, "  %s\n", Clean(more))
	}
	for _, f := range pr.Errors {
		fmt.Fprintf(p.Err, "  %s\n", Clean(join(f.Pointer, f.Message)))
	}
	for _, line := range pr.Preview {
		fmt.Fprintf(p.Err, "  %s\n", Clean(line))
	}
	if pr.Command != "" {
		fmt.Fprintf(p.Err, "  to do it: %s\n", Clean(pr.Command))
	}
	if pr.RequestID != "" {
		fmt.Fprintf(p.Err, "  request id %s\n", Clean(pr.RequestID))
	}
}

// more is what the detail says beyond the title, which is often its first sentence.
func (pr Problem) more() string {
	rest, ok := strings.CutPrefix(pr.Detail, pr.Title)
	if !ok || rest != "" && rest[0] != '.' {
		return pr.Detail
	}
	return strings.TrimSpace(strings.TrimPrefix(rest, "."))
}

func join(pointer, message string) string {
	if pointer == "" {
		return message
	}
	return pointer + ": " + message
}
