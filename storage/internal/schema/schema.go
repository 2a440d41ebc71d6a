// Package schema reads the migrations of an engine: goose files, whose "Up" part
// is plain SQL. Goose applies them to a database that has data; a fresh one takes
// them all in one transaction, which Fresh writes down.
package schema

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/mortise-auth/mortise/internal/store"
)

// Migration is one step of the schema.
type Migration struct {
	Version int64
	Name    string
	Up      string
}

// Table is where goose keeps what was applied.
const Table = "goose_db_version"

// Read returns the migrations in order.
func Read(files fs.FS) ([]Migration, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	all := make([]Migration, 0, len(names))
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		m, err := parse(path.Base(name), string(text))
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b Migration) int { return cmp.Compare(a.Version, b.Version) })
	return all, nil
}

func parse(name, text string) (Migration, error) {
	number, _, _ := strings.Cut(name, "_")
	version, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return Migration{}, fmt.Errorf("schema: %s: no version: %w", name, err)
	}
	_, up, ok := strings.Cut(text, "-- +goose Up\n")
	if !ok {
		return Migration{}, fmt.Errorf("schema: %s: nothing to apply", name)
	}
	up, _, _ = strings.Cut(up, "-- +goose Down")
	return Migration{Version: version, Name: name, Up: strings.TrimSpace(up) + "\n"}, nil
}

// Want is the version that all migrations lead to.
func Want(all []Migration) int64 {
	if len(all) == 0 {
		return 0
	}
	return all[len(all)-1].Version
}

// Pending is the SQL that a database at version have lacks, for people to read.
func Pending(all []Migration, have int64) string {
	var b strings.Builder
	for _, m := range all {
		if m.Version > have {
			fmt.Fprintf(&b, "-- %s\n%s\n", m.Name, m.Up)
		}
	}
	return b.String()
}

// Check compares what a database has with what this program wants: nil,
// store.ErrNewerSchema or store.ErrOlderSchema.
func Check(have, want int64) error {
	switch {
	case have > want:
		return store.ErrNewerSchema.Becausef("schema %d, this program knows %d", have, want)
	case have < want:
		return store.ErrOlderSchema.Becausef("schema %d, this program wants %d", have, want)
	}
	return nil
}

// Fresh is the script that makes an empty database, goose's own table included.
// created is the statement that makes that table.
func Fresh(all []Migration, created, truth string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s;\nINSERT INTO %s (version_id, is_applied) VALUES (0, %s);\n", created, Table, truth)
	for _, m := range all {
		fmt.Fprintf(&b, "%s\nINSERT INTO %s (version_id, is_applied) VALUES (%d, %s);\n", m.Up, Table, m.Version, truth)
	}
	return b.String()
}
