package settings

import (
	"fmt"
	"strings"
)

const referenceHead = `<!-- Generated from cmd/mortise/internal/settings/settings.go; go test ./cmd/mortise -update rewrites it. -->
# Settings

How one Mortise process is set up. Resources (people, roles, organisations) are not settings:
they live in the database and may be declared in files, see ` + "`mortise apply --help`" + `.

**What wins:** a flag, then the environment, then the file, then the default.
` + "`mortise config explain KEY`" + ` shows every layer that has a value; ` + "`mortise config show`" + ` the values in force;
` + "`mortise config validate`" + ` everything that is wrong, at once.

**The file** is ` + "`mortise.yaml`" + ` in the working directory, or what ` + "`--config`" + ` or ` + "`MORTISE_CONFIG`" + ` names.
An unknown key is an error, with line and column. ` + "`mortise config schema`" + ` prints a JSON Schema for editors.
A secret may be written as ` + "`{file: path}`" + `. Paths in the file are relative to the folder it is in.

**The environment:** each setting has a variable: ` + "`MORTISE_`" + `, the key in capitals, levels joined by ` + "`__`" + `;
some have a shorter one. Each also exists with ` + "`_FILE`" + ` at the end, naming a file that holds the value
(one line break at the end is dropped); setting both is an error. Lists are JSON or values between commas.
Unknown ` + "`MORTISE_*`" + ` variables are errors, but for ` + "`MORTISE_TEST_*`" + `. Under systemd, a credential named
` + "`mortise.KEY`" + ` (` + "`LoadCredential=mortise.secret_key:/etc/mortise/key`" + `) sets that key. ` + "`PORT`" + ` counts only when
nothing else sets ` + "`listen`" + `.
`

// Reference is the page docs/reference/configuration.md.
func Reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	for _, d := range Docs() {
		fmt.Fprintf(&b, "\n## `%s`\n\n%s\n\n", d.Key, d.Text)
		fmt.Fprintf(&b, "- type: %s\n", d.kind())
		if d.Default != "" {
			fmt.Fprintf(&b, "- default: `%s`\n", d.Default)
		}
		fmt.Fprintf(&b, "- variable: `%s`\n", strings.Join(d.Variables, "` or `"))
	}
	return b.String()
}

func (d Doc) kind() string {
	switch {
	case len(d.Values) > 0:
		return "`" + strings.Join(d.Values, "`, `") + "`"
	case d.Min != "" && d.Max != "":
		return fmt.Sprintf("%s, `%s` to `%s`", d.Type, d.Min, d.Max)
	case d.Max != "":
		return fmt.Sprintf("%s, at most %s characters", d.Type, d.Max)
	}
	return d.Type
}
