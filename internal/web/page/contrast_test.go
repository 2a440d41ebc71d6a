package page

import (
	"math"
	"regexp"
	"strconv"
	"testing"
)

// WCAG 2.2, 1.4.3 and 1.4.11: in both schemes text stands out by 4.5:1 and the
// edges of controls by 3:1.
func TestContrast(t *testing.T) {
	css, err := files.ReadFile("static/mortise.css")
	if err != nil {
		t.Fatal(err)
	}
	schemes := regexp.MustCompile(`:root[^{]*\{([^}]*)\}`).FindAllStringSubmatch(string(css), -1)
	if len(schemes) != 3 {
		t.Fatalf("%d schemes, want light, dark by system, dark by choice", len(schemes))
	}
	for _, scheme := range schemes {
		colours := map[string]string{"white": "#fff"}
		for _, m := range regexp.MustCompile(`--([\w-]+): (#[0-9a-f]+)`).FindAllStringSubmatch(scheme[1], -1) {
			colours[m[1]] = m[2]
		}
		for _, c := range []struct {
			over, under string
			least       float64
		}{
			{"ink", "ground", 4.5},
			{"ink", "sunk", 4.5},
			{"soft", "ground", 4.5},
			{"soft", "paper", 4.5},
			{"soft", "sunk", 4.5},
			{"soft", "bad-ground", 4.5},
			{"ink", "bad-ground", 4.5},
			{"ink", "warn-ground", 4.5},
			{"ink", "good-ground", 4.5},
			{"good", "good-ground", 4.5},
			{"warn", "warn-ground", 4.5},
			{"bad", "bad-ground", 4.5},
			{"bad", "paper", 4.5},
			{"on-press", "press", 4.5},
			{"on-press", "press-over", 4.5},
			{"white", "danger", 4.5},
			{"white", "danger-over", 4.5},
			{"edge", "paper", 3},
			{"ring", "paper", 3},
			{"ring", "ground", 3},
		} {
			if got := contrast(t, colours[c.over], colours[c.under]); got < c.least {
				t.Errorf("%s on %s: %.2f, want %.1f", c.over, c.under, got, c.least)
			}
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) == 4 {
		hex = "#" + hex[1:2] + hex[1:2] + hex[2:3] + hex[2:3] + hex[3:] + hex[3:]
	}
	if len(hex) != 7 {
		t.Fatalf("%q is no colour", hex)
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		v := float64(n) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum
}
