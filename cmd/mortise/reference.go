package main

import (
	"fmt"
	"strings"
)

const referenceHead = `<!-- Generated from the commands themselves; go test ./cmd/mortise -update rewrites it. -->
# Command line

` + "`mortise COMMAND --help`" + ` says the same in the terminal, ` + "`mortise --help --json`" + ` as one JSON tree, ` + "`mortise man DIR`" + ` as manual pages.

**Output.** Data goes to standard output, words to standard error. On a terminal, lists and objects are tables;
elsewhere they are JSON: one object, or one object a line. ` + "`--json`, `--yaml`, `--table` and `--quiet`" + ` override.
In JSON mode an error is one RFC 9457 object on standard error; its member ` + "`exit`" + ` is the exit code.

**Reaching the server.** Commands use the socket ` + "`mortise.sock`" + ` in the data folder, which only its owner can open.
When no server runs they take the folder's lock and do the same in their own process.

**Secrets** are never arguments: use ` + "`--password-stdin`, `--password-prompt`" + `, files, or the environment.

**Destroying commands** show what they will do and ask. Without a terminal to ask on they print the preview and the
exact command, change nothing, and exit 5; ` + "`--yes`" + ` does it.

`

// reference is the page docs/reference/cli.md.
func (p *program) reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	b.WriteString("| exit code | means |\n|---|---|\n")
	for _, e := range exitCodes {
		fmt.Fprintf(&b, "| %d | %s |\n", e.code, e.means)
	}
	b.WriteString("\n## Flags of every command\n\n")
	flagTable(&b, flagsOf(p.root.PersistentFlags()))
	for _, c := range everyCommand(p.root)[1:] {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n", c.CommandPath(), c.Short)
		if c.Long != "" {
			fmt.Fprintf(&b, "%s\n\n", c.Long)
		}
		fmt.Fprintf(&b, "```text\n%s\n```\n\n```sh\n%s\n```\n", useLine(c), strings.TrimSpace(unindent(c.Example)))
		if flags := flagsOf(c.LocalNonPersistentFlags()); len(flags) > 0 {
			b.WriteByte('\n')
			flagTable(&b, flags)
		}
	}
	return b.String()
}

func flagTable(b *strings.Builder, flags []flagDoc) {
	b.WriteString("| flag | |\n|---|---|\n")
	for _, f := range flags {
		use := f.Use
		if f.Default != "" {
			use += " (default " + f.Default + ")"
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", f.spelling(), strings.ReplaceAll(use, "|", `\|`))
	}
}
