// Command testsum runs "go test -json" in one or more modules and says what matters.
//
//	testsum [-dir DIR]... [-- flags and packages for go test]
//
// It prints one line a package, the whole output of what failed, and, as its last
// line, "N passed, N failed". A skipped test is a failure: a test that steps aside
// because a service is missing proves nothing. So is a run without any test.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
)

func main() {
	var dirs []string
	flag.Func("dir", "run in this module `folder` (may be given again)", func(d string) error {
		dirs = append(dirs, d)
		return nil
	})
	flag.Parse()
	if len(dirs) == 0 {
		dirs = []string{"."}
	}
	s := newSummary(os.Stdout)
	for _, dir := range dirs {
		if err := runModule(s, dir, flag.Args()); err != nil {
			s.broken(dir, err)
		}
	}
	if !s.close() {
		os.Exit(1)
	}
}

// runModule feeds the events of one go test into s. Its error is about the run
// itself; failing tests are in s.
func runModule(s *summary, dir string, args []string) error {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	failedBefore := s.failures()
	readErr := read(s, out)
	err = cmd.Wait()
	if err != nil && s.failures() > failedBefore {
		err = nil // told already, in detail
	}
	return errors.Join(readErr, err)
}

// read consumes events until r ends. Lines that are no event are printed.
func read(s *summary, r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil && e.Action != "" {
				s.add(e)
			} else {
				fmt.Fprintf(s.out, "%s", line)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
