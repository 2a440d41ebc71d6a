package page

import (
	"io"
	"testing"
)

// BenchmarkNew is what every further instance in a process pays.
func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := New(Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteLogin(b *testing.B) {
	r, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := r.Write(io.Discard, Frame{Lang: "de"}, Login{Signup: true}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoad is what the first instance pays at start.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := parseSheets(); err != nil {
			b.Fatal(err)
		}
		if _, err := readWords(); err != nil {
			b.Fatal(err)
		}
		if _, err := readAssets(); err != nil {
			b.Fatal(err)
		}
	}
}
