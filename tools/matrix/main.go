// Command matrix writes docs/standards-matrix.md: every id in docs/standards and the
// tests that cite it, the ids without a test first.
//
//	matrix -root MODULE            write the file
//	matrix -root MODULE -counts    print the counts only
//
// A test cites an id in its comment or body, as // TH-32 PW-15 or // SE-10..SE-14.
// Citing an id that no standard has is an error, so a typing mistake is no proof.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("root", ".", "`folder` of the module")
	counts := flag.Bool("counts", false, "print the counts and write nothing")
	flag.Parse()
	if err := run(*root, *counts); err != nil {
		fmt.Fprintln(os.Stderr, "matrix:", err)
		os.Exit(1)
	}
}

func run(root string, counts bool) error {
	statements, err := readStandards(filepath.Join(root, "docs", "standards"))
	if err != nil {
		return err
	}
	m := newMatrix(statements)
	if err := readTests(m, root); err != nil {
		return err
	}
	if counts {
		fmt.Print(m.counts())
		return nil
	}
	out := filepath.Join(root, "docs", "standards-matrix.md")
	return os.WriteFile(out, []byte(m.page()), 0o644)
}
