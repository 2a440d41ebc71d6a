package footprint

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
)

// Settle returns free heap and the clean pages of the running program to the
// system; see Quiet.
func Settle() error {
	debug.FreeOSMemory()
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		return err
	}
	clean, err := cleanMappings(f, self)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	for _, m := range clean {
		if _, _, e := syscall.Syscall(syscall.SYS_MADVISE, m.from, m.to-m.from, syscall.MADV_DONTNEED); e != 0 {
			return fmt.Errorf("footprint: madvise: %w", e)
		}
	}
	return nil
}

type mapping struct{ from, to uintptr }

// cleanMappings finds where the file is mapped without a page that differs from
// it: forgetting a page that was written to would lose it. Writable mappings are
// never among them.
func cleanMappings(smaps io.Reader, file string) (clean []mapping, err error) {
	var m mapping
	var ours bool
	for lines := bufio.NewScanner(smaps); ; {
		if !lines.Scan() {
			return clean, lines.Err()
		}
		line := lines.Text()
		if name, value, ok := strings.Cut(line, ":"); ok && !strings.Contains(name, " ") {
			if ours && strings.HasPrefix(name, "Private_Dirty") && strings.TrimSpace(value) == "0 kB" {
				clean = append(clean, m)
			}
			continue
		}
		ours = false
		fields := strings.Fields(line)
		if len(fields) == 6 && fields[5] == file && strings.HasPrefix(fields[1], "r-") {
			_, err := fmt.Sscanf(fields[0], "%x-%x", &m.from, &m.to)
			ours = err == nil
		}
	}
}
