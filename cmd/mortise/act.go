package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/output"
)

// act is one request to the API.
type act struct {
	method, path string
	body         []byte // nil: none
}

// newAct builds a request; parts are joined to its path, escaped.
func newAct(method string, parts ...string) act {
	path := "/api/v1"
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return act{method: method, path: path}
}

// with adds a JSON body.
func (a act) with(body any) (act, error) {
	b, err := json.Marshal(body)
	a.body = b
	return a, err
}

// api runs fn with a client of the server the settings name. With --as nothing
// is opened, and the first act that changes or shows something is printed.
func (p *program) api(ctx context.Context, cmd *cobra.Command, fn func(*session) error) error {
	l, err := p.loaded(cmd)
	if err != nil {
		return err
	}
	s := &session{program: p, ctx: ctx, cmd: cmd, folder: l.Settings.Data}
	if s.as, err = asFlag(cmd); err != nil {
		return err
	}
	if s.as != "" {
		return fn(s)
	}
	if s.client, err = p.connect(ctx, l.Settings); err != nil {
		return err
	}
	err = fn(s)
	if closed := s.client.close(); err == nil {
		err = closed
	}
	return err
}

// session is one command's conversation with the API.
type session struct {
	*program
	ctx    context.Context
	cmd    *cobra.Command
	client *client
	folder string
	as     string
}

// do sends a, or prints it with --as.
func (s *session) do(a act) (json.RawMessage, error) {
	if s.as != "" {
		if err := s.print.Text(curl(filepath.Join(s.folder, socketName), a)); err != nil {
			return nil, err
		}
		return nil, errShown
	}
	return s.client.do(s.ctx, a)
}

// addAs gives cmd the flag --as.
func addAs(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().String("as", "", "curl: print the same act as a curl command and do nothing")
	return cmd
}

func asFlag(cmd *cobra.Command) (string, error) {
	if cmd.Flags().Lookup("as") == nil {
		return "", nil
	}
	as, err := cmd.Flags().GetString("as")
	if err == nil && as != "" && as != "curl" {
		return "", usage("--as knows curl, not %q", as)
	}
	return as, err
}

// curl spells a for a shell.
func curl(socket string, a act) string {
	words := []string{"curl", "--unix-socket", quote(socket)}
	if a.method != http.MethodGet {
		words = append(words, "-X", a.method)
	}
	if a.body != nil {
		words = append(words, "-H", quote("Content-Type: application/json"), "--data", quote(string(a.body)))
	}
	return strings.Join(append(words, quote(origin+a.path)), " ") + "\n"
}

// quote makes s one word of a POSIX shell.
func quote(s string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./:=@%+,", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// object does a and prints the object it answers.
func (s *session) object(a act, keys ...string) error {
	data, err := s.do(a)
	if err != nil || len(data) == 0 {
		return err
	}
	return s.print.Object(data, keys...)
}

// addQuery gives cmd the flags of a list.
func addQuery(cmd *cobra.Command) *cobra.Command {
	f := cmd.Flags()
	f.Int("limit", 50, "rows at most")
	f.String("after", "", "go on after this cursor")
	f.Bool("all", false, "every row, however many")
	return addView(cmd)
}

// addView gives cmd the flags of a list that the API answers as a whole.
func addView(cmd *cobra.Command) *cobra.Command {
	f := cmd.Flags()
	f.StringArray("filter", nil, "keep rows where KEY=TEXT, or KEY~TEXT for a part of it; may be repeated")
	f.String("sort", "", "order by this key, or -KEY for the reverse; reads every row")
	f.StringSlice("columns", nil, "the columns to show, between commas")
	return addAs(cmd)
}

// paged reports whether cmd shows a list that the API answers in pages.
func paged(cmd *cobra.Command) bool { return cmd.Flags().Lookup("limit") != nil }

func query(cmd *cobra.Command) (output.Query, error) {
	f := cmd.Flags()
	var q output.Query
	q.Filter, _ = f.GetStringArray("filter") // these flags were defined by addView
	q.Sort, _ = f.GetString("sort")
	q.Columns, _ = f.GetStringSlice("columns")
	if !paged(cmd) {
		return q, nil
	}
	q.Limit, _ = f.GetInt("limit") // and these by addQuery
	q.After, _ = f.GetString("after")
	if q.Limit < 1 {
		return q, usage("--limit is at least 1; --all has no limit")
	}
	if all, _ := f.GetBool("all"); all {
		if f.Changed("limit") {
			return q, usage("--all and --limit exclude each other")
		}
		q.Limit = 0
	}
	if q.Sort != "" && q.After != "" {
		return q, usage("--sort reads every row from the first; --after would skip some")
	}
	return q, nil
}

// list prints the rows of a list. columns are those of the table, the key first.
func (s *session) list(a act, columns ...string) error {
	q, err := query(s.cmd)
	if err != nil {
		return err
	}
	rows, next, err := q.Collect(func(after string, limit int) (output.Page, error) {
		if !paged(s.cmd) {
			return s.rows(a)
		}
		return s.page(a, after, limit)
	})
	if err != nil {
		return err
	}
	if err := s.print.List(rows, columns, q.Columns); err != nil {
		return err
	}
	if next != "" {
		s.print.Words("more: %s --after %s", s.words("after"), quote(next))
	}
	return nil
}

func (s *session) page(a act, after string, limit int) (output.Page, error) {
	v := url.Values{"limit": {fmt.Sprint(limit)}}
	if after != "" {
		v.Set("after", after)
	}
	a.path += "?" + v.Encode()
	return s.rows(a)
}

func (s *session) rows(a act) (output.Page, error) {
	data, err := s.do(a)
	if err != nil {
		return output.Page{}, err
	}
	var page output.Page
	return page, json.Unmarshal(data, &page)
}

// words spells this command again without one of its flags.
func (s *session) words(without string) string {
	words := []string{"mortise"}
	for i := 0; i < len(s.args); i++ {
		if s.args[i] == "--"+without {
			i++
			continue
		}
		if !strings.HasPrefix(s.args[i], "--"+without+"=") {
			words = append(words, quote(s.args[i]))
		}
	}
	return strings.Join(words, " ")
}

// confirm shows what is about to be destroyed and asks. Without a terminal to
// ask on it ends the command, with the words that would do it.
func (s *session) confirm(preview ...string) error {
	if yes, _ := s.cmd.Flags().GetBool("yes"); yes || s.as != "" {
		return nil
	}
	if !s.tty.in || !s.tty.err {
		return &failure{output.Problem{
			Title: "nothing was done: this needs confirmation", Code: "needs_confirmation", Exit: exitUnconfirmed,
			Preview: preview, Command: s.agreed(),
		}}
	}
	for _, line := range preview {
		fmt.Fprintln(s.err, output.Clean(line))
	}
	fmt.Fprint(s.err, "proceed? [y/N] ")
	answer, err := readLine(s.in, 16)
	if err != nil || !slices.Contains([]string{"y", "yes"}, strings.ToLower(strings.TrimSpace(answer))) {
		return &failure{output.Problem{Title: "nothing was done", Code: "needs_confirmation", Exit: exitUnconfirmed}}
	}
	return nil
}

// agreed spells this command again with --yes, which goes before a "--".
func (s *session) agreed() string {
	words := s.words("yes")
	if before, after, ok := strings.Cut(words, " -- "); ok {
		return before + " --yes -- " + after
	}
	return words + " --yes"
}

// addYes gives a destroying command its flag.
func addYes(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().Bool("yes", false, "do it without asking")
	return addAs(cmd)
}
