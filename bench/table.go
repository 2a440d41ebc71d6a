package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

// verdict is how a figure stands to its bound.
type verdict string

const (
	pass verdict = "pass"
	fail verdict = "**miss**"
	info verdict = "–" // a figure without a bound of its own
)

// row is one line of the table.
type row struct {
	what, ours, floor, ratio, bound string
	verdict                         verdict
}

func judge(ok bool) verdict {
	if ok {
		return pass
	}
	return fail
}

// report is a run of the benchmarks as it is written down.
type report struct {
	begun time.Time
	quick bool
	rows  []row
	notes []string
}

func (r *report) add(rows ...row) {
	for _, one := range rows {
		r.rows = append(r.rows, one)
		fmt.Fprintf(os.Stderr, "  %-64s %-24s floor %-22s %-16s %-34s %s\n", one.what, one.ours, one.floor, one.ratio, one.bound, one.verdict)
	}
}

func (r *report) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// write prints the report as Markdown.
func (r *report) write(w io.Writer) {
	fmt.Fprintf(w, "# Benchmarks\n\nWritten by `make bench`. Each figure stands beside its floor: a program under `bench/floor` that does only\n"+
		"the unavoidable work, measured in the same run, in turns. Costs are processor time, which a busy machine disturbs less than\n"+
		"waiting time; they are medians unless they say otherwise. Requests come over loopback from a generator on the same cores.\n\n")
	mode := "full"
	if r.quick {
		mode = "quick: fewer rounds and smaller counts, as the rows say"
	}
	fmt.Fprintf(w, "- machine: %s, %d cores, %s/%s, %s\n- run: %s, %s, took %s\n\n", processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH,
		runtime.Version(), r.begun.UTC().Format("2006-01-02 15:04 UTC"), mode, time.Since(r.begun).Round(time.Second))
	fmt.Fprintf(w, "| what | measured | floor | beside the floor | bound | |\n|---|--:|--:|--:|---|---|\n")
	for _, one := range r.rows {
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", one.what, one.ours, one.floor, one.ratio, one.bound, one.verdict)
	}
	if len(r.notes) > 0 {
		fmt.Fprintf(w, "\n## Notes of this run\n\n")
		for _, n := range r.notes {
			fmt.Fprintf(w, "- %s\n", n)
		}
	}
}

func processor() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(b)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

func mib(b int64) string { return fmt.Sprintf("%.1f MiB", float64(b)/(1<<20)) }

func millis(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/1e6) }

func times(f float64) string { return fmt.Sprintf("%.2f ×", f) }
