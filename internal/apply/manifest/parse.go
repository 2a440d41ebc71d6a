package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/user"
)

// The limits of one file.
const (
	MaxSize      = 8 << 20 // bytes
	MaxDocuments = 100
	MaxDepth     = 8 // of nesting
)

// Resolver reads what a reference in a file points to.
type Resolver interface {
	Env(name string) (string, error)
	// File reads a path, relative to the folder of the file that names it.
	File(path string) (string, error)
}

// Fault is one thing wrong with a file.
type Fault struct {
	Name         string // of the file
	Line, Column int    // from 1; 0: the file as a whole
	Message      string
}

func (f Fault) String() string {
	if f.Line == 0 {
		return f.Name + ": " + f.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", f.Name, f.Line, f.Column, f.Message)
}

// Faults is everything wrong with a file, in order.
type Faults []Fault

func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// Parse reads the file called name. A nil Resolver refuses references. The
// error is Faults, or that of r.
func Parse(name string, r io.Reader, resolve Resolver) (apply.File, error) {
	p := NewParser(resolve)
	if err := p.Add(name, r); err != nil {
		return apply.File{}, err
	}
	return p.File()
}

// Parser unites several files and refuses resources that two of them declare.
// It is not safe for concurrent use.
type Parser struct {
	resolve  Resolver
	file     apply.File
	declared map[string]string // kind and key → where
	faults   Faults
}

// NewParser returns a Parser without files.
func NewParser(resolve Resolver) *Parser {
	return &Parser{resolve: resolve, declared: map[string]string{}}
}

// Add reads one file. Its faults are kept for File; the error is that of r.
func (p *Parser) Add(name string, r io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return err
	}
	d := &decoder{Parser: p, name: name}
	if len(data) > MaxSize {
		d.faults = append(d.faults, Fault{Name: name, Message: "larger than 8 MiB"})
		return nil
	}
	d.documents(data)
	return nil
}

// File returns what all files together want, or Faults.
func (p *Parser) File() (apply.File, error) {
	if len(p.faults) > 0 {
		return apply.File{}, p.faults
	}
	return p.file, nil
}

// decoder reads one file into its Parser.
type decoder struct {
	*Parser
	name string
}

func (d *decoder) documents(data []byte) {
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	for n := 0; err == nil; n++ {
		var doc yaml.Node
		if err = loader.Load(&doc); err != nil {
			break
		}
		if n == MaxDocuments {
			d.fault(&doc, "more than %d documents", MaxDocuments)
			return
		}
		d.document(&doc)
	}
	if !errors.Is(err, io.EOF) {
		d.syntax(err)
	}
}

func (d *decoder) syntax(err error) {
	f := Fault{Name: d.name, Message: err.Error()}
	var le *yaml.LoadError
	if errors.As(err, &le) {
		f.Line, f.Column, f.Message = le.Mark.Line, le.Mark.Column, le.Message
	}
	d.faults = append(d.faults, f)
}

func (d *decoder) document(n *yaml.Node) {
	if n.Kind == yaml.DocumentNode && len(n.Content) == 1 {
		n = n.Content[0]
	}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" || !d.plain(n, 0) {
		return
	}
	d.object(n, keys{
		"roles":         d.each(d.role),
		"organizations": d.each(d.organization),
		"users":         d.each(d.user),
		"scopes":        d.each(d.scope),
		"resources":     d.each(d.resource),
		"clients":       d.each(d.client),
		"sites":         d.each(d.site),
		"connections":   d.each(d.connection),
		"webhooks":      d.later,

		"sign_in_policy": d.policy,
	})
}

func (d *decoder) later(n *yaml.Node) {
	d.fault(n, "this kind of resource is not supported by this version yet; remove it")
}

func (d *decoder) role(n *yaml.Node) {
	r := apply.Role{Permissions: []string{}}
	d.object(n, keys{"name": d.text(&r.Name), "permissions": d.texts(&r.Permissions), "assurance": d.count(&r.Assurance)})
	if d.declare(n, "name", "role "+r.Name, r.Name) {
		d.file.Roles = append(d.file.Roles, r)
	}
}

func (d *decoder) organization(n *yaml.Node) {
	var o apply.Organization
	d.object(n, keys{"slug": d.text(&o.Slug), "name": d.text(&o.Name), "domains": d.texts(&o.Domains)})
	if d.declare(n, "slug", "organisation "+o.Slug, o.Slug) {
		d.file.Organizations = append(d.file.Organizations, o)
	}
}

func (d *decoder) user(n *yaml.Node) {
	var u apply.User
	d.object(n, keys{
		"email":          d.text(&u.Email),
		"name":           d.text(&u.Name),
		"password":       d.secret(&u.Password),
		"email_verified": d.flag(&u.EmailVerified),
		"roles":          d.texts(&u.Roles),
		"organizations": func(n *yaml.Node) {
			u.Organizations = []apply.Membership{}
			d.each(func(n *yaml.Node) { d.membership(n, &u) })(n)
		},
	})
	if !d.declare(n, "email", "user "+user.EmailKey(u.Email), u.Email) {
		return
	}
	if _, _, err := user.ParseEmail(u.Email); err != nil {
		d.fault(n, "%q is not an e-mail address", u.Email)
	}
	d.file.Users = append(d.file.Users, u)
}

func (d *decoder) membership(n *yaml.Node, u *apply.User) {
	m := apply.Membership{Roles: []string{}}
	d.object(n, keys{"slug": d.text(&m.Slug), "roles": d.texts(&m.Roles)})
	if m.Slug == "" {
		d.fault(n, "slug is missing")
	}
	for _, other := range u.Organizations {
		if other.Slug == m.Slug && m.Slug != "" {
			d.fault(n, "organisation %s is listed twice", m.Slug)
		}
	}
	u.Organizations = append(u.Organizations, m)
}

// declare enters a resource under its key, once over all files.
func (d *decoder) declare(n *yaml.Node, key, what, value string) bool {
	if value == "" {
		d.fault(n, "%s is missing", key)
		return false
	}
	if before, ok := d.declared[what]; ok {
		d.fault(n, "%s is declared at %s already", what, before)
		return false
	}
	d.declared[what] = fmt.Sprintf("%s:%d:%d", d.name, n.Line, n.Column)
	return true
}
