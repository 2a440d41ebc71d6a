// Package qr draws QR codes: as an image for pages, and in letters for terminals.
// It knows nothing of what it draws.
package qr

import (
	"bytes"
	"fmt"

	"rsc.io/qr"
)

// quiet is the empty border that readers want, in modules.
const quiet = 4

// SVG draws text in black on white, as large as the page lets it be. Too long a
// text is an error: more than about 2,300 bytes.
func SVG(text string) ([]byte, error) {
	c, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	side := c.Size + 2*quiet
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%dv%dH0z"/><path d="`, side, side, side, side)
	for y := range c.Size {
		for x := range c.Size {
			if c.Black(x, y) {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	b.WriteString(`"/></svg>` + "\n")
	return b.Bytes(), nil
}

// Terminal draws text with two modules in each letter's place, light on dark as
// terminals are; readers take both.
func Terminal(text string) ([]byte, error) {
	c, err := qr.Encode(text, qr.L)
	if err != nil {
		return nil, err
	}
	const border = 2
	var b bytes.Buffer
	light := func(x, y int) bool { return !c.Black(x, y) } // beyond the edge too
	for y := -border; y < c.Size+border; y += 2 {
		for x := -border; x < c.Size+border; x++ {
			switch top, bottom := light(x, y), light(x, y+1); {
			case top && bottom:
				b.WriteString("█")
			case top:
				b.WriteString("▀")
			case bottom:
				b.WriteString("▄")
			default:
				b.WriteByte(' ')
			}
		}
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}
