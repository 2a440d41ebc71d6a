package qr

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"
	"unicode/utf8"

	"rsc.io/qr"
)

const sample = "https://id.example.org/device?user_code=H4TW-9QKM"

// Both drawings have every module where the code has it.
func TestDrawings(t *testing.T) {
	svg, err := SVG(sample)
	if err != nil || xml.Unmarshal(svg, new(struct{})) != nil {
		t.Fatalf("%v %s", err, svg)
	}
	c, err := qr.Encode(sample, qr.M)
	if err != nil {
		t.Fatal(err)
	}
	black := 0
	for y := range c.Size {
		for x := range c.Size {
			if c.Black(x, y) {
				black++
			}
		}
	}
	if n := bytes.Count(svg, []byte("h1v1h-1z")); n != black {
		t.Errorf("%d modules of %d", n, black)
	}
	text, err := Terminal(sample)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = qr.Encode(sample, qr.L); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	for y := -2; y < c.Size+2; y++ {
		row := []rune(lines[(y+2)/2])
		if len(row) != c.Size+4 {
			t.Fatalf("line of %d", utf8.RuneCountInString(lines[(y+2)/2]))
		}
		for x := -2; x < c.Size+2; x++ {
			lit := row[x+2] == '█' || row[x+2] == '▀' && (y+2)%2 == 0 || row[x+2] == '▄' && (y+2)%2 == 1
			if lit == c.Black(x, y) {
				t.Fatalf("module %d,%d", x, y)
			}
		}
	}
}

func TestTooLong(t *testing.T) {
	long := strings.Repeat("x", 5000)
	if _, err := SVG(long); err == nil {
		t.Error("5000 bytes fit into an image")
	}
	if _, err := Terminal(long); err == nil {
		t.Error("5000 bytes fit into a terminal")
	}
}
